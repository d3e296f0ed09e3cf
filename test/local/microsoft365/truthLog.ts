import type { Blob } from './blob';
import type { Clock } from './settings';
import type { ContentType } from './tenant';

/** One record the service made available: what a collector has to deliver. */
export interface TruthRecord {
  tenantId: string;
  contentType: ContentType;
  contentId: string;
  /** Place in the blob. */
  index: number;
  id: string | undefined;
  /** Of the record's exact bytes, in hex. */
  sha256: string;
  bytes: number;
  visibleFrom: Date;
  /** The service had already made this record available in another blob. */
  microsoftRepeat: boolean;
}

/** How much was published for one tenant and content type; blobs of `publishMany` are counted, too. */
export interface TruthCount {
  tenantId: string;
  contentType: ContentType;
  blobs: number;
  records: number;
  repeats: number;
}

/** Which part of the truth to read. */
export interface TruthFilter {
  tenantId?: string;
  contentType?: ContentType;
  /** Counts only what was listed by then; now when absent. */
  at?: Date;
}

/** The record of everything made available, to compare with what a collector delivered. */
export class TruthLog {
  readonly #blobs: readonly Blob[];
  readonly #clock: Clock;

  constructor(blobs: readonly Blob[], clock: Clock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  /** Every record that can be listed by now (or by `at`), in order of publication; blobs of `publishMany` have none. */
  *available(filter: TruthFilter = {}): Generator<TruthRecord> {
    for (const blob of this.#listed(filter)) {
      const { truth } = blob;
      if (!truth) continue;
      for (let index = 0; index < truth.ids.length; index++) {
        yield {
          tenantId: blob.tenantId,
          contentType: blob.contentType,
          contentId: blob.contentId,
          index,
          id: truth.ids[index],
          sha256: truth.hashes.toString('hex', 32 * index, 32 * index + 32),
          bytes: truth.lengths[index] ?? 0,
          visibleFrom: new Date(blob.visibleFromMs),
          microsoftRepeat: truth.repeats?.[index] === 1,
        };
      }
    }
  }

  /** Counts for each tenant and content type, without making a record of each. */
  counts(filter: TruthFilter = {}): TruthCount[] {
    const counts = new Map<string, TruthCount>();
    for (const blob of this.#listed(filter)) {
      const key = `${blob.tenantId}|${blob.contentType}`;
      const count = counts.get(key) ?? {
        tenantId: blob.tenantId,
        contentType: blob.contentType,
        blobs: 0,
        records: 0,
        repeats: 0,
      };
      counts.set(key, count);
      count.blobs++;
      count.records += blob.records;
      for (const repeat of blob.truth?.repeats ?? []) count.repeats += repeat;
    }
    return [...counts.values()];
  }

  *#listed({ tenantId, contentType, at }: TruthFilter): Generator<Blob> {
    const atMs = (at ?? this.#clock.now()).getTime();
    for (const blob of this.#blobs) {
      if (blob.visibleFromMs > atMs) continue;
      if (tenantId !== undefined && blob.tenantId !== tenantId) continue;
      if (contentType !== undefined && blob.contentType !== contentType) continue;
      yield blob;
    }
  }
}
