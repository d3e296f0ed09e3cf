import type { CollectPorts } from '../../src/app/collectPorts';
import type { Source } from '../../src/domain/source';

/** A call of the engine to the outside: of a port, or of a source (`source.list`), whose requests are calls of their own. */
export interface PortCall {
  /** `ledger.save`. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Does something before, after or instead of a call. */
export type Around = <T>(call: PortCall, go: () => Promise<T>) => Promise<T>;

/** Nothing around. */
export const plainly: Around = async (_call, go) => go();

/** One inside the other, the first outermost. */
export function nested(outer: Around, inner: Around): Around {
  return async (call, go) => outer(call, async () => inner(call, go));
}

const portNames = [
  'tenants',
  'sourceRows',
  'ledger',
  'coverage',
  'sent',
  'sink',
  'oversize',
  'schedule',
  'queue',
  'profiles',
  'tenantFacts',
] as const;

/** The ports with something around every call, each step of an iteration included. */
export function aroundPorts(ports: CollectPorts, around: Around): CollectPorts {
  const stores = Object.fromEntries(portNames.map((name) => [name, aroundObject(name, ports[name], around)]));
  const sources = new Map([...ports.sources].map(([id, source]) => [id, aroundSource(source, around)]));
  const send: CollectPorts['send'] = async (tenant, request, signal) =>
    around({ name: 'send', args: [tenant, request] }, async () => ports.send(tenant, request, signal));
  return { ...ports, ...stores, sources, send };
}

/** An object with something around every method that returns a promise or an iteration. */
function aroundObject<T extends object>(name: string, object: T, around: Around): T {
  return new Proxy(object, {
    get: (target, property): unknown => {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function' || typeof property !== 'string') return member;
      return (...args: unknown[]): unknown => {
        const call = { name: `${name}.${property}`, args };
        const start = (): unknown => Reflect.apply(member, target, args);
        if (iterating.has(call.name)) return aroundSteps(call, start() as AsyncIterable<unknown>, around);
        return around(call, async () => await start());
      };
    },
  });
}

const iterating = new Set(['tenants.all', 'sourceRows.glances', 'ledger.pending', 'ledger.hour', 'schedule.all']);

async function* aroundSteps<T>(call: PortCall, steps: AsyncIterable<T>, around: Around): AsyncGenerator<T, void, undefined> {
  const iterator = steps[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await around(call, async () => iterator.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function aroundSource(source: Source, around: Around): Source {
  return {
    ...source,
    prepare: async (...args) => around({ name: 'source.prepare', args }, async () => source.prepare(...args)),
    list: (...args) => aroundSteps({ name: 'source.list', args }, source.list(...args), around),
    read: (...args) => aroundSteps({ name: 'source.read', args }, source.read(...args), around),
  };
}
