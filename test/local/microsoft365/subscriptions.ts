import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readAppendedLines } from './appendedLines';
import { contentTypes, type ContentType } from './tenant';

/** A subscription of a tenant to one content type. */
export interface Subscription {
  enabled: boolean;
  /** When start was last asked for, whatever the answer. */
  lastStartMs: number | undefined;
  /** When it was first enabled. */
  firstStartMs: number | undefined;
}

interface StoredSubscription extends Subscription {
  tenantId: string;
  contentType: ContentType;
}

/** The subscriptions of all tenants; kept over a restart when there is a folder. */
export class Subscriptions {
  readonly #all = new Map<string, Subscription>();
  readonly #path: string | undefined;

  constructor(folder?: string) {
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, 'subscriptions.jsonl');
    readAppendedLines(this.#path, (line) => {
      const { tenantId, contentType, ...subscription } = JSON.parse(line) as StoredSubscription;
      this.#all.set(`${tenantId}|${contentType}`, subscription);
    });
  }

  /** The subscription of this feed, if it was ever asked for. */
  get(tenantId: string, contentType: ContentType): Subscription | undefined {
    return this.#all.get(`${tenantId}|${contentType}`);
  }

  /** Replaces the subscription of this feed. */
  set(tenantId: string, contentType: ContentType, subscription: Subscription): void {
    this.#all.set(`${tenantId}|${contentType}`, subscription);
    if (this.#path !== undefined) {
      appendFileSync(this.#path, `${JSON.stringify({ tenantId, contentType, ...subscription })}\n`);
    }
  }

  /** The content types a tenant has enabled. */
  enabled(tenantId: string): ContentType[] {
    return contentTypes.filter((contentType) => this.get(tenantId, contentType)?.enabled === true);
  }
}
