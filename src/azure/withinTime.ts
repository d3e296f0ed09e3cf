/**
 * Calls an SDK with a signal that aborts with the caller's, or after a time. The SDKs have time limits of their own, but those
 * leave out the body of the answer, or leave a timer behind that keeps the process from ending.
 */
export async function withinTime<Result>(
  signal: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController();
  const abort = (): void => limit.abort();
  const timer = setTimeout(abort, milliseconds);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
