import type { ApplicationOperation } from './applicationRoute';
import type { ObjectOperation } from './graph/operations';
import type { Api, ContentType } from './tenant';

/** What a request to login or to the Management Activity API asked for. */
export type ActivityOperation =
  | 'openId'
  | 'token'
  | 'keys'
  | 'subscriptionsList'
  | 'start'
  | 'stop'
  | 'content'
  | 'nextPage'
  | 'notifications'
  | 'blob'
  | 'dlpSensitiveTypes'
  | 'unknown';

/** What a request asked for. */
export type Operation = ActivityOperation | ApplicationOperation | ObjectOperation | 'action';

/** One answered request. */
export interface RequestEntry {
  listener: 'login' | Api;
  method: string;
  operation: Operation;
  tenantId: string | undefined;
  contentType: ContentType | undefined;
  contentId: string | undefined;
  publisherIdentifier: string | undefined;
  /** Whether an Authorization header came with it. */
  authorized: boolean;
  at: Date;
  status: number;
  /** Name of the fault that shaped the answer. */
  fault: string | undefined;
}

/** The latest requests, and counters over all of them. */
export class RequestLog {
  readonly #entries: RequestEntry[] = [];
  readonly #counts = new Map<string, number>();
  readonly #limit: number;
  #total = 0;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  /** Notes an answered request. */
  add(entry: RequestEntry): void {
    // A ring: the oldest entry is overwritten once the log is full.
    this.#entries[this.#total++ % this.#limit] = entry;
    const key = `${entry.tenantId ?? ''}|${entry.operation}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** The latest requests, oldest first. */
  entries(filter: { tenantId?: string; operation?: Operation } = {}): RequestEntry[] {
    const start = this.#total % this.#limit;
    const ordered = this.#total > this.#limit ? [...this.#entries.slice(start), ...this.#entries.slice(0, start)] : this.#entries;
    return ordered.filter(
      (entry) =>
        (filter.tenantId === undefined || entry.tenantId === filter.tenantId) &&
        (filter.operation === undefined || entry.operation === filter.operation),
    );
  }

  /** How many requests there were, of all or of one tenant and operation; never forgets. */
  count(filter: { tenantId?: string; operation?: Operation } = {}): number {
    let sum = 0;
    for (const [key, count] of this.#counts) {
      const [tenantId, operation] = key.split('|');
      if (filter.tenantId !== undefined && filter.tenantId !== tenantId) continue;
      if (filter.operation !== undefined && filter.operation !== operation) continue;
      sum += count;
    }
    return sum;
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.length = 0;
    this.#counts.clear();
    this.#total = 0;
  }
}

/** A rule of the service that the client broke. */
export type Rule =
  | 'publisherIdentifierMissing'
  | 'startWithin15Minutes'
  | 'windowTooWide'
  | 'windowTooOld'
  | 'windowInFuture'
  | 'windowBackwards'
  | 'windowIncomplete'
  | 'timeFormat'
  | 'contentType'
  | 'tokenMissing'
  | 'tokenOfAnotherTenant'
  | 'tokenForAnotherService'
  | 'tokenSentToLogin'
  | 'unknownRoute'
  | 'wrongMethod'
  /** A link of Graph was changed, made up or used for another tenant. */
  | 'foreignPaging'
  | 'topOverCeiling'
  | 'unsupportedQuery'
  | 'tooManyRequests';

/** One broken rule, with what broke it. */
export interface Violation {
  rule: Rule;
  operation: Operation;
  tenantId: string | undefined;
  detail: string;
  at: Date;
}
