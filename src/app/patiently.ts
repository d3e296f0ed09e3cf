import { failureOf } from '../domain/failure';
import type { Clock } from '../domain/ports';

/** The longest wait that is sat out; a longer one ends the run, which comes again when it is over. */
const longestWaitMs = 15_000;
/** How long one request is tried: a feed that is throttled all the time has to be shown as such. */
const patienceMs = 120_000;

/** Does a piece of work; while Microsoft asks for a short wait, waits it out and does it again, so that a run does not end for a second's throttling. */
export async function patiently<T>(clock: Clock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const until = clock.now().getTime() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      const waitMs = failure?.kind === 'throttled' ? failure.retryAfterMs : undefined;
      const isShort = waitMs !== undefined && waitMs <= longestWaitMs && clock.now().getTime() + waitMs < until;
      if (!isShort || signal.aborted) throw error;
      await clock.sleep(waitMs, signal).catch(() => {
        throw error;
      });
    }
  }
}
