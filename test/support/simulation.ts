import { collectMessage } from '../../src/app/collect';
import type { CollectOptions, CollectPorts } from '../../src/app/collectPorts';
import { maintain } from '../../src/app/maintain';
import { handlePoison } from '../../src/app/poison';
import { scheduleTick } from '../../src/app/schedule';
import { startTenant } from './simulatedTenant';
import { failureOf } from '../../src/domain/failure';
import type { Source } from '../../src/domain/source';
import type { Tenant } from '../../src/domain/tenant';
import { MemoryStores } from './memoryStores';
import { SimulatedProcess } from './simulatedProcess';
import type { Plan } from './simulatedProcess';
import { simulatedOptions, simulatedPorts } from './simulatedOptions';
import type { VirtualClock } from './virtualClock';

const minuteMs = 60_000;
/** How long a message is hidden from others once it is received; the functions host uses ten minutes for one whose worker died. */
const hiddenMs = 10 * minuteMs;
const mostDeliveries = 5;

/** A process that works, and the ports it works with. */
export interface Worker {
  readonly process: SimulatedProcess;
  readonly ports: CollectPorts;
  /** Errors that reached the host. */
  readonly errors: unknown[];
  /** Aborts as when the host shuts down. */
  readonly shutdown: AbortController;
}

/** The connector on memory stores under a virtual clock: timer, queue and workers as the functions host would drive them. */
export class Simulation {
  readonly clock: VirtualClock;
  readonly stores: MemoryStores;
  readonly sources: readonly Source[];
  readonly options: CollectOptions;
  /** Whether the hourly repair runs; without it, what is wrong stays wrong. */
  repairs = true;
  readonly #lastMaintained = new Map<Worker, number>();

  constructor(clock: VirtualClock, sources: readonly Source[], options: Partial<CollectOptions> = {}) {
    this.clock = clock;
    this.sources = sources;
    this.options = simulatedOptions(options);
    this.stores = new MemoryStores(clock);
  }

  /** Starts a process; `plan` says where it dies or freezes. */
  start(plan?: Plan, ports: Partial<CollectPorts> = {}): Worker {
    const process = new SimulatedProcess(this.stores, this.clock, plan);
    const all = { ...simulatedPorts(process, this.sources, this.options), ...ports };
    return { process, ports: all, errors: [], shutdown: new AbortController() };
  }

  /** Adds a tenant and makes its sources due. */
  addTenant(tenant: Tenant): void {
    startTenant(this.stores, this.sources, tenant, this.clock.now(), this.options.shards);
  }

  /** Awaits a piece of work of a process, moving the time as needed; undefined when the process died or froze in it. */
  async await<T>({ process }: Worker, work: Promise<T>): Promise<T | undefined> {
    const outcome = await this.clock.run(
      Promise.race([
        work.then((value) => ({ value })),
        process.death.then(() => undefined),
        process.freezing.then(() => undefined),
      ]),
    );
    return outcome?.value;
  }

  /** One tick of the timer and everything it leads to: what is due is queued, what is queued is worked on. */
  async tick(worker: Worker): Promise<void> {
    const { ports, shutdown, process } = worker;
    const stopped = (): boolean => process.isDead || process.isFrozen;
    const guarded = async (work: () => Promise<unknown>): Promise<void> => {
      if (!stopped())
        await this.await(
          worker,
          work().catch((error: unknown) => worker.errors.push(error)),
        );
    };
    await guarded(async () => scheduleTick(ports, shutdown.signal));
    for (
      let received = this.stores.queue.receive(hiddenMs);
      received !== undefined && !stopped();
      received = this.stores.queue.receive(hiddenMs)
    ) {
      const { message, deliveries, done } = received;
      await guarded(async () => {
        if (deliveries > mostDeliveries) await handlePoison(ports, this.stores.poison, message, shutdown.signal);
        else await collectMessage(ports, message, shutdown.signal);
        done();
      });
    }
    const now = this.clock.now().getTime();
    if (!this.repairs || now - (this.#lastMaintained.get(worker) ?? 0) < 60 * minuteMs) return;
    this.#lastMaintained.set(worker, now);
    await guarded(async () => maintain(ports, shutdown.signal));
  }

  /** Ticks each minute for a while, or until the process dies or freezes. */
  async runFor(worker: Worker, ms: number, everyMs = minuteMs): Promise<void> {
    const end = this.clock.now().getTime() + ms;
    while (this.clock.now().getTime() < end && !worker.process.isDead && !worker.process.isFrozen) {
      await this.tick(worker);
      const wait = everyMs - (this.clock.now().getTime() % everyMs);
      await this.clock.advance(wait);
    }
  }
}

/** Whether an error is one that a later run heals, rather than a bug. */
export function isExpected(error: unknown): boolean {
  return failureOf(error) !== undefined;
}
