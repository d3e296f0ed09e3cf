import { hash } from 'node:crypto';
import type { Blob, BlobTruth, LazyBlob, ListPosition, PublishedRecord, PublishOptions } from './blob';
import type { PublishedFiles } from './publishedFiles';
import { createRandom } from './random';
import type { Clock, Settings } from './settings';
import type { ContentType } from './tenant';

const lifeMs = 7 * 24 * 3_600_000;

/** The content id in the form of the real service: opaque to clients, with `$` inside. */
export function formatContentId(contentType: ContentType, created: Date, number: number): string {
  const stamp = created.toISOString().replace(/\D/g, '') + String(number % 1_000_000).padStart(6, '0');
  const underscored = contentType.replace('.', '_');
  return `${stamp}$${stamp}$${underscored.toLowerCase()}$${underscored}$emea00${String(number % 90).padStart(2, '0')}`;
}

function describe(records: readonly PublishedRecord[], repeat: PublishOptions['microsoftRepeat']): BlobTruth {
  const hashes = Buffer.allocUnsafe(32 * records.length);
  const lengths = new Uint32Array(records.length);
  records.forEach(({ bytes }, index) => {
    hash('sha256', bytes, 'buffer').copy(hashes, 32 * index);
    lengths[index] = bytes.length;
  });
  let repeats: Uint8Array | undefined;
  if (repeat === true) repeats = new Uint8Array(records.length).fill(1);
  else if (Array.isArray(repeat) && repeat.length > 0) {
    repeats = new Uint8Array(records.length);
    for (const index of repeat as readonly number[]) repeats[index] = 1;
  }
  return { ids: records.map(({ id }) => id), hashes, lengths, repeats };
}

function joined(records: readonly PublishedRecord[]): Buffer {
  const parts: Buffer[] = [Buffer.from('[')];
  records.forEach(({ bytes }, index) => {
    if (index > 0) parts.push(Buffer.from(','));
    parts.push(bytes);
  });
  parts.push(Buffer.from(']'));
  return Buffer.concat(parts);
}

/** Everything the service has made available, listed by the time it was created. */
export class ContentStore {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #seed: number;
  readonly #files: PublishedFiles | undefined;
  /** In order of publication. */
  readonly blobs: Blob[] = [];
  readonly #byId = new Map<string, Blob>();
  readonly #byFeed = new Map<string, Blob[]>();

  constructor(clock: Clock, settings: Settings, seed: number, files?: PublishedFiles) {
    this.#clock = clock;
    this.#settings = settings;
    this.#seed = seed;
    this.#files = files;
    if (files) for (const blob of files.read()) this.#insert({ ...blob, sequence: this.blobs.length });
  }

  /** Publishes records as one blob; a content id that is already known for the tenant is left as it is. */
  publish(tenantId: string, contentType: ContentType, records: readonly PublishedRecord[], options: PublishOptions = {}): string {
    const created = options.contentCreated ?? this.#clock.now();
    const contentId = options.contentId ?? this.#freeId(tenantId, contentType, created);
    if (this.has(tenantId, contentId)) return contentId;
    const body = options.rawBody ?? joined(records);
    const facts = {
      tenantId,
      contentType,
      contentId,
      createdMs: created.getTime(),
      visibleFromMs: options.visibleFrom?.getTime() ?? this.#listedAt(contentId, created.getTime()),
      expiresMs: options.contentExpiration?.getTime() ?? created.getTime() + lifeMs,
      records: records.length,
      truth: describe(records, options.microsoftRepeat),
    };
    const read = this.#files?.append(facts, body);
    this.#insert({ ...facts, sequence: this.blobs.length, body: read ?? (() => body) });
    return contentId;
  }

  /** Publishes many blobs whose bodies are made on demand: no hashes, nothing on disk. */
  publishMany(tenantId: string, contentType: ContentType, blobs: Iterable<LazyBlob>): string[] {
    const ids: string[] = [];
    for (const lazy of blobs) {
      const createdMs = lazy.contentCreated.getTime();
      const contentId = lazy.contentId ?? this.#freeId(tenantId, contentType, lazy.contentCreated);
      ids.push(contentId);
      if (this.has(tenantId, contentId)) continue;
      this.#insert({
        tenantId,
        contentType,
        contentId,
        sequence: this.blobs.length,
        createdMs,
        visibleFromMs: lazy.visibleFrom?.getTime() ?? createdMs,
        expiresMs: createdMs + lifeMs,
        records: lazy.records,
        body: () => lazy.body(contentId),
        truth: undefined,
      });
    }
    return ids;
  }

  /** True when the tenant already has a blob of this id. */
  has(tenantId: string, contentId: string): boolean {
    return this.#byId.has(`${tenantId}|${contentId}`);
  }

  /** The blob of this id, if it belongs to the tenant and is listed by now. */
  find(tenantId: string, contentId: string, nowMs: number): Blob | undefined {
    const blob = this.#byId.get(`${tenantId}|${contentId}`);
    return blob && blob.visibleFromMs <= nowMs ? blob : undefined;
  }

  /** One page of the blobs created in [startMs, endMs) that are visible at `nowMs`, and where the next page begins. */
  list(
    feed: { tenantId: string; contentType: ContentType },
    window: { startMs: number; endMs: number; nowMs: number },
    page: { size: number; after?: ListPosition | undefined },
  ): { blobs: Blob[]; next?: ListPosition } {
    const all = this.#byFeed.get(`${feed.tenantId}|${feed.contentType}`) ?? [];
    const from = page.after ?? { createdMs: window.startMs, sequence: -1 };
    const blobs: Blob[] = [];
    for (let i = positionAfter(all, from); i < all.length; i++) {
      const blob = all[i];
      if (!blob || blob.createdMs >= window.endMs) break;
      if (blob.visibleFromMs > window.nowMs) continue;
      const last = blobs.at(-1);
      if (last && blobs.length === page.size) {
        return { blobs, next: { createdMs: last.createdMs, sequence: last.sequence } };
      }
      blobs.push(blob);
    }
    return { blobs };
  }

  #listedAt(contentId: string, createdMs: number): number {
    const { lateShare, lateUpToMs } = this.#settings;
    if (lateShare === 0) return createdMs;
    const random = createRandom(this.#seed, 'late', contentId);
    return random.chance(lateShare) ? createdMs + random.int(60_000, lateUpToMs) : createdMs;
  }

  #freeId(tenantId: string, contentType: ContentType, created: Date): string {
    let number = this.blobs.length;
    let contentId = formatContentId(contentType, created, number);
    while (this.has(tenantId, contentId)) contentId = formatContentId(contentType, created, ++number);
    return contentId;
  }

  #insert(blob: Blob): void {
    const feed = `${blob.tenantId}|${blob.contentType}`;
    let all = this.#byFeed.get(feed);
    if (!all) this.#byFeed.set(feed, (all = []));
    const last = all.at(-1);
    if (!last || last.createdMs <= blob.createdMs) all.push(blob);
    else all.splice(positionAfter(all, blob), 0, blob);
    this.blobs.push(blob);
    this.#byId.set(`${blob.tenantId}|${blob.contentId}`, blob);
  }
}

/** The first index whose blob comes after the position. */
function positionAfter(all: readonly Blob[], position: ListPosition): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const blob = all[middle] as Blob;
    const before =
      blob.createdMs < position.createdMs || (blob.createdMs === position.createdMs && blob.sequence <= position.sequence);
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}
