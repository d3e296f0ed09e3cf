import type { CollectPorts } from '../../src/app/collectPorts';
import type { Clock } from '../../src/domain/ports';
import { MemoryTelemetry } from './memorySink';
import type { MemoryStores } from './memoryStores';
import type { VirtualClock } from './virtualClock';

/** What shall happen at a durable step: nothing special; death before it, after it without its answer, or after its answer; or a pause before it. */
export type Fate = 'go' | 'dieBefore' | 'dieUnanswered' | 'dieAnswered' | 'freeze';

/** Decides at each durable step of a process: its name, such as `ledger.save`, and how many there were before it. */
export type Plan = (name: string, index: number) => Fate;

/** The stores a process works on. */
type DurablePorts = Pick<
  CollectPorts,
  'ledger' | 'sourceRows' | 'tenants' | 'profiles' | 'schedule' | 'coverage' | 'sent' | 'sink' | 'oversize' | 'queue'
>;

/** Methods that change something; all others only read, and are no steps. */
const changing: ReadonlySet<string> = new Set([
  'ledger.enlist',
  'ledger.save',
  'ledger.forget',
  'sourceRows.create',
  'sourceRows.save',
  'sourceRows.remove',
  'sourceRows.renewGlance',
  'tenants.save',
  'tenants.remove',
  'profiles.save',
  'profiles.remove',
  'schedule.put',
  'schedule.claim',
  'schedule.remove',
  'coverage.saveHours',
  'coverage.recordGap',
  'coverage.markGapsSent',
  'sent.append',
  'sent.forget',
  'sink.write',
  'oversize.keep',
  'queue.send',
  'queue.setAside',
]);

const forever = new Promise<never>(() => undefined);

/**
 * One process that works on stores which outlive it. It can die at any durable step, after which nothing it does takes effect and nothing
 * it awaits ever comes; or freeze there, timers included, and go on later.
 */
export class SimulatedProcess {
  readonly steps: string[] = [];
  readonly telemetry = new MemoryTelemetry();
  readonly clock: Clock;
  readonly ports: DurablePorts;
  /** Resolves when the process has died. */
  readonly death: Promise<'died'>;
  readonly #clock: VirtualClock;
  readonly #plan: Plan;
  readonly #life = new AbortController();
  #sayDead: () => void = () => undefined;
  #thawed: Promise<void> | undefined;
  #thaw: () => void = () => undefined;
  #sayFrozen: () => void = () => undefined;
  /** Resolves when the process has frozen. */
  readonly freezing: Promise<'froze'>;

  constructor(stores: MemoryStores, clock: VirtualClock, plan: Plan = () => 'go') {
    this.#clock = clock;
    this.#plan = plan;
    this.death = new Promise((resolve) => (this.#sayDead = () => resolve('died')));
    this.freezing = new Promise((resolve) => (this.#sayFrozen = () => resolve('froze')));
    this.clock = { now: clock.now, sleep: async (ms, signal) => this.#sleep(ms, signal) };
    this.ports = {
      ledger: this.#wrap('ledger', stores.ledger),
      sourceRows: this.#wrap('sourceRows', stores.sourceRows),
      tenants: this.#wrap('tenants', stores.tenants),
      profiles: this.#wrap('profiles', stores.profiles),
      schedule: this.#wrap('schedule', stores.schedule),
      coverage: this.#wrap('coverage', stores.coverage),
      sent: this.#wrap('sent', stores.sent),
      sink: this.#wrap('sink', stores.sink),
      oversize: this.#wrap('oversize', stores.oversize),
      queue: this.#wrap('queue', stores.queue),
    };
  }

  get isDead(): boolean {
    return this.#life.signal.aborted;
  }

  get isFrozen(): boolean {
    return this.#thawed !== undefined;
  }

  die(): void {
    this.#life.abort();
    this.#sayDead();
  }

  freeze(): void {
    this.#thawed ??= new Promise((resolve) => (this.#thaw = resolve));
    this.#sayFrozen();
  }

  thaw(): void {
    this.#thawed = undefined;
    this.#thaw();
  }

  async #alive(): Promise<void> {
    while (this.#thawed !== undefined && !this.isDead) await this.#thawed;
    if (this.isDead) await forever;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#alive();
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, this.#life.signal]));
    } finally {
      await this.#alive();
    }
  }

  async #step<T>(name: string, effect: () => Promise<T>): Promise<T> {
    await this.#alive();
    if (!changing.has(name)) return effect().finally(async () => this.#alive());
    const fate = this.#plan(name, this.steps.push(name) - 1);
    if (fate === 'dieBefore') this.die();
    if (fate === 'freeze') this.freeze();
    await this.#alive();
    try {
      return await effect();
    } finally {
      await this.#alive();
      if (fate === 'dieUnanswered' || fate === 'dieAnswered') this.die();
      if (fate === 'dieUnanswered') await forever;
    }
  }

  async *#stream<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    await this.#alive();
    for await (const item of items) {
      await this.#alive();
      yield item;
      await this.#alive();
    }
  }

  #wrap<Port extends object>(port: string, store: Port): Port {
    return new Proxy(store, {
      get: (target, method) => {
        const value: unknown = Reflect.get(target, method, target);
        if (typeof value !== 'function' || typeof method !== 'string') return value;
        return (...parameters: readonly unknown[]): unknown => {
          const call = (): unknown => Reflect.apply(value, target, parameters);
          if (isGenerator(value)) return this.#stream(call() as AsyncIterable<unknown>);
          return this.#step(`${port}.${method}`, async () => Promise.resolve(call()));
        };
      },
    });
  }
}

function isGenerator(method: object): boolean {
  return method.constructor.name === 'AsyncGeneratorFunction';
}
