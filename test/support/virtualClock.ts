import type { Clock } from '../../src/domain/ports';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** How far a single `run` may move the time before it counts as stuck. */
const longestRunMs = 100 * 86_400_000;

/**
 * A clock whose time moves only when told. `run` awaits a piece of work and, whenever everything is idle, moves on to the next sleeper,
 * so that back-offs and budgets take no real time. Idle means that no promise can settle without the clock: real I/O is not seen.
 */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start: string | Date) {
    this.#now = new Date(start).getTime();
  }

  readonly now = (): Date => new Date(this.#now);

  readonly sleep = async (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const wake = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + Math.max(0, ms), order: (this.#order += 1), wake };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort, { once: true });
      this.#sleepers.add(sleeper);
    });

  /** How many are asleep: when a piece of work is over, it should have left none behind. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** Moves the time without waking anybody on the way; those that are due wake up at the next turn. */
  jump(to: Date): void {
    this.#now = Math.max(this.#now, to.getTime());
  }

  /** Moves the time on, waking sleepers one after the other, each with everything that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.idle();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) await this.#wake(next);
    this.#now = end;
    await this.idle();
  }

  /** Awaits the work, moving the time whenever nothing else can happen. Throws when nobody sleeps and the work is still not done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.then(
      () => (done = true),
      () => (done = true),
    );
    const start = this.#now;
    const isDone = (): boolean => done;
    while (!isDone()) {
      await this.idle();
      if (isDone()) break;
      const next = this.#next();
      if (next === undefined) throw new Error('stuck: nothing can happen any more, and the work is not done');
      if (next.at - start > longestRunMs) throw new Error('stuck: the work does not end');
      await this.#wake(next);
    }
    await settled;
    return work;
  }

  /** Resolves when every promise that can settle has settled. */
  async idle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #wake(sleeper: Sleeper): Promise<void> {
    this.#sleepers.delete(sleeper);
    this.#now = Math.max(this.#now, sleeper.at);
    sleeper.wake();
    await this.idle();
  }

  #next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (first === undefined || sleeper.at < first.at || (sleeper.at === first.at && sleeper.order < first.order))
        first = sleeper;
    return first;
  }
}
