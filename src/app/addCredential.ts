import type { CredentialRing, RegisteredCredential, RingCredential, Rotation, SecretVersion } from '../domain/credential';
import { failureOf } from '../domain/failure';
import { aborting, anotherAttempt, asking, lifeDays, rotationTimes, staged } from '../domain/rotation';
import { isOfRotation, nameOf } from './rotationPorts';
import type { RotationPorts } from './rotationPorts';

const dayMs = 86_400_000;

/** Makes a change of a ring durable, as long as nobody else has changed it. */
export type SaveRing = (ring: CredentialRing) => Promise<CredentialRing>;

/** The rotation of this ring has to wait before it can go on. */
export class NotYet extends Error {
  readonly until: Date;

  constructor(until: Date) {
    super('not yet');
    this.until = until;
  }
}

interface Adding {
  readonly ports: RotationPorts;
  readonly ring: CredentialRing;
  readonly rotation: Rotation;
  readonly save: SaveRing;
  /** The ring as it was last saved. */
  readonly present: () => CredentialRing;
  readonly signal: AbortSignal;
}

/**
 * Adds the credential of a rotation to the application and the key vault, or finds the one that an earlier try has left. Before anything is asked for, the
 * row says so; so whoever comes next looks for it by its name, takes it when the vault has it, and removes it when its value is lost.
 */
export async function addCredential(adding: Adding): Promise<CredentialRing> {
  const { ports, save, present } = adding;
  try {
    return adding.ring.kind === 'certificate' ? await addCertificate(adding) : await addSecret(adding);
  } catch (error) {
    const failure = failureOf(error);
    const ring = present();
    const rotation = ring.rotation ?? adding.rotation;
    if (failure?.kind === 'blockedByPolicy' && /Lifetime/.test(failure.code)) {
      const shorter = lifeDays.find((days) => days < rotation.lifeDays);
      if (shorter !== undefined) return save(anotherAttempt(ring, rotation, { lifeDays: shorter }));
    }
    if (failure?.kind === 'permissionMissing' || failure?.kind === 'blockedByPolicy')
      return save(aborting(ring, rotation, failure, ports.clock.now()));
    throw error;
  }
}

async function addSecret({ ports, ring, rotation, save, signal }: Adding): Promise<CredentialRing> {
  const displayName = nameOf(ports, ring, rotation);
  // The vault first: while it does not answer, nothing is asked for whose value would be lost.
  const versions = await ports.versions.list(ring.name, signal);
  // One of an earlier attempt may have been late to show.
  const listed = (await ports.applications.list(ring, signal)).filter((one) => isOfRotation(ports, ring, rotation, one));
  const kept = listed.find(({ keyId }) => versionOf(versions, keyId) !== undefined);
  for (const lost of listed.filter((one) => one !== kept)) await ports.applications.remove(ring, lost, signal);
  const version = kept === undefined ? undefined : versionOf(versions, kept.keyId);
  if (kept !== undefined && version !== undefined)
    return save(staged(ring, rotation, credentialOf(version, kept), ports.clock.now()));
  const isLost = listed.some((one) => one.displayName === displayName);
  if (isLost || lateToShow(rotation, ports.clock.now())) return save(anotherAttempt(ring, rotation));

  const now = ports.clock.now();
  const wanted = { displayName, expiresAt: new Date(now.getTime() + rotation.lifeDays * dayMs) };
  const asked = await save(asking(ring, rotation, now));
  const { keyId, secret, expiresAt } = await ports.applications.addPassword(ring, wanted, signal);
  const tags = { keyId, ...tagsOf(rotation) };
  const added = await ports.versions.add(ring.name, { kind: 'clientSecret', value: secret, tags, expiresAt }, signal);
  const credential = { version: added, keyId, startsAt: now.toISOString(), expiresAt: expiresAt.toISOString(), ours: true };
  return save(staged(asked, asked.rotation ?? rotation, credential, ports.clock.now()));
}

/** Here we make the secret part ourselves, so it is in the vault before the application hears of it. */
async function addCertificate({ ports, ring, rotation, save, signal }: Adding): Promise<CredentialRing> {
  const name = nameOf(ports, ring, rotation);
  const { rotation: id, attempt } = tagsOf(rotation);
  const versions = await ports.versions.list(ring.name, signal);
  let version = versions.find(({ enabled, tags }) => enabled && tags['rotation'] === id && tags['attempt'] === attempt)?.version;
  if (version === undefined) {
    const now = ports.clock.now();
    const expiresAt = new Date(now.getTime() + rotation.lifeDays * dayMs);
    // Valid from a while ago: the clocks of others may be behind.
    const pem = await ports.makeCertificate({ name, from: new Date(now.getTime() - 300_000), to: expiresAt });
    version = await ports.versions.add(ring.name, { kind: 'certificate', value: pem, tags: tagsOf(rotation), expiresAt }, signal);
  }
  const pem = await ports.versions.read(ring.name, version, signal);
  if (pem === undefined) return save(anotherAttempt(ring, rotation));
  const facts = ports.factsOf('certificate', pem);
  const listed = (await ports.applications.list(ring, signal)).find(
    ({ kind, hint, displayName }) => kind === 'certificate' && (hint === facts.hint || displayName === name),
  );
  if (listed !== undefined) return save(staged(ring, rotation, credentialOf(version, listed), ports.clock.now()));
  if (lateToShow(rotation, ports.clock.now())) return save(anotherAttempt(ring, rotation));
  const asked = await save(asking(ring, rotation, ports.clock.now()));
  const { keyId } = await ports.applications.addCertificate(ring, { displayName: name, pem }, signal);
  const credential: RingCredential = {
    ...{ version, keyId, ours: true },
    ...(facts.startsAt === undefined ? {} : { startsAt: facts.startsAt.toISOString() }),
    ...(facts.expiresAt === undefined ? {} : { expiresAt: facts.expiresAt.toISOString() }),
  };
  return save(staged(asked, asked.rotation ?? rotation, credential, ports.clock.now()));
}

/** True when what was asked for should show by now and does not; throws NotYet while it may still. */
function lateToShow({ askedAt }: Rotation, now: Date): boolean {
  if (askedAt === undefined) return false;
  const until = new Date(Date.parse(askedAt) + rotationTimes.shows);
  if (now < until) throw new NotYet(until);
  return true;
}

function versionOf(versions: readonly SecretVersion[], keyId: string): string | undefined {
  return versions.find(({ enabled, tags }) => enabled && tags['keyId'] === keyId)?.version;
}

function credentialOf(version: string, { keyId, startsAt, expiresAt }: RegisteredCredential): RingCredential {
  return {
    ...{ version, keyId, ours: true },
    ...(startsAt === undefined ? {} : { startsAt: startsAt.toISOString() }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
  };
}

function tagsOf({ id, attempt }: Rotation) {
  return { rotation: id, attempt: String(attempt) };
}
