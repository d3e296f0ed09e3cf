import type { CredentialRing, RingFact } from '../domain/credential';
import { failureOf } from '../domain/failure';
import type { Severity } from '../domain/ports';
import type { RotationPorts } from './rotationPorts';

/** Tells what a ring has to tell, to the log and to the operations hub. Returns what still has to be told: all of it while the hub takes nothing. */
export async function tellRingFacts(
  ports: RotationPorts,
  ring: CredentialRing,
  signal: AbortSignal,
): Promise<readonly RingFact[]> {
  if (ring.facts.length === 0) return [];
  for (const fact of ring.facts) logFact(ports, ring, fact);
  try {
    await ports.tellFacts(ring, ring.facts, signal);
    return [];
  } catch (error) {
    if (failureOf(error) === undefined) throw error;
    return ring.facts.slice(-mostFacts);
  }
}

const mostFacts = 20;
const soonDays = 7;

function logFact({ telemetry }: RotationPorts, ring: CredentialRing, fact: RingFact): void {
  const { daysLeft, keyId, failure } = fact;
  const who = { credential: ring.name, tenant: ring.tenantId, application: ring.clientId };
  const urgent: Severity = daysLeft !== undefined && daysLeft <= soonDays ? 'error' : 'warning';
  switch (fact.kind) {
    case 'rotated':
      telemetry.event('rotationFinished', 'info', { ...who, kind: ring.kind, daysLeft, keyId });
      return;
    case 'given':
      telemetry.event('credentialGiven', 'info', { ...who, daysLeft });
      return;
    case 'nearExpiry':
      telemetry.event('credentialNearExpiry', urgent, { ...who, daysLeft, automatic: ring.unseen === undefined });
      return;
    case 'rotationFailing':
      telemetry.event('rotationFailed', urgent, { ...who, daysLeft, failure: failure?.kind, code: failure?.code });
      return;
    case 'rolledBack':
      telemetry.event('credentialRolledBack', 'error', { ...who, failure: failure?.kind, code: failure?.code });
      return;
    case 'foreign':
      telemetry.event('credentialForeign', 'error', { ...who, keyId });
      return;
  }
}
