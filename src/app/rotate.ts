import { daysLeft, isRotatable, isStored } from '../domain/credential';
import type { CredentialRing, RingCredential, Rotation } from '../domain/credential';
import { ConnectorError, disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import * as ringOf from '../domain/rotation';
import { isRefusedForGood, nextAction, rotationTimes } from '../domain/rotation';
import type { RingAction } from '../domain/rotation';
import { without } from '../domain/without';
import { addCredential, NotYet } from './addCredential';
import type { SaveRing } from './addCredential';
import { compareWithApplication, reapOrphans } from './compareCredentials';
import type { RotationPorts } from './rotationPorts';
import { tellRingFacts } from './tellRingFacts';

const leaseMs = 3 * 60_000;
const retryMs = 2 * 60_000;
const mostActions = 25;
const ringsAtOnce = 8;

/** Looks after every ring that is due: one small step after another, each made durable, until it has to wait. Returns how many were looked after. */
export async function rotateDue(ports: RotationPorts, signal: AbortSignal): Promise<{ readonly rings: number }> {
  const due: CredentialRing[] = [];
  for await (const ring of ports.rings.due(ports.clock.now(), signal)) due.push(ring);
  const left = due.values();
  const work = async (): Promise<void> => {
    for (const ring of left)
      if (!signal.aborted) await careFor(ports, ring, signal).catch((error: unknown) => noteFailure(ports, ring, error));
  };
  await Promise.all(Array.from({ length: ringsAtOnce }, work));
  return { rings: due.length };
}

/** The tables do not answer: the lease runs out, and the ring is still due. Others are not held up. */
function noteFailure(ports: RotationPorts, ring: CredentialRing, error: unknown): void {
  const failure = failureOf(error);
  if (failure === undefined) throw error;
  const step = { credential: ring.name, step: 'save', failure: failure.kind, code: failure.code };
  if (failure.kind !== 'cancelled') ports.telemetry.event('credentialStepFailed', 'warning', step);
}

/**
 * Looks after one ring under a lease. Every change is conditional on the row being as it was read, so of two that do this at once one stops at its
 * first change. Returns the ring as it is left; what failed is tried again in two minutes.
 */
export async function careFor(ports: RotationPorts, found: CredentialRing, signal: AbortSignal): Promise<CredentialRing> {
  const now = ports.clock.now();
  if (found.leaseUntil !== undefined && Date.parse(found.leaseUntil) > now.getTime()) return found;
  let ring = found;
  const save: SaveRing = async (changed) => {
    const leaseUntil = new Date(ports.clock.now().getTime() + leaseMs).toISOString();
    ring = await ports.rings.save({ ...changed, leaseOwner: ports.owner, leaseUntil }, signal);
    return ring;
  };
  try {
    await save(found);
    const until = await actUntilItWaits(ports, () => ring, save, signal);
    const facts = await tellRingFacts(ports, ring, signal);
    const soonest = facts.length > 0 ? ports.clock.now().getTime() + retryMs : Infinity;
    const dueAt = new Date(Math.min(until.getTime(), soonest)).toISOString();
    return await ports.rings.save({ ...without(ring, 'leaseOwner', 'leaseUntil'), facts, dueAt }, signal);
  } catch (error) {
    if (failureOf(error)?.kind === 'conflict') return ring;
    throw error;
  }
}

async function actUntilItWaits(
  ports: RotationPorts,
  present: () => CredentialRing,
  save: SaveRing,
  signal: AbortSignal,
): Promise<Date> {
  for (let count = 0; count < mostActions; count += 1) {
    const ring = present();
    const action = nextAction(ring, ports.clock.now());
    if (action.kind === 'wait') return action.until;
    try {
      await act({ ports, present, save, signal }, ring, action);
    } catch (error) {
      if (error instanceof NotYet) return error.until;
      const failure = failureOf(error);
      if (failure === undefined || failure.kind === 'conflict' || failure.kind === 'cancelled') throw error;
      ports.telemetry.event('credentialStepFailed', 'warning', {
        ...{ credential: ring.name, step: action.kind, failure: failure.kind, code: failure.code },
      });
      const after = ringOf.warned(present(), ports.clock.now());
      // Tidying up must not keep a rotation waiting.
      if (action.kind === 'reap') {
        await save({ ...after, reapAt: new Date(ports.clock.now().getTime() + rotationTimes.orphanAge).toISOString() });
        continue;
      }
      await save(after);
      return new Date(ports.clock.now().getTime() + retryMs);
    }
  }
  return new Date(ports.clock.now().getTime() + retryMs);
}

interface Acting {
  readonly ports: RotationPorts;
  readonly present: () => CredentialRing;
  readonly save: SaveRing;
  readonly signal: AbortSignal;
}

async function act(
  { ports, present, save, signal }: Acting,
  ring: CredentialRing,
  action: Exclude<RingAction, { kind: 'wait' }>,
): Promise<void> {
  const now = ports.clock.now();
  switch (action.kind) {
    case 'compare':
      tellChecked(ports, await save(await compareWithApplication(ports, ring, signal)));
      return;
    case 'reap':
      await save(await reapOrphans(ports, ring, signal));
      return;
    case 'plan':
      await save(ringOf.planned(ring, ports.newId(), action.reason, now));
      return;
    case 'add':
      await addCredential({ ports, ring, rotation: rotationOf(ring), save, present, signal });
      return;
    case 'verify':
      await save(await verify(ports, ring, signal));
      return;
    case 'switch':
      await save(ringOf.switched(ring, rotationOf(ring), held(ring, 'staged'), now));
      return;
    case 'watch':
      await save(await watch(ports, ring, signal));
      return;
    case 'retire':
      await retire(ports, ring, save, signal);
      return;
    case 'abort':
      await abort(ports, ring, save, signal);
      return;
  }
}

/** Once a day for each credential: what alerts on its end are made from, and a sign of life of whatever looks after it. */
function tellChecked({ telemetry, clock }: RotationPorts, ring: CredentialRing): void {
  const { name, tenantId, clientId, kind, current } = ring;
  telemetry.event('credentialChecked', 'info', {
    ...{ credential: name, tenant: tenantId, application: clientId, kind },
    ...{ daysLeft: daysLeft(current, clock.now()), rotates: isRotatable(ring) },
  });
}

function rotationOf({ rotation }: CredentialRing): Rotation {
  if (rotation === undefined) throw new Error('There is no rotation.');
  return rotation;
}

function held(ring: CredentialRing, which: 'current' | 'previous' | 'staged'): RingCredential {
  const credential = ring[which];
  if (credential === undefined) throw new Error(`The ring ${ring.name} has no ${which} credential.`);
  return credential;
}

/** Signs in afresh. Undefined when it works, else why the credential does not; what heals by itself is thrown. */
async function trial(
  ports: RotationPorts,
  ring: CredentialRing,
  { version }: RingCredential,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  try {
    const value = await ports.versions.read(ring.name, version, signal);
    if (value === undefined) return { kind: 'credentialMissing', code: 'secretMissing', detail: ring.name };
    await ports.trySignIn(ring, { kind: ring.kind, value }, signal);
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || disposition(failure) !== 'person') throw error;
    return failure;
  }
}

async function verify(ports: RotationPorts, ring: CredentialRing, signal: AbortSignal): Promise<CredentialRing> {
  const refusal = await trial(ports, ring, held(ring, 'staged'), signal);
  const after = ringOf.tried(ring, rotationOf(ring), refusal, ports.clock.now());
  // A value that is gone does not come back by waiting.
  if (refusal?.kind !== 'credentialMissing') return after;
  return ringOf.aborting(ring, rotationOf(ring), refusal, ports.clock.now());
}

async function watch(ports: RotationPorts, ring: CredentialRing, signal: AbortSignal): Promise<CredentialRing> {
  const refusal = await trial(ports, ring, held(ring, 'current'), signal);
  // Consent, policy and the like are not the credential's matter: going back would not help.
  if (refusal !== undefined && refusal.kind !== 'credentialRejected' && refusal.kind !== 'credentialMissing')
    throw new ConnectorError('watching a new credential', refusal);
  const after = ringOf.tried(ring, rotationOf(ring), refusal, ports.clock.now());
  if (refusal === undefined || !isRefusedForGood(rotationOf(after)) || after.previous === undefined) return after;
  if ((await trial(ports, ring, after.previous, signal)) !== undefined)
    throw new ConnectorError('watching a new credential', refusal);
  return ringOf.rolledBack(after, rotationOf(after), refusal, ports.clock.now());
}

async function retire(ports: RotationPorts, ring: CredentialRing, save: SaveRing, signal: AbortSignal): Promise<void> {
  const { previous } = ring;
  const current = held(ring, 'current');
  let present = ring;
  if (rotationOf(ring).step !== 'retiring') {
    const refusal = await trial(ports, ring, current, signal);
    if (refusal !== undefined) {
      await save(ringOf.tried(ring, rotationOf(ring), refusal, ports.clock.now()));
      return;
    }
    // From here on nobody goes back to the one before, so it may be removed.
    present = await save(ringOf.retiring(ring, rotationOf(ring), ports.clock.now()));
  }
  if (previous !== undefined) await discard(ports, present, previous, signal);
  await save(ringOf.retired(present));
}

async function abort(ports: RotationPorts, ring: CredentialRing, save: SaveRing, signal: AbortSignal): Promise<void> {
  const rotation = rotationOf(ring);
  const failure: Failure = rotation.failure ?? {
    kind: 'unexpectedResponse',
    code: 'credentialNeverListed',
    detail: 'What was added to the application never showed up.',
  };
  const present = rotation.step === 'aborting' ? ring : await save(ringOf.aborting(ring, rotation, failure, ports.clock.now()));
  if (present.staged !== undefined) await discard(ports, present, present.staged, signal);
  await save(ringOf.aborted(present, rotationOf(present), ports.clock.now()));
}

/** Removes a credential of ours from the application and makes its value unreadable. The one in use never is, whatever the row says. */
async function discard(
  ports: RotationPorts,
  ring: CredentialRing,
  { keyId, version, ours }: RingCredential,
  signal: AbortSignal,
): Promise<void> {
  const current = held(ring, 'current');
  const { kind } = ring;
  // While the one in use is gone, nothing else is removed: it may be the last.
  if (ours && keyId !== undefined && keyId !== current.keyId && isStored(kind) && current.removed !== true) {
    await checkListed(ports, ring, current, signal);
    await ports.applications.remove(ring, { kind, keyId }, signal).catch((error: unknown) => {
      // Nothing is unsafe about one too many.
      if (failureOf(error)?.kind !== 'permissionMissing') throw error;
      ports.telemetry.event('credentialNotRemoved', 'warning', { credential: ring.name, keyId });
    });
  }
  if (version !== current.version) await ports.versions.disable(ring.name, version, signal);
}

/** The last look before anything is removed: never the last credential there is. */
async function checkListed(
  ports: RotationPorts,
  ring: CredentialRing,
  { keyId }: RingCredential,
  signal: AbortSignal,
): Promise<void> {
  const listed = await ports.applications.list(ring, signal);
  if (keyId !== undefined && !listed.some((one) => one.keyId === keyId))
    throw new ConnectorError('removing a credential', { kind: 'unavailable', code: 'currentNotListed' });
}

/** Makes a ring due now, for whatever reason; one that changes meanwhile is looked at anyway. */
export async function makeDue(
  ports: Pick<RotationPorts, 'rings' | 'clock'>,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const ring = await ports.rings.find(name, signal);
  if (ring === undefined) return false;
  // Whoever holds the lease is looking at it.
  if (ring.leaseUntil !== undefined && Date.parse(ring.leaseUntil) > ports.clock.now().getTime()) return true;
  try {
    await ports.rings.save({ ...without(ring, 'comparedAt'), dueAt: ports.clock.now().toISOString() }, signal);
  } catch (error) {
    if (failureOf(error)?.kind !== 'conflict') throw error;
  }
  return true;
}
