import type { Cloud } from '../../src/domain/cloud';
import type { Clock, Secrets, Telemetry } from '../../src/domain/ports';
import type { Answer } from '../../src/domain/source';
import type { Tenant } from '../../src/domain/tenant';
import { createAnswer } from '../../src/microsoft/answer';
import type { Http, HttpRequest } from '../../src/microsoft/http';

/** The tenant most tests collect. */
export const contoso: Tenant = {
  id: 'c0a10c0a-1111-4111-8111-11111111111f',
  name: 'Contoso',
  description: '',
  cloud: 'commercial',
  clientId: '22222222-2222-4222-8222-222222222222',
  secretName: 'contoso-secret',
  integrations: [],
  stampName: false,
  status: 'active',
  statusSince: '2026-11-01T00:00:00Z',
  epoch: 1,
  addedAt: '2026-11-01T00:00:00Z',
};

/** The id of the provider in tests. */
export const provider = '33333333-3333-4333-8333-333333333333';

/** A signal that never aborts. */
export const noAbort = (): AbortSignal => new AbortController().signal;

/** A cloud whose hosts are made up. */
export const madeUpCloud: Cloud = {
  id: 'custom',
  title: 'Made up',
  login: 'https://login.example',
  hosts: { management: 'https://manage.example', graph: 'https://graph.example', defender: 'https://defender.example' },
};

/** A clock that stands still until it is moved; sleepers wake in the order of their time. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  constructor(start = '2026-11-22T10:00:00Z') {
    this.#now = Date.parse(start);
  }

  readonly now = (): Date => new Date(this.#now);

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(new Error('aborted'));
      });
    });

  get sleeping(): number {
    return this.#sleepers.length;
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await settled();
      const next = this.#sleepers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = until;
    await settled();
  }
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What a made-up server answers. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer as the HTTP client would give it; a body that is no text is JSON. */
export function answerWith({ status = 200, headers = {}, body = '' }: Reply): Answer {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const chunks = async function* () {
    await Promise.resolve();
    for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
  };
  return createAnswer({ status, headers, body: chunks(), discard: () => undefined, doing: 'testing' });
}

/** An HTTP client that asks a function, and remembers what it was asked. */
export function fakeHttp(
  reply: (request: HttpRequest, index: number) => Reply | Promise<Reply>,
): Http & { readonly requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  return {
    requests,
    send: async (request) => {
      requests.push(request);
      return answerWith(await reply(request, requests.length - 1));
    },
    close: () => undefined,
  };
}

/** Secrets in a map, counting how often they are read. */
export function fakeSecrets(
  values: Record<string, string>,
): Secrets & { readonly values: Record<string, string>; reads: number } {
  const secrets = {
    values,
    reads: 0,
    read: (name: string) => {
      secrets.reads += 1;
      return Promise.resolve(values[name]);
    },
    write: () => Promise.reject(new Error('not expected')),
    remove: () => Promise.reject(new Error('not expected')),
  };
  return secrets;
}

/** No rings, no versions and no managed identity: what a secret without a ring needs. */
export const withoutRings = {
  rings: { find: () => Promise.resolve(undefined) },
  versions: { read: () => Promise.reject(new Error('not expected')) },
  identityToken: () => Promise.reject(new Error('not expected')),
};

/** Keeps the events it is told. */
export function fakeTelemetry(): Telemetry & { readonly events: { readonly name: string; readonly fields: unknown }[] } {
  const events: { readonly name: string; readonly fields: unknown }[] = [];
  return { events, event: (name, _severity, fields) => events.push({ name, fields }) };
}

/** An unsigned token. */
export function token(claims: object, mark = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ ...claims, mark })}.signature`;
}

/** The failure a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (typeof error === 'object' && error !== null && 'failure' in error) return error.failure;
  throw new Error('It did not fail as expected.', { cause: error });
}
