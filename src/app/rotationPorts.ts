import { createHash } from 'node:crypto';
import type { CredentialKind, CredentialRing, RegisteredCredential, RingFact, Rotation, StoredKind } from '../domain/credential';
import type { Clock, RegisteredApplications, RingStore, SecretVersions, Telemetry } from '../domain/ports';
import type { TenantId } from '../domain/tenant';
import type { CloudId } from '../domain/cloud';

/** What a certificate or secret says about itself. */
interface CredentialFacts {
  /** By which Entra ID's list shows it: the first characters of a secret, the thumbprint of a certificate. */
  readonly hint: string;
  readonly startsAt?: Date;
  readonly expiresAt?: Date;
}

/** Which application signs in, and in which tenant. */
interface TrialOf {
  readonly cloud: CloudId;
  readonly tenantId: TenantId;
  readonly clientId: string;
}

/** What looking after credentials needs. */
export interface RotationPorts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly rings: RingStore;
  readonly versions: SecretVersions;
  readonly applications: RegisteredApplications;
  /** Signs in afresh with exactly this credential, past every cache; throws the failure of the login. */
  readonly trySignIn: (
    of: TrialOf,
    credential: { readonly kind: CredentialKind; readonly value: string },
    signal: AbortSignal,
  ) => Promise<{ readonly roles: readonly string[] }>;
  /** Makes a key and a self-signed certificate, as one PEM text. */
  readonly makeCertificate: (facts: { readonly name: string; readonly from: Date; readonly to: Date }) => Promise<string>;
  /** Throws `credentialMissing` for what is no certificate with its key. */
  readonly factsOf: (kind: StoredKind, value: string) => CredentialFacts;
  /** Sends facts to the operations hub; resolves when they are acknowledged. */
  readonly tellFacts: (ring: CredentialRing, facts: readonly RingFact[], signal: AbortSignal) => Promise<void>;
  /** Tells this process from others, for leases. */
  readonly owner: string;
  /** Tells this connector from others that may care for the same application, in the names of credentials. */
  readonly installation: string;
  readonly newId: () => string;
}

/** What the names of all credentials begin with that this connector made for this ring; nothing else is ever removed. */
export function namePrefix({ installation }: Pick<RotationPorts, 'installation'>, ring: Pick<CredentialRing, 'name'>): string {
  return `m365c-${createHash('sha256').update(`${installation}|${ring.name}`).digest('hex').slice(0, 8)}-`;
}

/** The name of the credential of one attempt: by it a credential is found again whose answer was lost. */
export function nameOf(
  ports: Pick<RotationPorts, 'installation'>,
  ring: Pick<CredentialRing, 'name'>,
  { id, attempt }: Pick<Rotation, 'id' | 'attempt'>,
): string {
  return `${namePrefix(ports, ring)}${id}-${attempt}`;
}

/** Whether the name of a credential says that an attempt of this rotation asked for it. */
export function isOfRotation(
  ports: Pick<RotationPorts, 'installation'>,
  ring: Pick<CredentialRing, 'name'>,
  { id }: Pick<Rotation, 'id'>,
  { displayName }: Pick<RegisteredCredential, 'displayName'>,
): boolean {
  return displayName.startsWith(`${namePrefix(ports, ring)}${id}-`);
}
