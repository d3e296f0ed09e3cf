import type { Clock } from '../domain/ports';

interface BudgetOptions {
  readonly clock: Clock;
  readonly requestsPerMinute: number;
  readonly random: () => number;
}

interface Budget {
  /** When the next request would be due if all were spread evenly; behind now while there is room for a burst. */
  nextAt: number;
  quietUntil: number;
  /** The code of the answer that asked for quiet. */
  code: string;
  throttledInARow: number;
  burstMs: number;
}

/** How requests of a key are spread: one each `spacingMs`, but for those that may come at once after as much quiet. In milliseconds. */
export interface Pace {
  readonly spacingMs: number;
  readonly burstMs: number;
}

const minuteMs = 60_000;
const longestQuietMs = 15 * minuteMs;
const usualBurstMs = 3_000;
const sweepAbove = 256;

/**
 * A budget of requests for each key (a tenant's API): spread evenly with a small burst, first come first served, and a quiet time after a throttled answer.
 * Keys do not touch each other, and idle ones are forgotten.
 */
export class RequestBudget {
  readonly #options: BudgetOptions;
  readonly #budgets = new Map<string, Budget>();
  readonly #usual: Pace;
  #sweepAt = sweepAbove;

  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#usual = { spacingMs: minuteMs / options.requestsPerMinute, burstMs: usualBurstMs };
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#budgets.size;
  }

  /** How long this key still has to keep quiet, and the code of the answer that asked for it; undefined when it may send. */
  quiet(key: string): { readonly waitMs: number; readonly code: string } | undefined {
    const budget = this.#budgets.get(key);
    const waitMs = (budget?.quietUntil ?? 0) - this.#now();
    return budget !== undefined && waitMs > 0 ? { waitMs, code: budget.code } : undefined;
  }

  /** Waits for this request's turn, in the pace of the key; gives the turn back when the signal aborts. */
  async turn(key: string, signal: AbortSignal, pace: Pace = this.#usual): Promise<void> {
    const budget = this.#budget(key);
    const now = this.#now();
    const at = Math.max(budget.nextAt, now - pace.burstMs);
    budget.nextAt = at + pace.spacingMs;
    budget.burstMs = pace.burstMs;
    if (at <= now) return;
    try {
      await this.#options.clock.sleep(at - now, signal);
    } catch (error) {
      budget.nextAt -= pace.spacingMs;
      throw error;
    }
  }

  /** Notes a throttled answer and returns how long the key keeps quiet: what Microsoft asked for, or at least the given time, doubling, with jitter. */
  throttled(key: string, code: string, retryAfterMs: number | undefined, shortestMs = minuteMs): number {
    const budget = this.#budget(key);
    const now = this.#now();
    // Requests that were under way together are one throttling.
    if (budget.quietUntil <= now) budget.throttledInARow += 1;
    const ownMs = Math.min(
      longestQuietMs,
      shortestMs * 2 ** Math.min(budget.throttledInARow - 1, 10) * (1 + this.#options.random() / 4),
    );
    budget.quietUntil = Math.max(budget.quietUntil, now + (retryAfterMs ?? ownMs));
    budget.nextAt = Math.max(budget.nextAt, budget.quietUntil);
    budget.code = code;
    return budget.quietUntil - now;
  }

  /** Notes an answer that was not throttled. */
  answered(key: string): void {
    const budget = this.#budgets.get(key);
    if (budget !== undefined && budget.quietUntil <= this.#now()) budget.throttledInARow = 0;
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }

  #budget(key: string): Budget {
    const known = this.#budgets.get(key);
    if (known !== undefined) return known;
    this.#sweep();
    const budget = { nextAt: 0, quietUntil: 0, code: '', throttledInARow: 0, burstMs: usualBurstMs };
    this.#budgets.set(key, budget);
    return budget;
  }

  #sweep(): void {
    if (this.#budgets.size < this.#sweepAt) return;
    const now = this.#now();
    for (const [key, { nextAt, quietUntil, burstMs }] of this.#budgets)
      if (nextAt <= now - burstMs && quietUntil <= now - longestQuietMs) this.#budgets.delete(key);
    this.#sweepAt = Math.max(sweepAbove, this.#budgets.size * 2);
  }
}
