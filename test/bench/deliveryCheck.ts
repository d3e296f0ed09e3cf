import type { EventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import type { StoredEvent } from '../local/eventHubs/storedEvent';
import { deliveredRecords } from '../local/historyCheck';
import type { Backlog } from './backlog';

/** What came of the comparison of a backlog with what a hub accepted. */
export interface DeliveryCount {
  readonly published: number;
  readonly delivered: number;
  readonly missing: number;
  /** Records that arrived more than once, counted by how often too many. */
  readonly duplicates: number;
  /** Records whose bytes are not those that were published. */
  readonly altered: number;
  /** Records that were never published, or not in that blob. */
  readonly unknown: number;
  readonly events: number;
  readonly bodyBytes: number;
}

/** How one event is taken apart: the connector's shape, or one bare record as an ordinary connector sends it. */
export type EventShape = 'records' | 'single';

/** Something done to one delivered record, to see that the comparison notices. */
export type Plant = 'drop' | 'alter' | 'double';

/** Compares every record with the backlog as it arrives, so that nothing has to be kept: a byte for each record says how often it came. */
export class DeliveryCheck {
  readonly #backlog: Backlog;
  readonly #shape: EventShape;
  readonly #seen: Uint8Array;
  #plant: Plant | undefined;
  #right = 0;
  #duplicates = 0;
  #altered = 0;
  #unknown = 0;
  #events = 0;
  #bodyBytes = 0;

  constructor(backlog: Backlog, shape: EventShape, plant?: Plant) {
    this.#backlog = backlog;
    this.#shape = shape;
    this.#plant = plant;
    this.#seen = new Uint8Array(backlog.records);
  }

  /** How many of the published records have arrived, each counted once. */
  get arrived(): number {
    return this.#right;
  }

  /** Takes one event; events that the connector sends about itself are passed over. */
  take(event: Pick<StoredEvent, 'body' | 'applicationProperties'>): void {
    if (event.applicationProperties['source'] === 'connector') return;
    this.#events += 1;
    this.#bodyBytes += event.body.length;
    if (this.#shape === 'single') {
      this.#record(event.body, undefined);
      return;
    }
    const unit = String(event.applicationProperties['unit']);
    for (const { original } of deliveredRecords(event)) this.#record(original, unit);
  }

  /** What the comparison came to so far. */
  count(): DeliveryCount {
    const published = this.#backlog.records;
    return {
      published,
      delivered: this.#right + this.#duplicates + this.#unknown,
      missing: published - this.#right,
      duplicates: this.#duplicates,
      altered: this.#altered,
      unknown: this.#unknown,
      events: this.#events,
      bodyBytes: this.#bodyBytes,
    };
  }

  #record(bytes: Buffer, unit: string | undefined): void {
    const planted = this.#plant;
    this.#plant = undefined;
    if (planted === 'drop') return;
    if (planted === 'double') this.#record(bytes, unit);
    this.#judge(planted === 'alter' ? spoilt(bytes) : bytes, unit);
  }

  #judge(bytes: Buffer, unit: string | undefined): void {
    const number = this.#backlog.numberOf(bytes);
    const verdict = number === undefined ? 'unknown' : this.#backlog.judge(number, bytes, unit);
    if (number === undefined || verdict === 'unknown') {
      this.#unknown += 1;
      return;
    }
    if (verdict === 'altered') this.#altered += 1;
    if (this.#seen[number] === 1) this.#duplicates += 1;
    else {
      this.#seen[number] = 1;
      this.#right += 1;
    }
  }
}

function spoilt(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 2] = 0x20;
  return copy;
}

/** Hands every event that the hub accepts to the check, before the sender gets its answer; the returned function ends it. */
export function watchHub(hubs: EventHubsEmulator, hub: string, take: (event: StoredEvent) => void): () => void {
  const next = new Map<string, number>();
  return hubs.faults.onBatch((batch) => {
    if (batch.hub !== hub) return;
    for (const event of hubs.read(hub, next)) {
      next.set(event.partition, event.sequenceNumber + 1);
      take(event);
    }
  });
}
