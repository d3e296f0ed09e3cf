import type { Failure } from '../domain/failure';
import type { Piece } from '../domain/event';
import type { LedgerRow } from '../domain/ledger';
import type { SentEntry } from '../domain/sentKey';
import type { LostPart } from '../domain/source';

/** What a reader hands to the sender: a piece of a unit, or its end, or why it could not be read on. */
export interface Parcel {
  readonly row: LedgerRow;
  readonly piece?: Piece;
  /** Set with the first parcel of a unit that has to be sent whole again, because it changed since a part of it was delivered. */
  readonly restart?: boolean;
  readonly end?: boolean;
  readonly failure?: Failure;
  /** What the records of the piece are remembered by once they are acknowledged. */
  readonly sent?: readonly SentEntry[];
  /** Where the unit is read on when everything up to this parcel is acknowledged. */
  readonly resumeAt?: string;
  /** A part of the unit that cannot be read. */
  readonly lost?: LostPart;
  /** With the end: where the unit after this one begins. */
  readonly next?: string;
}

const weight = (parcel: Parcel): number => (parcel.piece?.event.body.length ?? 0) + 1_024;

/** Carries parcels from the readers to the one sender of a run, in order, and holds the readers back while it is full. */
export class Outbox {
  readonly #limit: number;
  #parcels: Parcel[] = [];
  #bytes = 0;
  #closed = false;
  #room: (() => void)[] = [];
  #arrival: (() => void) | undefined;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Resolves when the parcel is in and there is room for more. */
  async put(parcel: Parcel): Promise<void> {
    this.#parcels.push(parcel);
    this.#bytes += weight(parcel);
    this.#arrival?.();
    this.#arrival = undefined;
    while (this.#bytes > this.#limit && !this.#closed) await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Waits for a parcel; false once the outbox is closed and empty. */
  async arrived(): Promise<boolean> {
    while (this.#parcels.length === 0) {
      if (this.#closed) return false;
      await new Promise<void>((resolve) => {
        this.#arrival = resolve;
      });
    }
    return true;
  }

  /** The oldest parcels that fit into a batch, at least one if there is one. */
  take(maxBytes: number, maxParcels: number, overheadBytes: number): readonly Parcel[] {
    let count = 0;
    let bytes = 0;
    for (const { piece } of this.#parcels) {
      const size = piece === undefined ? 0 : piece.event.body.length + overheadBytes;
      if (count > 0 && (bytes + size > maxBytes || count === maxParcels)) break;
      bytes += size;
      count += 1;
    }
    const taken = this.#parcels.slice(0, count);
    this.#parcels = this.#parcels.slice(count);
    for (const parcel of taken) this.#bytes -= weight(parcel);
    if (this.#bytes <= this.#limit) for (const resume of this.#room.splice(0)) resume();
    return taken;
  }

  /** No more parcels will come: the sender gets what is left, then nothing. */
  close(): void {
    this.#closed = true;
    this.#arrival?.();
    for (const resume of this.#room.splice(0)) resume();
  }
}
