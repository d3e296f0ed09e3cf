import { ConnectorError } from '../domain/failure';
import type { Clock, SourceStore } from '../domain/ports';
import type { SourceRow } from '../domain/sourceState';
import { without } from '../domain/without';

/**
 * The right to move the state of one source of one tenant, held for a time under an epoch. All writes of the run to its row go through here, one after
 * the other and conditional on the row being as this lease left it: a run that was overtaken while it slept fails at its next write.
 */
export class SourceLease {
  #row: SourceRow;
  readonly #store: SourceStore;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #released = false;

  private constructor(row: SourceRow, store: SourceStore, clock: Clock, leaseMs: number) {
    this.#row = row;
    this.#store = store;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** Whether a run holds the lease of a source. */
  static isHeld({ leaseUntil }: Pick<SourceRow, 'leaseUntil'>, now: Date): boolean {
    return leaseUntil !== undefined && Date.parse(leaseUntil) > now.getTime();
  }

  /** Takes the lease, or returns undefined when another run holds it or was quicker. */
  static async take(
    row: SourceRow,
    owner: string,
    ports: { readonly store: SourceStore; readonly clock: Clock; readonly leaseMs: number },
    signal: AbortSignal,
  ): Promise<SourceLease | undefined> {
    const now = ports.clock.now();
    if (SourceLease.isHeld(row, now)) return undefined;
    const leaseUntil = new Date(now.getTime() + ports.leaseMs).toISOString();
    try {
      const taken = await ports.store.save(
        { ...row, epoch: row.epoch + 1, leaseOwner: owner, leaseUntil, unclean: true },
        signal,
      );
      return new SourceLease(taken, ports.store, ports.clock, ports.leaseMs);
    } catch (error) {
      if (error instanceof ConnectorError && error.failure.kind === 'conflict') return undefined;
      throw error;
    }
  }

  /** The row as this lease last wrote it. */
  get row(): SourceRow {
    return this.#row;
  }

  /** Throws `conflict` when the lease has run out: whatever this run still holds in memory may be somebody else's by now. */
  assertHeld(): void {
    const until = this.#row.leaseUntil;
    if (until === undefined || Date.parse(until) <= this.#clock.now().getTime())
      throw new ConnectorError('holding the lease', { kind: 'conflict', code: 'leaseExpired' });
  }

  /** Writes a change of the row and extends the lease. Throws `conflict` when another run took over. */
  async update(change: (row: SourceRow) => SourceRow, signal: AbortSignal): Promise<SourceRow> {
    return this.#inTurn(async () => {
      this.assertHeld();
      const leaseUntil = new Date(this.#clock.now().getTime() + this.#leaseMs).toISOString();
      this.#row = await this.#store.save({ ...change(this.#row), leaseUntil }, signal);
      return this.#row;
    });
  }

  /** Writes the last change of the run and gives the lease back. */
  async release(change: (row: SourceRow) => SourceRow, signal: AbortSignal): Promise<SourceRow> {
    return this.#inTurn(async () => {
      this.#row = await this.#store.save(without(change(this.#row), 'leaseOwner', 'leaseUntil'), signal);
      this.#released = true;
      return this.#row;
    });
  }

  /** Extends the lease again and again until it is given back or the signal aborts; resolves then. Rejects with `conflict` when the lease was lost. */
  async keep(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted || this.#released;
    while (!isOver()) {
      await this.#clock.sleep(this.#leaseMs / 3, signal).catch(() => undefined);
      if (isOver()) return;
      try {
        await this.update((row) => row, signal);
      } catch (error) {
        if (isOver()) return;
        // A store that cannot be reached leaves the lease as it is; only its running out, or another owner, ends it.
        if (!(error instanceof ConnectorError && error.failure.kind === 'storeUnavailable')) throw error;
      }
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
