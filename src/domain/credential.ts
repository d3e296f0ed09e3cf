import type { CloudId } from './cloud';
import type { Failure } from './failure';
import type { TenantId } from './tenant';

/** How an application proves who it is, best first: the first two have nothing that could expire or leak. */
export const credentialKinds = ['managedIdentity', 'federatedIdentity', 'certificate', 'clientSecret'] as const;
export type CredentialKind = (typeof credentialKinds)[number];

/** The kinds that are kept in the key vault, expire, and are rotated. */
export type StoredKind = 'certificate' | 'clientSecret';

/** True for a kind whose secret part is kept in the key vault. */
export function isStored(kind: CredentialKind): kind is StoredKind {
  return kind === 'certificate' || kind === 'clientSecret';
}

/** One credential of a ring: which version of the ring's secret holds it, and what Entra ID knows it by. Times are ISO texts. */
export interface RingCredential {
  readonly version: string;
  /** Entra ID's id of it; unknown for one that a person gave, until it was recognised. */
  readonly keyId?: string;
  readonly startsAt?: string;
  readonly expiresAt?: string;
  /** Made by the connector: only such a credential is ever removed from the application. */
  readonly ours: boolean;
  /** The application no longer lists it: somebody removed it. */
  readonly removed?: boolean;
}

/** Where a rotation stands. Each step is made durable before it is acted on, so that whoever comes next knows what may have happened. */
export const rotationSteps = ['adding', 'verifying', 'grace', 'retiring', 'aborting'] as const;
type RotationStep = (typeof rotationSteps)[number];

/** Why a rotation was begun: half of the life is over, a person asked, Key Vault warned, the credential does not work, or a person gave a new one. */
export const rotationReasons = ['due', 'asked', 'broken', 'given'] as const;
export type RotationReason = (typeof rotationReasons)[number];

/** A rotation that is under way. */
export interface Rotation {
  readonly id: string;
  readonly reason: RotationReason;
  readonly step: RotationStep;
  /** Since when it is at this step. */
  readonly since: string;
  readonly startedAt: string;
  /** Counts the credentials that were asked for; part of their names, so that a lost answer can be told from a late one. */
  readonly attempt: number;
  /** When the credential of this attempt was asked for; absent as long as it was not. */
  readonly askedAt?: string;
  readonly lifeDays: number;
  /** Logins with the new credential that worked in a row, and when the last one failed. */
  readonly verifiedAt: readonly string[];
  readonly refusedAt: readonly string[];
  /** Why it is given up. */
  readonly failure?: Failure;
}

/** What the ring has to tell and has not told yet; no secret is ever part of it. */
export interface RingFact {
  readonly kind: 'rotated' | 'nearExpiry' | 'rotationFailing' | 'rolledBack' | 'foreign' | 'given';
  readonly id: string;
  readonly at: string;
  readonly daysLeft?: number;
  readonly expiresAt?: string;
  readonly keyId?: string;
  readonly failure?: Failure;
}

/**
 * The credentials of one application: the one in use, the one before it, and the one that is being tried. The secrets themselves are versions of the
 * key vault's secret of the same name; this row only points at them, and only ever at `current` as one that has been seen to work.
 */
export interface CredentialRing {
  /** The name of the secret in the key vault, and of the ring. */
  readonly name: string;
  readonly kind: CredentialKind;
  readonly cloud: CloudId;
  readonly clientId: string;
  /** The tenant in which the application is registered, and in which a new credential is tried. */
  readonly tenantId: TenantId;
  readonly current?: RingCredential;
  readonly previous?: RingCredential;
  readonly staged?: RingCredential;
  readonly rotation?: Rotation;
  /** When to look at it next. */
  readonly dueAt: string;
  /** When to look for credentials that were asked for and never used. */
  readonly reapAt?: string;
  readonly comparedAt?: string;
  /** Why the connector may not look at the application, and so cannot rotate; absent when it may. */
  readonly unseen?: Failure;
  /** Since when rotations fail, how often in a row, why the last one did, and when it is tried again. */
  readonly failing?: {
    readonly since: string;
    readonly times: number;
    readonly failure: Failure;
    readonly retryAt: string;
  };
  /** The smallest number of days that was warned of for this credential. */
  readonly warnedDays?: number;
  /** Credentials of the application that are not ours and have been told of. Undefined until the application was first looked at. */
  readonly foreign?: readonly string[];
  readonly facts: readonly RingFact[];
  readonly leaseOwner?: string;
  readonly leaseUntil?: string;
  readonly etag: string;
}

/** A credential as Entra ID lists it for an application; never its secret. */
export interface RegisteredCredential {
  readonly kind: StoredKind;
  readonly keyId: string;
  readonly displayName: string;
  /** What tells it from others without its secret: the first characters of a client secret, the thumbprint of a certificate. */
  readonly hint: string;
  readonly startsAt: Date | undefined;
  readonly expiresAt: Date | undefined;
}

/** A version of a secret in the key vault, without its value. */
export interface SecretVersion {
  readonly version: string;
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Date | undefined;
  readonly expiresAt: Date | undefined;
}

/** Whether the connector replaces the credential by itself: as long as it may look at the application and add to it. */
export function isRotatable({ kind, unseen, failing }: CredentialRing): boolean {
  return isStored(kind) && unseen === undefined && failing?.failure.kind !== 'permissionMissing';
}

const dayMs = 86_400_000;

/** Whole days until a credential expires, negative when it has; undefined when that is not known. */
export function daysLeft(credential: RingCredential | undefined, now: Date): number | undefined {
  const expiresAt = credential?.expiresAt;
  return expiresAt === undefined ? undefined : Math.floor((Date.parse(expiresAt) - now.getTime()) / dayMs);
}
