/** Counts what an address may ask for: so many at once, refilled over a minute. Addresses that were quiet are forgotten. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #left = new Map<string, { tokens: number; at: number }>();

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** True when one more is allowed. */
  take(key: string): boolean {
    const now = this.#now();
    const known = this.#left.get(key) ?? { tokens: this.#perMinute, at: now };
    const tokens = Math.min(this.#perMinute, known.tokens + ((now - known.at) / 60_000) * this.#perMinute);
    const allowed = tokens >= 1;
    if (this.#left.size > 10_000) this.#forgetQuiet(now);
    this.#left.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
    return allowed;
  }

  #forgetQuiet(now: number): void {
    for (const [key, { at }] of this.#left) if (now - at > 60_000) this.#left.delete(key);
    // Addresses of an attack are all fresh; better to begin anew than to grow.
    if (this.#left.size > 10_000) this.#left.clear();
  }
}
