import { isStored } from '../domain/credential';
import type { CredentialRing, RegisteredCredential, RingCredential } from '../domain/credential';
import { disposition, failureOf } from '../domain/failure';
import { factOf, rotationTimes, warned } from '../domain/rotation';
import { without } from '../domain/without';
import { nameOf, namePrefix } from './rotationPorts';
import type { RotationPorts } from './rotationPorts';

/**
 * Compares a ring with what Entra ID lists for its application: learns which one is in use and when it expires, notes one that somebody removed, tells
 * of new ones that are not ours, and warns as the end comes nearer. An application that may not be looked at is noted as such, and warned of all the same.
 */
export async function compareWithApplication(
  ports: RotationPorts,
  ring: CredentialRing,
  signal: AbortSignal,
): Promise<CredentialRing> {
  const now = ports.clock.now();
  const compared = { ...ring, comparedAt: now.toISOString() };
  let listed: readonly RegisteredCredential[];
  try {
    listed = await ports.applications.list(ring, signal);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || (disposition(failure) !== 'person' && failure.kind !== 'rejectedRequest')) throw error;
    return warned({ ...compared, unseen: failure }, now);
  }
  const current = await recognised(ports, ring, listed, signal);
  const seen = { ...without(compared, 'unseen'), ...(current === undefined ? {} : { current }) };
  const prefix = namePrefix(ports, ring);
  const foreign = listed.filter(({ keyId, displayName }) => !displayName.startsWith(prefix) && !isKnown(seen, keyId));
  const isNew = ({ keyId }: RegisteredCredential): boolean => ring.foreign !== undefined && !ring.foreign.includes(keyId);
  const facts = foreign.filter(isNew).map(({ keyId }) => ({ ...factOf('foreign', keyId, now, undefined), keyId }));
  const orphans = listed.some(({ keyId, displayName }) => displayName.startsWith(prefix) && !isKnown(seen, keyId));
  return warned(
    {
      ...{ ...seen, foreign: foreign.map(({ keyId }) => keyId), facts: [...seen.facts, ...facts] },
      ...(orphans ? { reapAt: seen.reapAt ?? now.toISOString() } : {}),
    },
    now,
  );
}

/** The credential in use with what the list says about it. */
async function recognised(
  ports: RotationPorts,
  ring: CredentialRing,
  listed: readonly RegisteredCredential[],
  signal: AbortSignal,
): Promise<RingCredential | undefined> {
  const { current, kind } = ring;
  if (current === undefined || !isStored(kind)) return current;
  let found = listed.find(({ keyId }) => keyId === current.keyId);
  const value = found === undefined ? await ports.versions.read(ring.name, current.version, signal) : undefined;
  if (current.keyId === undefined && value !== undefined) {
    const { hint } = ports.factsOf(kind, value);
    const alike = listed.filter((one) => one.kind === kind && one.hint !== '' && one.hint === hint);
    if (alike.length === 1) [found] = alike;
  }
  if (found !== undefined)
    return {
      ...{ ...without(current, 'removed'), keyId: found.keyId },
      ...(found.startsAt === undefined ? {} : { startsAt: found.startsAt.toISOString() }),
      ...(found.expiresAt === undefined ? {} : { expiresAt: found.expiresAt.toISOString() }),
    };
  if (current.keyId === undefined || value === undefined) return current;
  // The list may lag; a login that works says that it is still there.
  const refused = await ports.trySignIn(ring, { kind, value }, signal).then(
    () => false,
    (error: unknown) => failureOf(error)?.kind === 'credentialRejected',
  );
  return refused ? { ...current, removed: true } : current;
}

function isKnown({ current, previous, staged }: CredentialRing, keyId: string): boolean {
  return [current, previous, staged].some((one) => one?.keyId === keyId);
}

/**
 * Removes credentials that this connector made and does not use: answers that were lost, rotations that died. Never one of another name, one that the
 * ring knows, the one that is being added, or a young one.
 */
export async function reapOrphans(ports: RotationPorts, ring: CredentialRing, signal: AbortSignal): Promise<CredentialRing> {
  const now = ports.clock.now();
  const { current, rotation, kind } = ring;
  // Without knowing the one in use by its id, none can be told from it.
  if (current?.keyId === undefined || !isStored(kind)) return without(ring, 'reapAt');
  const adding = rotation?.step === 'adding' ? nameOf(ports, ring, rotation) : undefined;
  const prefix = namePrefix(ports, ring);
  const orphans = (await ports.applications.list(ring, signal)).filter(
    ({ keyId, displayName }) => displayName.startsWith(prefix) && displayName !== adding && !isKnown(ring, keyId),
  );
  const oldest = now.getTime() - rotationTimes.orphanAge;
  const isOld = ({ startsAt }: RegisteredCredential): boolean => startsAt === undefined || startsAt.getTime() <= oldest;
  for (const orphan of orphans.filter(isOld)) {
    await ports.applications.remove(ring, orphan, signal);
    ports.telemetry.event('credentialOrphanRemoved', 'info', { credential: ring.name, keyId: orphan.keyId });
  }
  await disableUnused(ports, ring, signal);
  if (orphans.every(isOld)) return without(ring, 'reapAt');
  return { ...ring, reapAt: new Date(now.getTime() + rotationTimes.orphanAge).toISOString() };
}

/** Makes versions unreadable that a rotation made and the ring does not point at. */
async function disableUnused(ports: RotationPorts, ring: CredentialRing, signal: AbortSignal): Promise<void> {
  const { current, previous, staged, rotation } = ring;
  const used = [current, previous, staged].map((one) => one?.version);
  for (const { version, enabled, tags } of await ports.versions.list(ring.name, signal))
    if (enabled && tags['rotation'] !== undefined && tags['rotation'] !== rotation?.id && !used.includes(version))
      await ports.versions.disable(ring.name, version, signal);
}
