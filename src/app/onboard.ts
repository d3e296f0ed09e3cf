import type { Onboarding } from '../domain/onboarding';
import { isPersonal } from '../domain/onboarding';
import { without } from '../domain/without';
import { advanced } from './callback';
import { changeOnboarding } from './onboarding';
import type { OnboardPorts } from './onboardPorts';
import { steps } from './onboardSteps';

const leaseMs = 60_000;
/** How long one message goes on with an onboarding before it makes room for others. */
const budgetMs = 45_000;
/** A stopped onboarding is looked at again: it heals by itself when somebody did what was missing. */
const lookAgainForMs = 24 * 3_600_000;
/** Rows of onboardings that ended, or that nobody came back to, go after this. */
const keptForMs = 30 * 24 * 3_600_000;

/**
 * Goes on with an onboarding until it is done, a person has to act, or time is up; then another message does. Each step is made durable before the
 * next begins, under a lease, so that a process that dies anywhere is followed by one that goes on.
 */
export async function advanceOnboarding(ports: OnboardPorts, id: string, signal: AbortSignal): Promise<void> {
  const startedAt = ports.clock.now().getTime();
  let row = await lease(ports, id, signal);
  while (row !== undefined) {
    const { step } = row;
    if (step === undefined || isPersonal(step)) break;
    const result = await steps[step](ports, row, signal);
    if (result.kind === 'done') {
      const changes = result.changes ?? {};
      row = await save(ports, row, (now) => advanced(ports, now, changes), signal);
      continue;
    }
    if (result.kind === 'stop') {
      const { stopped } = result;
      const code = stopped.kind === 'signIn' ? stopped.code : stopped.failure.code;
      ports.telemetry.event('onboardingStopped', 'warning', { step, code, tenantId: row.tenantId });
      row = await save(ports, row, (now) => ({ ...without(now, 'waiting'), stopped }), signal);
      break;
    }
    const { why, forMs } = result;
    row = await save(ports, row, (now) => ({ ...without(now, 'stopped'), waiting: why }), signal);
    if (ports.clock.now().getTime() - startedAt + forMs > budgetMs) {
      await ports.onboardingQueue.send(id, forMs, signal);
      break;
    }
    await ports.clock.sleep(forMs, signal);
  }
  if (row !== undefined) await changeOnboarding(ports, id, (now) => without(now, 'leaseUntil'), signal);
}

/** Takes the lease; undefined when somebody has it, or there is nothing to do for the connector. */
async function lease(ports: OnboardPorts, id: string, signal: AbortSignal): Promise<Onboarding | undefined> {
  const now = ports.clock.now().getTime();
  return changeOnboarding(
    ports,
    id,
    (row) => {
      if (row.step === undefined || isPersonal(row.step)) return undefined;
      if (row.leaseUntil !== undefined && Date.parse(row.leaseUntil) > now) return undefined;
      return { ...row, leaseUntil: new Date(now + leaseMs).toISOString() };
    },
    signal,
  );
}

/** Writes what a step came to, and extends the lease; undefined when somebody else has gone on meanwhile. */
async function save(
  ports: OnboardPorts,
  before: Onboarding,
  change: (row: Onboarding) => Onboarding,
  signal: AbortSignal,
): Promise<Onboarding | undefined> {
  const leaseUntil = new Date(ports.clock.now().getTime() + leaseMs).toISOString();
  return changeOnboarding(
    ports,
    before.id,
    (row) => (row.step === before.step ? { ...change(row), leaseUntil } : undefined),
    signal,
  );
}

/** Finds the onboardings that have stopped moving, because a message was lost or a process died, and sets them going again; forgets old rows. */
export async function resumeOnboardings(ports: OnboardPorts, signal: AbortSignal): Promise<void> {
  const now = ports.clock.now().getTime();
  const { onboardings, signIns } = ports.onboarding;
  const old: string[] = [];
  for await (const row of onboardings.all(signal)) {
    const age = now - Date.parse(row.createdAt);
    if (age > keptForMs) old.push(row.id);
    if (row.step === undefined || isPersonal(row.step) || (row.stopped !== undefined && age > lookAgainForMs)) continue;
    if (row.leaseUntil !== undefined && Date.parse(row.leaseUntil) > now) continue;
    await ports.onboardingQueue.send(row.id, 0, signal);
  }
  for (const id of old) {
    await ports.secrets.remove(`onboarding-${id}`, signal);
    await onboardings.remove([id], signal);
  }
  const expired: string[] = [];
  for await (const row of signIns.all(signal)) if (now - Date.parse(row.expiresAt) > 3_600_000) expired.push(row.id);
  if (expired.length > 0) await signIns.remove(expired, signal);
}
