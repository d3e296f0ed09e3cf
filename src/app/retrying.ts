import { disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { Clock } from '../domain/ports';

const firstWaitMs = 500;
const longestWaitMs = 30_000;

/**
 * Does a piece of work again and again, with growing waits, as long as it fails in a way that heals by itself and the signal is not aborted.
 * It never gives up and never drops: it ends with the result, with a failure of another kind, or with the failure at hand when time is up.
 */
export async function retrying<T>(
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<T>,
  heals: (failure: Failure, attempt: number) => boolean = (failure) => disposition(failure) === 'retry',
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || signal.aborted || !heals(failure, attempt)) throw error;
      await clock.sleep(Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempt - 1, 10)), signal).catch(() => {
        throw error;
      });
    }
  }
}
