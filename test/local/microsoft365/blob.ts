import type { ContentType } from './tenant';

/** What is known of the records of one blob, packed: a truth log of millions of records has to fit in memory. */
export interface BlobTruth {
  ids: readonly (string | undefined)[];
  /** 32 bytes for each record, in order. */
  hashes: Buffer;
  lengths: Uint32Array;
  /** One for each record; absent when none is a repeat. */
  repeats: Uint8Array | undefined;
}

/** One content blob the service holds. */
export interface Blob {
  tenantId: string;
  contentType: ContentType;
  contentId: string;
  /** Order of publication over all tenants. */
  sequence: number;
  createdMs: number;
  visibleFromMs: number;
  expiresMs: number;
  records: number;
  body: () => Buffer | Promise<Buffer>;
  truth: BlobTruth | undefined;
}

/** How to publish a blob, where it differs from the usual. */
export interface PublishOptions {
  /** Now when absent. */
  contentCreated?: Date;
  /** When it is first listed; `contentCreated` when absent. */
  visibleFrom?: Date;
  contentId?: string;
  /** Seven days after `contentCreated` when absent. */
  contentExpiration?: Date;
  /** Served in place of the array of the records. */
  rawBody?: Buffer;
  /** The records, by index or all of them, that the service has already made available in another blob. */
  microsoftRepeat?: boolean | readonly number[];
}

/** A blob whose body is made when it is asked for, so that benchmarks hold no bodies in memory. */
export interface LazyBlob {
  contentCreated: Date;
  /** How many records the body holds, for the counts. */
  records: number;
  contentId?: string;
  visibleFrom?: Date;
  body: (contentId: string) => Buffer;
}

/** A record ready to be published: its bytes, and its id when already known. */
export interface PublishedRecord {
  bytes: Buffer;
  id: string | undefined;
}

/** The position of a blob in a listing; the next page begins after it. */
export interface ListPosition {
  createdMs: number;
  sequence: number;
}
