import { credentialFacts } from '../../src/microsoft/clientAssertion';
import type { RotationPorts } from '../../src/app/rotationPorts';
import type { CredentialRing, SecretVersion } from '../../src/domain/credential';
import { ConnectorError } from '../../src/domain/failure';
import type { Clock, NewSecretVersion, RingStore, Secrets, SecretVersions } from '../../src/domain/ports';
import { without } from '../../src/domain/without';
import { conflict } from './memoryRows';

/** Nobody changes what is stored; so it can be handed out without a copy. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** The rings in memory, and every state a ring was ever in, for checks. */
export class MemoryRings implements RingStore {
  readonly #rows = new Map<string, CredentialRing>();
  readonly history: CredentialRing[] = [];
  #version = 0;

  readonly find: RingStore['find'] = async (name) => Promise.resolve(this.#rows.get(name));

  async *due(now: Date): AsyncGenerator<CredentialRing> {
    for (const name of [...this.#rows.keys()].sort()) {
      const ring = this.#rows.get(name);
      if (ring !== undefined && Date.parse(ring.dueAt) <= now.getTime()) yield await Promise.resolve(ring);
    }
  }

  readonly save: RingStore['save'] = async (ring) => {
    if ((this.#rows.get(ring.name)?.etag ?? '') !== ring.etag) throw conflict('saving a ring');
    const saved = frozen(structuredClone({ ...ring, etag: `"${(this.#version += 1)}"` }));
    this.#rows.set(ring.name, saved);
    this.history.push(saved);
    return Promise.resolve(saved);
  };

  readonly remove: RingStore['remove'] = async (name) => {
    this.#rows.delete(name);
    return Promise.resolve();
  };
}

interface Kept extends SecretVersion {
  readonly value: string;
}

/** A vault in memory: secrets and their versions. */
export class MemoryVault implements Secrets, Omit<SecretVersions, 'read'> {
  readonly #secrets = new Map<string, Kept[]>();
  readonly #now: () => Date;
  #count = 0;

  constructor(now: () => Date = () => new Date(0)) {
    this.#now = now;
  }

  /** The newest value and tags of each secret. */
  get values(): ReadonlyMap<string, { readonly value: string; readonly tags: Readonly<Record<string, string>> }> {
    const newest = [...this.#secrets].flatMap(([name, versions]) => {
      const last = versions.at(-1);
      return last === undefined ? [] : [[name, { value: last.value, tags: last.tags }] as const];
    });
    return new Map(newest);
  }

  readonly read: Secrets['read'] = async (name) => Promise.resolve(this.#secrets.get(name)?.at(-1)?.value);

  readonly write: Secrets['write'] = async (name, value, tags, signal) => {
    await this.add(name, { kind: 'clientSecret', value, tags }, signal);
  };

  readonly remove: Secrets['remove'] = async (name) => {
    this.#secrets.delete(name);
    return Promise.resolve();
  };

  readonly add: SecretVersions['add'] = async (name, { value, tags, expiresAt }: NewSecretVersion) => {
    const version = `v${(this.#count += 1)}`;
    const kept = { version, value, enabled: true, tags: { ...tags }, createdAt: this.#now(), expiresAt };
    this.#secrets.set(name, [...(this.#secrets.get(name) ?? []), kept]);
    return Promise.resolve(version);
  };

  readonly list: SecretVersions['list'] = async (name) =>
    Promise.resolve((this.#secrets.get(name) ?? []).map((one) => without(one, 'value')));

  readonly disable: SecretVersions['disable'] = async (name, version) => {
    const versions = this.#secrets.get(name) ?? [];
    this.#secrets.set(
      name,
      versions.map((one) => (one.version === version ? { ...one, enabled: false } : one)),
    );
    return Promise.resolve();
  };

  /** As the rotation sees it. */
  get versions(): SecretVersions {
    const { add, list, disable } = this;
    return {
      ...{ add, list, disable },
      read: async (name, version) => {
        const found = this.#secrets.get(name)?.find((one) => one.version === version);
        if (found?.enabled === false)
          throw new ConnectorError('reading a secret', { kind: 'credentialMissing', code: 'secretDisabled', detail: name });
        return Promise.resolve(found?.value);
      },
    };
  }

  /** Every readable value there is, for checks. */
  readable(name: string): ReadonlyMap<string, string> {
    return new Map((this.#secrets.get(name) ?? []).filter(({ enabled }) => enabled).map((one) => [one.version, one.value]));
  }
}

/** What giving a credential needs, in memory; whatever else is asked for fails. */
export function memoryRotation(clock: Clock, vault: MemoryVault): RotationPorts {
  const never = async (): Promise<never> => Promise.reject(new Error('not expected'));
  let ids = 0;
  return {
    ...{ clock, rings: new MemoryRings(), versions: vault.versions, owner: 'test', installation: 'test' },
    telemetry: { event: () => undefined },
    applications: { list: never, addPassword: never, addCertificate: never, remove: never },
    trySignIn: async () => Promise.resolve({ roles: [] }),
    makeCertificate: never,
    factsOf: credentialFacts,
    tellFacts: async () => Promise.resolve(),
    newId: () => `id${(ids += 1)}`,
  };
}
