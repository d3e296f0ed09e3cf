import { createHash } from 'node:crypto';
import { crc32, gzipSync } from 'node:zlib';
import type { BodyPool } from './bodyPool';
import { latenessBucket } from './lateness';
import type { RecordFlag, SourceFacts, SourceRecord } from './source';
import type { TenantId } from './tenant';

/** The version of the record shape; rises when a consumer would have to change. */
const schemaVersion = '1';

/** One Event Hubs message, ready to send. */
export interface OutgoingEvent {
  readonly hub: string;
  readonly partitionKey: string;
  readonly messageId: string;
  readonly contentType: 'application/json';
  readonly contentEncoding?: 'gzip';
  readonly properties: Readonly<
    Record<'tenantId' | 'source' | 'category' | 'schemaVersion' | 'unit', string> & { records: number }
  >;
  readonly body: Buffer;
}

/** How events are written. `records` is the default shape `{"records":[…]}`; `single` is one bare record per event. */
export interface EventFormat {
  readonly shape: 'records' | 'single';
  readonly compression: 'none' | 'gzip';
  /** What an event is filled up to, in bytes of its body. */
  readonly targetBytes: number;
}

/** The default: about 250 KB, which fits the smallest tier of Event Hubs. */
export const defaultEventFormat: EventFormat = { shape: 'records', compression: 'none', targetBytes: 250_000 };

/** What all events of one unit have in common. */
export interface EventHeader {
  readonly hub: string;
  readonly partitionKey: string;
  readonly tenantId: TenantId;
  /** Stamped on each record when given. */
  readonly tenantName?: string;
  readonly source: Pick<SourceFacts, 'id' | 'category' | 'resourceProvider'>;
  readonly unitId: string;
  /** Carried by each record of a snapshot. */
  readonly snapshot?: string;
  /** True when a unit may be read differently next time, so that a message id has to follow from the records as well as from their place. */
  readonly isNamedByContent?: true;
  /** Used when a record has no time that can be read. */
  readonly unitTime: Date;
}

/** An event, and which records of the unit it carries. */
export interface Piece {
  readonly event: OutgoingEvent;
  /** Index in the unit of the first record. */
  readonly first: number;
  readonly records: number;
  readonly recordBytes: number;
  /** CRC-32 over the bytes of all records of the unit up to and including this piece. */
  readonly checksum: number;
  /** When the records happened, in ms, to measure how late they are once they are acknowledged. */
  readonly times: readonly number[];
}

const printable = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** JSON text in plain ASCII, so that its length in bytes is its length. */
function quote(text: string): string {
  if (printable.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const wholeSeconds = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:[0-5]\d$/;
const zoned = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:[0-5]\d(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/;

let lastDay = '';
let lastDayMs: number | undefined;

/** The start of a day of UTC; undefined when the calendar has no such day (30 February). */
function dayMs(date: string): number | undefined {
  if (date === lastDay) return lastDayMs;
  const at = Date.parse(`${date}T00:00:00Z`);
  const exists = date >= '0001-01-02' && date <= '9999-12-30' && !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
  lastDay = date;
  lastDayMs = exists ? at : undefined;
  return lastDayMs;
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

/** The start of the minute that a time begins with; undefined when there is no such minute (24:00). */
function minuteMs(text: string): number | undefined {
  const day = dayMs(text.slice(0, 10));
  const [hour, minute] = [twoDigits(text, 11), twoDigits(text, 14)];
  return day === undefined || hour > 23 || minute > 59 ? undefined : day + (hour * 60 + minute) * 60_000;
}

/**
 * Reads the time of a record: ISO 8601, UTC unless it says otherwise (audit records carry no zone, and mean UTC). Undefined when it is not a time.
 * https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
 */
export function recordTimeMs(text: string): number | undefined {
  if (text.length === 19 && wholeSeconds.test(text)) {
    const minute = minuteMs(text);
    return minute === undefined ? undefined : minute + twoDigits(text, 17) * 1_000;
  }
  const match = zoned.exec(text);
  if (match === null || minuteMs(text) === undefined) return undefined;
  const at = Date.parse(text.replace(' ', 'T') + (match[1] === undefined ? 'Z' : ''));
  return Number.isNaN(at) ? undefined : at;
}

function timeText(text: string | undefined, ms: number | undefined, otherwise: string): string {
  if (text === undefined || ms === undefined) return otherwise;
  return text.length === 19 ? `${text.slice(0, 10)}T${text.slice(11)}Z` : new Date(ms).toISOString();
}

/** An id for a record that has none: the same bytes always give the same id. */
export function hashedId(json: Buffer): string {
  return `sha256:${createHash('sha256').update(json).digest('hex').slice(0, 32)}`;
}

const opening = Buffer.from('{"records":[');
const closing = ']}';
const comma = 0x2c;
const closeBrace = 0x7d;
const smallBody = 32 * 1024;
const spareBytes = 1024;

/** How much memory the body of a full event takes. */
export function fullBodyBytes(format: Pick<EventFormat, 'targetBytes'>): number {
  return format.targetBytes + spareBytes;
}

/**
 * Packs the records of one unit into events: each record in its envelope, the original bytes untouched, events filled up to the target size and
 * cut at the same records every time, so that a message id always stands for the same records.
 */
export class EventPacker {
  readonly #header: EventHeader;
  readonly #format: EventFormat;
  readonly #now: () => Date;
  readonly #pool: BodyPool | undefined;
  readonly #head: string;
  readonly #middle: string;
  readonly #unitTime: string;
  #observed = '';
  #body: Buffer = Buffer.alloc(0);
  #length = 0;
  #times: number[] = [];
  #first: number;
  #count = 0;
  #recordBytes = 0;
  #checksum: number;

  /** Starts at a record index with the checksum of the records before it, when the unit was delivered in part. */
  constructor(
    header: EventHeader,
    format: EventFormat,
    now: () => Date,
    from: { readonly index: number; readonly checksum: number },
    pool?: BodyPool,
  ) {
    this.#header = header;
    this.#format = format;
    this.#now = now;
    this.#pool = pool;
    this.#first = from.index;
    this.#checksum = from.checksum;
    const { tenantId, tenantName, source } = header;
    this.#unitTime = header.unitTime.toISOString();
    this.#head = `","category":${quote(source.category)},"operationName":`;
    this.#middle =
      `,"resourceId":${quote(`/tenants/${tenantId}/providers/${source.resourceProvider}`)},"tenantId":"${tenantId}"` +
      (tenantName === undefined ? '' : `,"tenantName":${quote(tenantName)}`) +
      (header.snapshot === undefined ? '' : `,"snapshot":${quote(header.snapshot)}`) +
      ',"id":';
  }

  /** Adds a record (with its original bytes, when a pointer stands in for it); returns the event that was full before it, if any. */
  add(record: SourceRecord, original: Buffer = record.json): Piece | undefined {
    const { json } = record;
    if (this.#count === 0)
      this.#observed = `,"source":${quote(this.#header.source.id)},"observedTime":"${this.#now().toISOString()}"`;
    const ms = record.time === undefined ? undefined : recordTimeMs(record.time);
    const flags = record.flags;
    const properties = flags?.includes('unreadable') === true ? rawProperties(json) : json;
    const prefix =
      '{"time":"' +
      timeText(record.time, ms, this.#unitTime) +
      this.#head +
      quote(record.operation ?? 'Unknown') +
      this.#middle +
      quote(record.id ?? hashedId(json)) +
      this.#observed +
      (flags === undefined || flags.length === 0 ? '' : flagsText(flags)) +
      ',"properties":';
    const size = prefix.length + properties.length + 2;
    const full =
      this.#count > 0 && (this.#format.shape === 'single' || this.#length + size + closing.length > this.#format.targetBytes)
        ? this.flush()
        : undefined;
    this.#reserve(size + opening.length + closing.length);
    if (this.#count === 0) this.#length = this.#format.shape === 'records' ? opening.copy(this.#body) : 0;
    else this.#body[this.#length++] = comma;
    this.#write(prefix);
    this.#length += properties.copy(this.#body, this.#length);
    this.#body[this.#length++] = closeBrace;
    this.#count += 1;
    this.#recordBytes += original.length;
    this.#checksum = crc32(original, this.#checksum);
    this.#times.push(record.sent?.atMs ?? ms ?? this.#header.unitTime.getTime());
    return full;
  }

  /** Up to where the unit is packed: how many records, and the checksum over them. */
  get reached(): { readonly records: number; readonly checksum: number } {
    return { records: this.#first + this.#count, checksum: this.#checksum };
  }

  /** The event with what was added since the last one; undefined when nothing was. */
  flush(): Piece | undefined {
    if (this.#count === 0) return undefined;
    const { hub, partitionKey, tenantId, source, unitId, isNamedByContent } = this.#header;
    const place = isNamedByContent === true ? `${this.#first}|${this.#checksum}` : String(this.#first);
    if (this.#format.shape === 'records') this.#write(closing);
    const plain = this.#takeBody();
    const body = this.#format.compression === 'gzip' ? gzipSync(plain, { level: 4 }) : plain;
    const piece: Piece = {
      event: {
        hub,
        partitionKey,
        messageId: messageId(tenantId, source.id, unitId, place),
        contentType: 'application/json',
        ...(this.#format.compression === 'gzip' ? { contentEncoding: 'gzip' as const } : {}),
        properties: {
          tenantId,
          source: source.id,
          category: source.category,
          schemaVersion,
          unit: unitId.slice(0, 512),
          records: this.#count,
        },
        body,
      },
      first: this.#first,
      records: this.#count,
      recordBytes: this.#recordBytes,
      checksum: this.#checksum,
      times: this.#times,
    };
    this.#first += this.#count;
    this.#times = [];
    this.#count = 0;
    this.#recordBytes = 0;
    return piece;
  }

  #write(ascii: string): void {
    this.#length += this.#body.write(ascii, this.#length, 'latin1');
  }

  /** Makes room for so many bytes more; a body that outgrows the small start is going to be a full one. */
  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#body.length) return;
    const larger =
      needed <= smallBody
        ? Buffer.allocUnsafeSlow(smallBody)
        : (this.#pool?.take(needed) ?? Buffer.allocUnsafeSlow(Math.max(needed, fullBodyBytes(this.#format))));
    this.#body.copy(larger, 0, 0, this.#length);
    this.#body = larger;
  }

  /** What was written, in memory of about its size. */
  #takeBody(): Buffer {
    const written = this.#body.subarray(0, this.#length);
    const isSmall = this.#length * 2 < this.#body.length;
    const body = isSmall ? Buffer.from(written) : written;
    if (isSmall) this.#pool?.give(this.#body);
    this.#body = Buffer.alloc(0);
    this.#length = 0;
    return body;
  }
}

function flagsText(flags: readonly RecordFlag[]): string {
  return `,"flags":${JSON.stringify(flags)}`;
}

function rawProperties(json: Buffer): Buffer {
  return Buffer.from(`{"encoding":"base64","raw":"${json.toString('base64')}"}`);
}

function messageId(tenantId: TenantId, sourceId: string, unitId: string, place: string): string {
  return createHash('sha256').update(`${tenantId}|${sourceId}|${unitId}|${place}`).digest('hex').slice(0, 32);
}

/** The pointer that goes to the hub in place of a record too large for it: where the record is, how large, and its SHA-256. */
export function pointerRecord(record: SourceRecord, kept: { readonly blob: string; readonly sha256: string }): SourceRecord {
  const pointer = { truncated: true, size: record.json.length, sha256: kept.sha256, blob: kept.blob };
  return { ...record, id: record.id ?? hashedId(record.json), json: Buffer.from(JSON.stringify(pointer)), flags: [] };
}

/** The lateness histogram of records that happened at the given times and were acknowledged now. */
export function latenessOf(times: readonly number[], acknowledgedMs: number): number[] {
  const histogram: number[] = [];
  for (const time of times) {
    const bucket = latenessBucket((acknowledgedMs - time) / 1_000);
    while (histogram.length <= bucket) histogram.push(0);
    histogram[bucket] = (histogram[bucket] ?? 0) + 1;
  }
  return histogram;
}
