import { ConnectorError } from '../../src/domain/failure';
import type { Failure } from '../../src/domain/failure';
import type { TenantSend } from '../../src/domain/ports';
import { answerWith } from '../microsoft/fakes';
import type { VirtualClock } from './virtualClock';

const origin = 'https://graph.microsoft.com';

/** One state of an object: since when it is so, and since when that can be read. */
interface State {
  readonly at: Date;
  readonly visibleFrom: Date;
  readonly removed: boolean;
  readonly object: Readonly<Record<string, unknown>>;
}

/** A small Graph over a virtual clock: `/things` as a list, filtered by `changedDateTime`, and as a delta, in pages of three. */
export class ScriptedGraph {
  pageSize = 3;
  /** Delta links made before are answered 410. */
  forgottenBefore = new Date(0);
  /** Why a request fails, if it does, counted over all. */
  failure: (request: number, url: URL) => Failure | undefined = () => undefined;
  readonly urls: string[] = [];
  readonly #clock: VirtualClock;
  readonly #objects = new Map<string, State[]>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Gives an object a state from a time on; `lateMs` is how much later it can be read. */
  put(id: string, at: Date, more: { readonly lateMs?: number; readonly removed?: boolean } = {}): this {
    const states = this.#objects.get(id) ?? [];
    this.#objects.set(id, states);
    const visibleFrom = new Date(at.getTime() + (more.lateMs ?? 0));
    const object = { id, changedDateTime: at.toISOString(), text: `${id} as of ${at.toISOString()} ${'x'.repeat(700)}` };
    states.push({ at, visibleFrom, removed: more.removed === true, object });
    return this;
  }

  /** Every state that could be read for at least so long between a time and now, as `id changedDateTime`. */
  truth(since: Date, forMs: number): string[] {
    const now = this.#clock.now().getTime();
    return [...this.#objects].flatMap(([id, states]) =>
      states.flatMap(({ at, visibleFrom, removed }, index) => {
        const until = Math.min(now, states[index + 1]?.visibleFrom.getTime() ?? Infinity);
        return removed || until - Math.max(visibleFrom.getTime(), since.getTime()) < forMs ? [] : [`${id} ${at.toISOString()}`];
      }),
    );
  }

  /** The objects that are there now. */
  present(): string[] {
    return this.#states().flatMap(([id, state]) => (state.removed ? [] : [id]));
  }

  readonly send: TenantSend = async (_tenant, { operation, url }) => {
    this.urls.push(url);
    const asked = new URL(url);
    const failure = this.failure(this.urls.length, asked);
    if (failure !== undefined) throw new ConnectorError(operation, failure);
    if (asked.pathname === '/v1.0/things/delta') return Promise.resolve(this.#delta(asked));
    if (asked.pathname === '/v1.0/things') return Promise.resolve(this.#list(asked));
    return Promise.resolve(answerWith({ status: 404, body: { error: { code: 'NotFound', message: '' } } }));
  };

  #states(now = this.#clock.now()): [string, State][] {
    return [...this.#objects].flatMap(([id, states]) => {
      const state = states.findLast(({ visibleFrom }) => visibleFrom <= now);
      return state === undefined ? [] : [[id, state] as [string, State]];
    });
  }

  #list(asked: URL): ReturnType<typeof answerWith> {
    const filter = asked.searchParams.get('$filter');
    const [, from = '', to = ''] = /ge (\S+) and changedDateTime le (\S+)/.exec(filter ?? '') ?? [];
    const isIn = ({ at }: State): boolean => filter === null || (at >= new Date(from) && at <= new Date(to));
    const found = this.#states().flatMap(([, state]) => (!state.removed && isIn(state) ? [state.object] : []));
    const offset = Number(asked.searchParams.get('$skiptoken') ?? 0);
    const rest = new URL(asked);
    rest.searchParams.set('$skiptoken', String(offset + this.pageSize));
    return page(found.slice(offset, offset + this.pageSize), {
      ...(offset + this.pageSize < found.length ? { '@odata.nextLink': rest.href } : {}),
    });
  }

  #delta(asked: URL): ReturnType<typeof answerWith> {
    const [since = '', until = '', offsetText = '0'] = (asked.searchParams.get('$token') ?? '||0').split('|');
    if (since !== '' && Number(since) < this.forgottenBefore.getTime())
      return answerWith({
        status: 410,
        headers: { location: `${origin}/v1.0/things/delta` },
        body: { error: { code: 'syncStateNotFound', message: '' } },
      });
    const now = until === '' ? this.#clock.now() : new Date(Number(until));
    const before = new Map(since === '' ? [] : this.#states(new Date(Number(since))));
    const found = this.#states(now).flatMap(([id, state]) => {
      if (before.get(id) === state) return [];
      if (!state.removed) return [state.object];
      return since === '' ? [] : [{ id, '@removed': { reason: 'deleted' } }];
    });
    const offset = Number(offsetText);
    const next = offset + this.pageSize;
    const link = (token: string): string => `${origin}/v1.0/things/delta?$token=${encodeURIComponent(token)}`;
    return page(found.slice(offset, next), {
      ...(next < found.length
        ? { '@odata.nextLink': link(`${since}|${now.getTime()}|${next}`) }
        : { '@odata.deltaLink': link(`${now.getTime()}||0`) }),
    });
  }
}

function page(value: readonly unknown[], links: Readonly<Record<string, string>>): ReturnType<typeof answerWith> {
  return answerWith({ body: { '@odata.context': `${origin}/v1.0/$metadata#things`, ...links, value } });
}
