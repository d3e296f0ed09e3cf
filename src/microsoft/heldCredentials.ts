import { isStored } from '../domain/credential';
import type { CredentialKind, CredentialRing } from '../domain/credential';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Clock, RingStore, Secrets, SecretVersions } from '../domain/ports';
import type { PresentedCredential } from './applicationSignIn';

/** How long a pointer is used before it is read again: at every login that comes later. */
const pointerHeldMs = 60_000;
/** How soon after it was read a pointer is read again because a login was refused. */
const pointerRereadMs = 10_000;

export interface HeldCredentialsPorts {
  readonly clock: Clock;
  readonly secrets: Pick<Secrets, 'read'>;
  readonly rings: Pick<RingStore, 'find'>;
  readonly versions: Pick<SecretVersions, 'read'>;
}

/** What one ring is known to hold. */
interface Held {
  readonly ring: CredentialRing | undefined;
  readonly readAt: number;
  /** Values by version; '' is whatever the newest is, for a secret that has no ring. */
  readonly values: Map<string, { readonly value: string; readonly readAt: number }>;
}

/** A credential to sign in with, and whether it is the one in use. */
export interface Candidate {
  readonly from: 'current' | 'previous' | 'newest';
  readonly credential: () => Promise<PresentedCredential>;
}

/**
 * The credentials of this process: pointers for a minute, values for as long as a pointer names them. A version of a secret never changes, so a
 * switch is seen at the next login after a minute, and neither the vault nor the tables are needed while they are down.
 */
export class HeldCredentials {
  readonly #ports: HeldCredentialsPorts;
  readonly #held = new Map<string, Held>();
  readonly #reading = new Map<string, Promise<Held>>();

  constructor(ports: HeldCredentialsPorts) {
    this.#ports = ports;
  }

  forget(name: string): void {
    this.#held.delete(name);
  }

  /** What to sign in with, in the order in which to try. After a refusal the pointer is read again, unless that was just done. */
  async candidates(name: string, after: 'nothing' | 'refusal', signal: AbortSignal): Promise<readonly Candidate[]> {
    const held = await this.#pointer(name, after === 'refusal' ? pointerRereadMs : pointerHeldMs, signal);
    const { ring } = held;
    if (ring !== undefined && !isStored(ring.kind)) {
      const { kind } = ring;
      return [{ from: 'current', credential: async () => Promise.resolve({ kind, value: '' }) }];
    }
    if (ring === undefined)
      return [
        {
          from: 'current',
          credential: async () => ({ kind: 'clientSecret', value: await this.#newest(name, held, signal) }),
        },
      ];
    const { kind, current, previous } = ring;
    const candidate = (from: Candidate['from'], version: string): Candidate => ({
      from,
      credential: async () => ({ kind, value: await this.#version(name, version, held, signal) }),
    });
    return [
      ...(current === undefined ? [] : [candidate('current', current.version)]),
      ...(previous === undefined ? [] : [candidate('previous', previous.version)]),
      // The last resort: somebody may have put a new one into the vault by hand.
      ...(after === 'nothing' ? [] : [{ from: 'newest' as const, credential: async () => this.#fresh(name, kind, signal) }]),
    ];
  }

  /** Lets the newest value of a secret without a ring be read again, when the one held was refused and is older than a minute. */
  reread(name: string): void {
    const values = this.#held.get(name)?.values;
    const newest = values?.get('');
    if (newest !== undefined && this.#now() - newest.readAt >= pointerHeldMs) values?.delete('');
  }

  #now(): number {
    return this.#ports.clock.now().getTime();
  }

  async #pointer(name: string, youngerThanMs: number, signal: AbortSignal): Promise<Held> {
    const held = this.#held.get(name);
    if (held !== undefined && this.#now() - held.readAt < youngerThanMs) return held;
    const reading = this.#reading.get(name) ?? this.#readPointer(name, held, signal).finally(() => this.#reading.delete(name));
    this.#reading.set(name, reading);
    return reading;
  }

  async #readPointer(name: string, held: Held | undefined, signal: AbortSignal): Promise<Held> {
    let ring: CredentialRing | undefined;
    try {
      ring = await this.#ports.rings.find(name, signal);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      // What is held was right a while ago, and stays usable for a day after a switch.
      if (held !== undefined) return held;
      // A damaged pointer still leaves the newest version, which is the right one but during a rotation.
      if (failure.code !== 'corruptRow') throw error;
    }
    const named = [ring?.current?.version, ring?.previous?.version, ...(ring === undefined ? [''] : [])];
    const values = new Map([...(held?.values ?? [])].filter(([version]) => named.includes(version)));
    const read = { ring, readAt: this.#now(), values };
    this.#held.set(name, read);
    return read;
  }

  async #version(name: string, version: string, { values }: Held, signal: AbortSignal): Promise<string> {
    const known = values.get(version);
    if (known !== undefined) return known.value;
    const value = await this.#ports.versions.read(name, version, signal);
    return this.#keep(name, version, value, values);
  }

  async #newest(name: string, { values }: Held, signal: AbortSignal): Promise<string> {
    const known = values.get('');
    if (known !== undefined) return known.value;
    return this.#keep(name, '', await this.#ports.secrets.read(name, signal), values);
  }

  async #fresh(name: string, kind: CredentialKind, signal: AbortSignal): Promise<PresentedCredential> {
    return { kind, value: (await this.#ports.secrets.read(name, signal)) ?? '' };
  }

  #keep(name: string, version: string, value: string | undefined, values: Held['values']): string {
    if (value === undefined || value === '')
      throw new ConnectorError('reading the client secret', {
        kind: 'credentialMissing',
        code: 'secretMissing',
        detail: name,
      });
    values.set(version, { value, readAt: this.#now() });
    return value;
  }
}
