import { ConnectorError } from '../domain/failure';
import type { Clock } from '../domain/ports';

const lookMs = 1_000;

/** How long a run may take to read, and after it to send. It goes on for up to `longestMs` while it is not useful to end it. */
interface RunTimes {
  readonly budgetMs: number;
  readonly graceMs: number;
  readonly longestMs?: number;
  readonly isUseful?: () => boolean;
}

/**
 * The ends of a run, one after the other: first reading stops (`soft`), then, a grace later, sending (`hard`), and after another grace also
 * the writing down (`last`). A run whose lease is lost ends at once.
 */
export class RunLimits {
  readonly soft: AbortSignal;
  readonly #stop = new AbortController();
  readonly #hard = new AbortController();
  readonly #last = new AbortController();
  readonly #over = new AbortController();
  readonly #timers: Promise<void>[] = [];

  constructor(clock: Clock, signal: AbortSignal, limits: RunTimes) {
    this.soft = AbortSignal.any([signal, this.#stop.signal]);
    const after = async (ms: number, end: () => void): Promise<void> =>
      clock.sleep(ms, this.#over.signal).then(end, () => undefined);
    const timeIsUp = () => new ConnectorError('ending the run', { kind: 'cancelled', code: 'timeIsUp' });
    const finishSoon = (): void => {
      this.#timers.push(after(limits.graceMs, () => this.#hard.abort(timeIsUp())));
      this.#timers.push(after(2 * limits.graceMs, () => this.#last.abort(timeIsUp())));
    };
    if (this.soft.aborted) finishSoon();
    else this.soft.addEventListener('abort', finishSoon, { once: true });
    this.#timers.push(this.#stopInTime(clock, limits).catch(() => undefined));
  }

  get hard(): AbortSignal {
    return this.#hard.signal;
  }

  get last(): AbortSignal {
    return this.#last.signal;
  }

  /** Aborts when the run is over; for what accompanies it. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Stops reading when the time is up, but for a run of which nothing is durable yet: it would begin anew for ever. */
  async #stopInTime(clock: Clock, { budgetMs, longestMs = budgetMs, isUseful = () => true }: RunTimes): Promise<void> {
    await clock.sleep(budgetMs, this.#over.signal);
    for (let tookMs = budgetMs; tookMs < longestMs && !isUseful() && !this.soft.aborted; tookMs += lookMs)
      await clock.sleep(lookMs, this.#over.signal);
    this.stopReading();
  }

  stopReading(): void {
    this.#stop.abort();
  }

  /** Ends everything now, for the given reason. */
  abandon(reason: unknown): void {
    this.#stop.abort();
    this.#hard.abort(reason);
    this.#last.abort(reason);
  }

  /** The run is over: no timer is left behind. */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#timers);
  }
}
