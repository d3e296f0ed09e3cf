const windowMs = 10_000;

/** How many records a second came for each tenant, over the last ten seconds. */
export class RateMeter {
  #samples: { readonly at: number; readonly counts: ReadonlyMap<string, number> }[] = [];

  /** Notes how many there are by now. */
  note(at: number, counts: ReadonlyMap<string, number>): void {
    this.#samples.push({ at, counts });
    // One sample from before the window stays, so that the window is always full.
    const first = this.#samples.findIndex((sample) => sample.at > at - windowMs);
    this.#samples = this.#samples.slice(Math.max(0, first - 1));
  }

  perSecond(): ReadonlyMap<string, number> {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first === last) return new Map();
    const seconds = Math.max(0.5, (last.at - first.at) / 1_000);
    return new Map([...last.counts].map(([id, count]) => [id, Math.max(0, count - (first.counts.get(id) ?? 0)) / seconds]));
  }
}
