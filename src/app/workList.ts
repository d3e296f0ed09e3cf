import type { LedgerRow } from '../domain/ledger';

/**
 * The units of a run that wait to be read, in the order they came. It is bounded: what does not fit stays in the ledger, and `overflowed` says so.
 */
export class WorkList {
  readonly #rows: LedgerRow[] = [];
  readonly #known = new Set<string>();
  readonly #capacity: number;
  readonly #waiting: ((row: LedgerRow | undefined) => void)[] = [];
  readonly #room: (() => void)[] = [];
  #closed = false;
  #overflowed = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True when units were left in the ledger for want of room. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Waits until a unit can be added; false when none can be any more. */
  async waitForRoom(): Promise<boolean> {
    while (this.#rows.length >= this.#capacity && !this.#closed) await new Promise<void>((resolve) => this.#room.push(resolve));
    return !this.#closed;
  }

  /** Adds units that this run has not seen yet. */
  add(rows: readonly LedgerRow[]): void {
    if (this.#closed) return;
    for (const row of rows) {
      if (this.#known.has(row.unit.id)) continue;
      if (this.#rows.length >= this.#capacity) {
        this.#overflowed = true;
        continue;
      }
      this.#known.add(row.unit.id);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#rows.push(row);
      else waiting(row);
    }
  }

  /** The next unit, when there is one; undefined once the list is closed and empty. */
  async next(): Promise<LedgerRow | undefined> {
    const row = this.#rows.shift();
    this.#room.shift()?.();
    if (row !== undefined || this.#closed) return row;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing will be added any more; with `drop`, what is left is not handed out either. */
  close(drop = false): void {
    this.#closed = true;
    if (drop) this.#rows.length = 0;
    for (const waiting of this.#waiting.splice(0)) waiting(undefined);
    for (const resume of this.#room.splice(0)) resume();
  }
}
