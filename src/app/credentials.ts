import { isStored } from '../domain/credential';
import type { CredentialKind, CredentialRing, RingCredential } from '../domain/credential';
import { failureOf } from '../domain/failure';
import { given, planned } from '../domain/rotation';
import type { Secrets } from '../domain/ports';
import type { Tenant } from '../domain/tenant';
import { without } from '../domain/without';
import { careFor } from './rotate';
import type { RotationPorts } from './rotationPorts';

const saveAttempts = 5;
const longestPatienceMs = 30 * 60_000;

/** A credential a person gives, or a kind that needs none. */
export interface GivenCredential {
  readonly kind: CredentialKind;
  /** The secret's value, or certificate and key as PEM text; empty for the kinds without. */
  readonly value: string;
  readonly expiresAt?: Date;
  /** Entra ID's id of one that the connector itself had made: it is removed from the application once another has replaced it. */
  readonly keyId?: string;
}

/** Whose credential it is: a tenant's, or that of an application which several tenants share. */
export type RingOwner = Pick<Tenant, 'id' | 'cloud' | 'clientId' | 'secretName'>;

type GivePorts = Pick<RotationPorts, 'clock' | 'rings' | 'versions' | 'factsOf' | 'newId'>;

/**
 * Keeps a credential that has been seen to work and makes it the one in use; the one before stays usable for a day. Each step can be done again. Throws
 * `credentialMissing` for a certificate that cannot be used.
 */
export async function giveCredential(
  ports: GivePorts,
  owner: RingOwner,
  { kind, value, expiresAt, keyId }: GivenCredential,
  signal: AbortSignal,
): Promise<CredentialRing> {
  const { id: tenantId, clientId, cloud, secretName: name } = owner;
  let credential: RingCredential | undefined;
  if (isStored(kind)) {
    const facts = ports.factsOf(kind, value);
    const ends = expiresAt ?? facts.expiresAt;
    const secret = { kind, value, tags: { tenantId, clientId }, ...(ends === undefined ? {} : { expiresAt: ends }) };
    const version = await ports.versions.add(name, secret, signal);
    credential = {
      ...{ version, ours: keyId !== undefined, ...(keyId === undefined ? {} : { keyId }) },
      ...(facts.startsAt === undefined ? {} : { startsAt: facts.startsAt.toISOString() }),
      ...(ends === undefined ? {} : { expiresAt: ends.toISOString() }),
    };
  }
  return changeRing(ports, owner, signal, (found) => {
    const ring = { ...found, ...{ kind, cloud, clientId, tenantId: found.clientId === clientId ? found.tenantId : tenantId } };
    const dueAt = ports.clock.now().toISOString();
    if (credential === undefined) return { ...without(ring, 'current', 'previous', 'staged', 'rotation', 'reapAt'), dueAt };
    // What goes by another kind, or another application, is no way back.
    const comparable = found.kind === kind && found.clientId === clientId;
    const before = comparable ? ring : without(ring, 'current', 'previous');
    return { ...given(before, ports.newId(), credential, ports.clock.now()), dueAt };
  });
}

/**
 * The secret part of the credential in use; undefined when there is none. The newest version of the secret may be another: one that is being tried, or
 * one that was retired.
 */
export async function readCredential(
  ports: Pick<RotationPorts, 'rings' | 'versions'> & { readonly secrets: Pick<Secrets, 'read'> },
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ring = await ports.rings.find(name, signal);
  if (ring === undefined) return ports.secrets.read(name, signal);
  return ring.current === undefined ? undefined : ports.versions.read(name, ring.current.version, signal);
}

/** The ring of an owner; made from the newest version of the secret when there is none yet, undefined when there is no secret either. */
export async function findRing(
  ports: Pick<RotationPorts, 'clock' | 'rings' | 'versions'>,
  owner: RingOwner,
  signal: AbortSignal,
): Promise<CredentialRing | undefined> {
  const found = await ports.rings.find(owner.secretName, signal);
  if (found !== undefined) return found;
  const versions = (await ports.versions.list(owner.secretName, signal)).filter(({ enabled }) => enabled);
  const createdAt = (at: Date | undefined): number => at?.getTime() ?? 0;
  const newest = versions.toSorted((a, b) => createdAt(a.createdAt) - createdAt(b.createdAt)).at(-1);
  if (newest === undefined) return undefined;
  const expires = newest.expiresAt === undefined ? {} : { expiresAt: newest.expiresAt.toISOString() };
  const current = { version: newest.version, ours: false, ...expires };
  return changeRing(ports, owner, signal, (ring) => (ring.current === undefined ? { ...ring, current } : ring));
}

async function changeRing(
  ports: Pick<RotationPorts, 'clock' | 'rings'>,
  owner: RingOwner,
  signal: AbortSignal,
  change: (ring: CredentialRing) => CredentialRing,
): Promise<CredentialRing> {
  for (let attempt = 1; ; attempt += 1) {
    const found = (await ports.rings.find(owner.secretName, signal)) ?? newRing(owner, ports.clock.now());
    try {
      return await ports.rings.save(change(found), signal);
    } catch (error) {
      if (failureOf(error)?.kind !== 'conflict' || attempt === saveAttempts) throw error;
    }
  }
}

function newRing({ id, cloud, clientId, secretName }: RingOwner, now: Date): CredentialRing {
  return {
    ...{ name: secretName, kind: 'clientSecret', cloud, clientId, tenantId: id },
    ...{ dueAt: now.toISOString(), facts: [], etag: '' },
  };
}

/** What asking for a rotation came to. */
export type Asked = 'rotated' | 'failed' | 'underWay' | 'nothingToRotate';

/**
 * Plans a rotation of the credential of an owner: the timer brings it on within a minute. One that is under way and not yet switched is `asked` again;
 * one whose new credential is in use already is `underWay`. Throws `conflict` when somebody else changed the ring just now.
 */
export async function askForRotation(
  ports: Pick<RotationPorts, 'clock' | 'rings' | 'versions' | 'newId'>,
  owner: RingOwner,
  signal: AbortSignal,
): Promise<{ readonly outcome: 'asked' | 'underWay' | 'nothingToRotate'; readonly ring: CredentialRing | undefined }> {
  const ring = await findRing(ports, owner, signal);
  if (ring?.current === undefined || !isStored(ring.kind)) return { outcome: 'nothingToRotate', ring };
  if (ring.rotation?.step === 'grace' || ring.rotation?.step === 'retiring') return { outcome: 'underWay', ring };
  if (ring.rotation !== undefined) return { outcome: 'asked', ring };
  const begun = planned(without(ring, 'failing'), ports.newId(), 'asked', ports.clock.now());
  return { outcome: 'asked', ring: await ports.rings.save({ ...begun, dueAt: ports.clock.now().toISOString() }, signal) };
}

/**
 * Rotates the credential of an owner now, saying what it does, until the new one is in use or the rotation was given up. One that is under way is
 * brought on, not begun again. Whatever is left to do, such as removing the old one after a day, is done by the timer.
 */
export async function rotateNow(
  ports: RotationPorts,
  owner: RingOwner,
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<{ readonly outcome: Asked; readonly ring: CredentialRing | undefined }> {
  const asked = await askForRotation(ports, owner, signal);
  let { ring } = asked;
  if (ring === undefined || asked.outcome !== 'asked')
    return { outcome: asked.outcome === 'asked' ? 'underWay' : asked.outcome, ring };
  const endsAt = ports.clock.now().getTime() + longestPatienceMs;
  for (let step = ''; ports.clock.now().getTime() < endsAt;) {
    ring = await careFor(ports, ring, signal);
    const now = ring.rotation?.step;
    if (now === undefined) return { outcome: ring.failing === undefined ? 'rotated' : 'failed', ring };
    if (now === 'grace' || now === 'retiring') return { outcome: 'rotated', ring };
    if (now !== step) say(stepWords[now]);
    step = now;
    const waitMs = Math.max(1_000, Math.min(30_000, Date.parse(ring.dueAt) - ports.clock.now().getTime()));
    await ports.clock.sleep(waitMs, signal);
    ring = (await ports.rings.find(ring.name, signal)) ?? ring;
  }
  return { outcome: 'underWay', ring };
}

const stepWords = {
  adding: 'Adding a new credential to the application …',
  verifying: 'Signing in with the new one, several times over a minute, before it is used …',
  aborting: 'The new one does not work; taking it away again. The old one stays in use …',
} as const;
