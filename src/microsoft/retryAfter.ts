const shortestMs = 1_000;
const longestMs = 15 * 60_000;

/**
 * How long a Retry-After header (seconds, or an HTTP date) asks to wait, between 1 s and 15 min; undefined when it is missing or makes no sense.
 * https://httpwg.org/specs/rfc9110.html#field.retry-after
 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  const waitMs = /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1_000 : httpDateMs(text) - now.getTime();
  return Number.isNaN(waitMs) ? undefined : Math.min(longestMs, Math.max(shortestMs, waitMs));
}

const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The moment an HTTP date means, in ms; NaN when it is none in today's form, which is the only one servers may send. */
export function httpDateMs(text: string): number {
  return httpDate.test(text) ? Date.parse(text) : NaN;
}
