import { layOut, type TransferLayout } from './amqpSections';
import { type EntryHead, headLength, type PayloadStore } from './partitionFile';

interface LogEntry extends EntryHead {
  position: number;
  length: number;
  bounds: Uint32Array;
}

/** One stored event with what the service assigned to it; `bytes` is the encoded message as it was sent. */
export interface LoggedEvent {
  sequenceNumber: number;
  offset: string;
  enqueuedAt: number;
  batch: number;
  bytes: Buffer;
}

/** Where a consumer wants to start; `after` leaves the named event itself out. */
export interface StartPosition {
  by: 'sequence' | 'offset' | 'time';
  value: number;
  after: boolean;
}

/** The sum of what was accepted. */
export interface AcceptedCounts {
  events: number;
  batches: number;
  bytes: number;
}

/** One partition: an ordered log with sequence numbers and offsets, and an index of it in memory. */
export class PartitionLog {
  readonly accepted: AcceptedCounts = { events: 0, batches: 0, bytes: 0 };
  readonly #store: PayloadStore;
  readonly #maxBytes: number;
  readonly #listeners = new Set<() => void>();
  #entries: LogEntry[] = [];
  #end = 0;
  #next = 0;
  #retained = 0;
  #latest = { offset: '-1', enqueuedAt: -62_135_596_800_000, batch: 0 };
  #cache: { position: number; payload: Buffer } | undefined;

  constructor(store: PayloadStore, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
    store.load((position, head, payload) => this.#index(position, head, layOut(payload, head.format), payload));
  }

  get beginSequence(): number {
    return this.#entries[0]?.firstSequence ?? this.#next;
  }

  get lastSequence(): number {
    return this.#next - 1;
  }

  get latest(): { offset: string; enqueuedAt: number; batch: number } {
    return this.#latest;
  }

  append(payload: Buffer, format: number, layout: TransferLayout, batch: number): void {
    const enqueuedAt = Math.max(Date.now(), this.#latest.enqueuedAt);
    const head = { batch, enqueuedAt, firstSequence: this.#next, format };
    this.#store.append(this.#end, head, payload);
    this.#index(this.#end, head, layout, payload);
    for (const listener of this.#listeners) listener();
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  event(sequence: number): LoggedEvent | undefined {
    const entry = this.#entries[this.#lastEntry((each) => each.firstSequence <= sequence)];
    const at = entry ? (sequence - entry.firstSequence) * 2 : 0;
    const start = entry?.bounds[at];
    const end = entry?.bounds[at + 1];
    if (!entry || start === undefined || end === undefined) return undefined;
    return {
      sequenceNumber: sequence,
      offset: String(offsetOf(entry, start)),
      enqueuedAt: entry.enqueuedAt,
      batch: entry.batch,
      bytes: this.#payload(entry).subarray(start, end),
    };
  }

  /** The first sequence number at or after a position. */
  firstFrom({ by, value, after }: StartPosition): number {
    const least = after ? value + 1 : value;
    if (by === 'sequence') return Math.min(Math.max(least, this.beginSequence), this.#next);
    if (by === 'time') {
      const before = this.#entries[this.#lastEntry((each) => each.enqueuedAt < least)];
      return before ? before.firstSequence + before.bounds.length / 2 : this.beginSequence;
    }
    const entry = this.#entries[this.#lastEntry((each) => offsetOf(each, 0) < least)];
    if (!entry) return this.beginSequence;
    const earlier = entry.bounds.filter((start, at) => at % 2 === 0 && offsetOf(entry, start) < least).length;
    return entry.firstSequence + earlier;
  }

  close(): void {
    this.#listeners.clear();
    this.#store.close();
  }

  #index(position: number, head: EntryHead, { bounds }: TransferLayout, payload: Buffer): void {
    const entry = { ...head, position, length: payload.length, bounds };
    this.#entries.push(entry);
    this.#cache = { position, payload };
    this.#end = position + headLength + payload.length;
    this.#next = head.firstSequence + bounds.length / 2;
    this.#latest = {
      offset: String(offsetOf(entry, bounds.at(-2) ?? 0)),
      enqueuedAt: head.enqueuedAt,
      batch: head.batch,
    };
    this.accepted.events += bounds.length / 2;
    this.accepted.batches += 1;
    this.accepted.bytes += payload.length;
    this.#retained += payload.length;
    this.#forget();
  }

  #forget(): void {
    let dropped = 0;
    for (; this.#retained > this.#maxBytes && dropped < this.#entries.length - 1; dropped += 1) {
      const entry = this.#entries[dropped];
      if (!entry) break;
      this.#store.drop(entry.position);
      this.#retained -= entry.length;
    }
    if (dropped > 0) this.#entries.splice(0, dropped);
  }

  #payload(entry: LogEntry): Buffer {
    if (this.#cache?.position !== entry.position) {
      this.#cache = { position: entry.position, payload: this.#store.read(entry.position, entry.length) };
    }
    return this.#cache.payload;
  }

  /** Index of the last entry for which the test holds; entries are ordered by everything that is asked for. */
  #lastEntry(holds: (entry: LogEntry) => boolean): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry && holds(entry)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function offsetOf(entry: LogEntry, start: number): number {
  return entry.position + headLength + start;
}
