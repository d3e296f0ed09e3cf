import { createPublicKey, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A credential of an application as Entra ID keeps it, with when each side of the service hears of it. */
interface Registered {
  readonly keyId: string;
  displayName: string;
  readonly startMs: number;
  endMs: number;
  /** Login accepts it from here on, and lists show it from there on. */
  readonly acceptedFrom: number;
  readonly listedFrom: number;
  /** Login still accepts it until here after it was removed. */
  removedAt?: number;
}

interface Password extends Registered {
  readonly value: string;
  expired: boolean;
}

interface Key extends Registered {
  readonly thumbprint: string;
  readonly thumbprint256: string;
  readonly der: string;
  readonly publicKey: KeyObject;
}

/** A federated credential: whose tokens the application takes for its own proof. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** What the service says about a presented client secret. */
export type SecretVerdict = 'accepted' | 'wrong' | 'expired';

/** How slowly, or how strictly, the directory takes changes of an application. */
export interface ApplicationMood {
  /** How long login refuses a new credential. */
  acceptedAfterMs: number;
  /** After that, how many of the next logins with it are refused all the same, by replicas that lag. */
  flappingLogins: number;
  listedAfterMs: number;
  /** The longest life a policy of the tenant allows, in days. */
  longestLifeDays: number;
  passwordsAllowed: boolean;
}

const dayMs = 86_400_000;

/** An application object: the credentials it has and who owns it. Passwords are never shown again after they were added. */
export class SimulatedApplication {
  readonly objectId = randomUUID();
  readonly clientId: string;
  readonly mood: ApplicationMood = {
    ...{ acceptedAfterMs: 0, flappingLogins: 0, listedAfterMs: 0, longestLifeDays: Infinity, passwordsAllowed: true },
  };
  /** Applications (by client id) whose service principals own this one, itself among them. */
  readonly owners = new Set<string>();
  readonly federated: FederatedCredential[] = [];
  readonly #now: () => number;
  #passwords: Password[] = [];
  #keys: Key[] = [];
  #flaps = new Map<string, number>();

  constructor(clientId: string, now: () => number) {
    this.clientId = clientId.toLowerCase();
    this.#now = now;
  }

  /** Adds a secret of a given value, as an administrator does in the portal. */
  addSecret(value: string, { acceptedAfterMs = 0, displayName = 'portal', lifeDays = 730 } = {}): string {
    return this.#add({ value, acceptedAfterMs, listedAfterMs: 0, displayName, endMs: this.#now() + lifeDays * dayMs });
  }

  /** Adds a secret of the service's own making; undefined when a policy refuses it. */
  addPassword(displayName: string, endMs: number): { keyId: string; secretText: string; startMs: number } | 'lifetime' | 'type' {
    if (!this.mood.passwordsAllowed) return 'type';
    if (endMs - this.#now() > this.mood.longestLifeDays * dayMs) return 'lifetime';
    const value = `${randomBytes(3).toString('hex')}~canary-${randomBytes(12).toString('base64url')}`;
    const { acceptedAfterMs, listedAfterMs } = this.mood;
    const keyId = this.#add({ value, acceptedAfterMs, listedAfterMs, displayName, endMs });
    return { keyId, secretText: value, startMs: this.#now() };
  }

  /** Registers the public part of a certificate. */
  addKey(der: string, displayName: string): string {
    const certificate = new X509Certificate(Buffer.from(der, 'base64'));
    const { acceptedAfterMs, listedAfterMs } = this.mood;
    const [startMs, endMs] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
    const times = { startMs, endMs, acceptedFrom: this.#now() + acceptedAfterMs, listedFrom: this.#now() + listedAfterMs };
    const thumbprint = certificate.fingerprint.replaceAll(':', '');
    const thumbprint256 = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    const publicKey = createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
    const keyId = randomUUID();
    this.#keys.push({ keyId, displayName, ...times, thumbprint, thumbprint256, der, publicKey });
    this.#flaps.set(keyId, this.mood.flappingLogins);
    return keyId;
  }

  /** Removes a credential by its id; false when there is none. */
  remove(keyId: string): boolean {
    const before = this.#passwords.length + this.#keys.length;
    this.#passwords = this.#passwords.filter((one) => one.keyId !== keyId);
    this.#keys = this.#keys.filter((one) => one.keyId !== keyId);
    return this.#passwords.length + this.#keys.length < before;
  }

  /** Removes secrets by their value, or all of them. */
  removeSecret(value?: string): void {
    this.#passwords = this.#passwords.filter((one) => value !== undefined && one.value !== value);
  }

  /** Lets one secret, or all, be expired, or no longer. */
  expire(value?: string, expired = true): void {
    for (const one of this.#passwords) if (value === undefined || one.value === value) one.expired = expired;
  }

  /** Whether login accepts a secret now. */
  judge(value: string): SecretVerdict {
    const found = this.#passwords.find((each) => each.value === value);
    if (!found || found.acceptedFrom > this.#now() || this.#flapped(found.keyId)) return 'wrong';
    return found.expired || found.endMs <= this.#now() ? 'expired' : 'accepted';
  }

  /** The key of a certificate that login accepts now, by its SHA-256 thumbprint in base64url. */
  keyOf(thumbprint256: string): KeyObject | undefined {
    const now = this.#now();
    const found = this.#keys.find((each) => each.thumbprint256 === thumbprint256);
    if (!found || found.acceptedFrom > now || found.endMs <= now || this.#flapped(found.keyId)) return undefined;
    return found.publicKey;
  }

  /** Everything that works now, for checks: secrets by value. */
  get workingSecrets(): string[] {
    const now = this.#now();
    return this.#passwords
      .filter(({ expired, acceptedFrom, endMs }) => !expired && acceptedFrom <= now && endMs > now)
      .map(({ value }) => value);
  }

  /** Every credential whatever a list would show, for checks. */
  get all(): readonly Readonly<Registered>[] {
    return [...this.#passwords, ...this.#keys];
  }

  /** The application as Graph shows it. */
  shown(): object {
    const now = this.#now();
    const common = ({ keyId, displayName, startMs, endMs }: Registered) => ({
      ...{ keyId, displayName, startDateTime: new Date(startMs).toISOString(), endDateTime: new Date(endMs).toISOString() },
    });
    return {
      ...{ id: this.objectId, appId: this.clientId },
      passwordCredentials: this.#passwords
        .filter(({ listedFrom }) => listedFrom <= now)
        .map((one) => ({ ...common(one), hint: one.value.slice(0, 3), secretText: null, customKeyIdentifier: null })),
      keyCredentials: this.#keys
        .filter(({ listedFrom }) => listedFrom <= now)
        .map((one) => ({
          ...{ ...common(one), customKeyIdentifier: Buffer.from(one.thumbprint, 'hex').toString('base64') },
          ...{ type: 'AsymmetricX509Cert', usage: 'Verify', key: null },
        })),
    };
  }

  #flapped(keyId: string): boolean {
    const left = this.#flaps.get(keyId) ?? 0;
    this.#flaps.set(keyId, left - 1);
    // Every other replica has heard of it.
    return left > 0 && left % 2 === 0;
  }

  #add(of: { value: string; displayName: string; endMs: number; acceptedAfterMs: number; listedAfterMs: number }): string {
    const { value, displayName, endMs, acceptedAfterMs, listedAfterMs } = of;
    const now = this.#now();
    const keyId = randomUUID();
    const times = { startMs: now, endMs, acceptedFrom: now + acceptedAfterMs, listedFrom: now + listedAfterMs };
    this.#passwords.push({ keyId, displayName, value, ...times, expired: false });
    this.#flaps.set(keyId, this.mood.flappingLogins);
    return keyId;
  }
}
