import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../src/domain/ports';
import { writeFileAtomically } from '../local/writeFileAtomically';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Where the time is kept. */
interface TimeCell {
  read(): number;
  write(ms: number): void;
}

/** Time in a file, so that a child process and the simulation in its parent have the same. */
export function timeFile(path: string): TimeCell {
  return {
    read: () => Number(readFileSync(path, 'utf8')),
    write: (ms) => writeFileAtomically(path, String(ms)),
  };
}

const stuckMs = 60_000;
const longestRunMs = 100 * 86_400_000;

/**
 * A clock for tests with real servers: its time stands still while anything that was `track`ed is under way, and jumps to the next sleeper when
 * nothing is. So back-offs, budgets and leases cost no real time, and no slow machine makes them run out early.
 */
export class IoClock implements Clock {
  readonly #time: TimeCell;
  readonly #depth = new AsyncLocalStorage<number>();
  readonly #sleepers = new Set<Sleeper>();
  #order = 0;
  #busy = 0;
  readonly #waiting = new Set<() => void>();

  constructor(time: TimeCell) {
    this.#time = time;
  }

  readonly now = (): Date => new Date(this.#time.read());

  readonly sleep = async (ms: number, signal: AbortSignal): Promise<void> =>
    this.aside(
      new Promise((resolve, reject) => {
        const abort = (): void => {
          this.#sleepers.delete(sleeper);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const wake = (): void => {
          this.#sleepers.delete(sleeper);
          signal.removeEventListener('abort', abort);
          resolve();
        };
        const sleeper: Sleeper = { at: this.#time.read() + Math.max(0, ms), order: (this.#order += 1), wake };
        if (signal.aborted) {
          abort();
          return;
        }
        signal.addEventListener('abort', abort, { once: true });
        this.#sleepers.add(sleeper);
      }),
    );

  /** Sets the time; never back. Those who are due wake up when everything is idle. */
  moveTo(at: Date): void {
    if (at.getTime() > this.#time.read()) this.#time.write(at.getTime());
  }

  /** Does a piece of I/O, during which the time stands still. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    const depth = (this.#depth.getStore() ?? 0) + 1;
    this.#count(1);
    try {
      return await this.#depth.run(depth, work);
    } finally {
      this.#count(-1);
    }
  }

  /** Waits for something that is no I/O: whatever is under way around it does not hold the time. */
  async aside<T>(work: Promise<T>): Promise<T> {
    const depth = this.#depth.getStore() ?? 0;
    this.#count(-depth);
    try {
      return await work;
    } finally {
      this.#count(depth);
    }
  }

  /** Awaits the work; whenever nothing but the clock can bring it on, the time moves to the next sleeper. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
      this.#tell();
    };
    const settled = work.then(end, end);
    const isDone = (): boolean => done;
    const start = this.#time.read();
    while (!isDone()) {
      await this.#idle(isDone);
      if (isDone()) break;
      const next = this.#next();
      if (next === undefined) await this.#change();
      else if (next.at - start > longestRunMs) throw new Error('The work does not end: 100 days went by.');
      else {
        this.moveTo(new Date(next.at));
        next.wake();
      }
    }
    await settled;
    return work;
  }

  #count(by: number): void {
    if (by === 0) return;
    this.#busy += by;
    this.#tell();
  }

  #tell(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when nothing that is tracked is under way, and all that follows from it has happened. */
  async #idle(isDone: () => boolean): Promise<void> {
    for (let quietTurns = 0; quietTurns < 3 && !isDone();) {
      if (this.#busy > 0) {
        await this.#change();
        quietTurns = 0;
      } else {
        await new Promise((resolve) => setImmediate(resolve));
        quietTurns += 1;
      }
    }
  }

  /** Resolves at the next change of what is under way. */
  async #change(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const stuck = (): void => {
        this.#waiting.delete(wake);
        reject(new Error(`Stuck for ${stuckMs / 1_000} s: ${this.#busy} calls under way.`));
      };
      const timer = setTimeout(stuck, stuckMs);
      this.#waiting.add(wake);
    });
  }

  #next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (first === undefined || sleeper.at < first.at || (sleeper.at === first.at && sleeper.order < first.order))
        first = sleeper;
    return first;
  }
}
