/**
 * A histogram of how late records arrive, in seconds from the event to the hub: bucket n counts values below 2^n, so 24 buckets reach
 * from a second to half a year. It can be added up over units, hours and tenants, which percentiles cannot.
 */
export type Lateness = readonly number[];

const buckets = 24;

/** A histogram that counts nothing. */
export const noLateness: Lateness = [];

/** The bucket of a lateness in seconds; negative (a record dated in the future) counts as none. */
export function latenessBucket(seconds: number): number {
  return seconds < 1 ? 0 : Math.min(buckets - 1, 32 - Math.clz32(Math.min(seconds, 0x7fffffff)));
}

/** Adds two histograms. */
export function addLateness(a: Lateness, b: Lateness): Lateness {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, bucket) => (a[bucket] ?? 0) + (b[bucket] ?? 0));
}

/** An upper bound in seconds of the given share (0 to 1) of records; undefined when there are none. */
export function latenessAt(histogram: Lateness, share: number): number | undefined {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (let bucket = 0; bucket < histogram.length; bucket += 1) {
    seen += histogram[bucket] ?? 0;
    if (seen >= total * share) return 2 ** bucket;
  }
  return 2 ** (histogram.length - 1);
}

/** `0,0,3,1`: the shortest text that keeps every count. */
export function formatLateness(histogram: Lateness): string {
  return histogram.join(',');
}

/** The inverse of formatLateness; text that is not a histogram counts as none, because lateness is told, never decided on. */
export function parseLateness(text: string): Lateness {
  if (text === '') return noLateness;
  const counts = text.split(',').map(Number);
  return counts.every((count) => Number.isSafeInteger(count) && count >= 0) ? counts : noLateness;
}
