import { hash } from 'node:crypto';
import type { LoadedRecord } from './recordFiles';
import type { Service } from './service';
import { isHealthy, type ContentType } from './tenant';

/** How records from a folder are published. */
export interface ReplayOptions {
  /** `once` (the usual), or again and again: one blob every `everyMs` of the clock, with the same bytes and ids. */
  mode?: 'once' | 'loop';
  /** 20 when absent. */
  recordsPerBlob?: number;
  /** 10 seconds when absent. */
  everyMs?: number;
}

interface Chunk {
  contentType: ContentType;
  records: LoadedRecord[];
  /** Records whose id came up earlier in the same folder. */
  repeats: number[];
  digest: string;
}

/** Publishes records from a folder for every healthy tenant: all of them at once, then slowly again if asked to. */
export class Replay {
  readonly #service: Service;
  readonly #chunks: Chunk[];
  readonly #everyMs: number;
  readonly #loop: boolean;
  #next = 0;
  #nextMs: number;

  constructor(service: Service, records: readonly LoadedRecord[], options: ReplayOptions) {
    this.#service = service;
    this.#chunks = chunked(records, options.recordsPerBlob ?? 20);
    this.#everyMs = options.everyMs ?? 10_000;
    this.#loop = options.mode === 'loop' && this.#chunks.length > 0;
    const now = service.clock.now();
    this.#nextMs = now.getTime() + this.#everyMs;
    for (const chunk of this.#chunks) this.#publish(chunk, now, 'first', chunk.repeats);
  }

  /** Blobs of one pass for one tenant. */
  get blobs(): number {
    return this.#chunks.length;
  }

  /** Publishes the blobs that have come due; at most one pass for each call. */
  advance(now: Date): number {
    let blobs = 0;
    while (this.#loop && this.#nextMs <= now.getTime() && blobs < this.#chunks.length) {
      const chunk = this.#chunks[this.#next % this.#chunks.length];
      if (chunk) this.#publish(chunk, new Date(this.#nextMs), String(this.#nextMs), true);
      this.#next++;
      this.#nextMs += this.#everyMs;
      blobs++;
    }
    if (this.#nextMs <= now.getTime()) this.#nextMs = now.getTime() + this.#everyMs;
    return blobs;
  }

  #publish({ contentType, records, digest }: Chunk, created: Date, pass: string, microsoftRepeat: true | number[]): void {
    for (const { tenant, mood } of this.#service.tenants.values()) {
      if (!isHealthy(mood)) continue;
      // The first pass has the same ids after a restart, so a kept folder is not filled with it again.
      const contentId = `replay${digest}$${pass}$${contentType.replace('.', '_').toLowerCase()}`;
      this.#service.content.publish(tenant.tenantId, contentType, records, {
        contentId,
        contentCreated: created,
        microsoftRepeat,
      });
    }
  }
}

function chunked(records: readonly LoadedRecord[], size: number): Chunk[] {
  const chunks: Chunk[] = [];
  const open = new Map<ContentType, Chunk>();
  const seen = new Set<string>();
  for (const record of records) {
    const { contentType, valid } = record;
    let chunk = valid ? open.get(contentType) : undefined;
    if (!chunk || chunk.records.length >= size) {
      chunk = { contentType, records: [], repeats: [], digest: '' };
      chunks.push(chunk);
      if (valid) open.set(contentType, chunk);
    }
    const key = `${contentType}|${record.id ?? hash('sha256', record.bytes)}`;
    if (seen.has(key)) chunk.repeats.push(chunk.records.length);
    seen.add(key);
    chunk.records.push(record);
  }
  chunks.forEach((chunk, index) => {
    chunk.digest = hash('sha256', Buffer.concat([Buffer.from(`${index}|`), ...chunk.records.map(({ bytes }) => bytes)])).slice(
      0,
      20,
    );
  });
  return chunks;
}
