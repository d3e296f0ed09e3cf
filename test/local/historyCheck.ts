import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { RecordSplitter } from '../../src/domain/recordSplitter';

/** A record that was made available. `unit` is the content blob it is in. */
export interface AvailableRecord {
  readonly tenantId: string;
  readonly unit: string;
  readonly id: string | undefined;
  readonly sha256: string;
}

/** An event as it lies in a hub. */
export interface HubEvent {
  readonly body: Buffer;
  readonly applicationProperties: Readonly<Record<string, unknown>>;
  readonly contentEncoding?: string | undefined;
}

/** What the comparison of truth and hub came to. `altered`: delivered bytes that were never available in that blob. */
export interface History {
  readonly available: number;
  readonly delivered: number;
  readonly missing: readonly AvailableRecord[];
  readonly altered: readonly { readonly tenantId: string; readonly unit: string; readonly id: string }[];
  readonly duplicates: readonly {
    readonly tenantId: string;
    readonly unit: string;
    readonly id: string;
    readonly extra: number;
  }[];
}

const before = Buffer.from(',"properties":');

/** The bytes of the original inside a record of the connector: what follows the first unescaped `,"properties":`, up to the last brace. */
export function originalOf(record: Buffer): Buffer {
  const at = record.indexOf(before);
  if (at < 0) throw new Error('A delivered record has no properties.');
  return record.subarray(at + before.length, record.length - 1);
}

/** The records of an event, each with its id and its original bytes. */
export function deliveredRecords(event: HubEvent): { readonly id: string; readonly original: Buffer; readonly record: Buffer }[] {
  const body = event.contentEncoding === 'gzip' ? gunzipSync(event.body) : event.body;
  const splitter = new RecordSplitter(['id'], { kind: 'property', name: 'records' });
  const records = splitter.push(body);
  splitter.end();
  return records.map(({ json, fields }) => ({ id: fields[0] ?? '', original: originalOf(json), record: json }));
}

function sha256Of(original: Buffer): string {
  // A pointer stands for a record that was too large for the hub: it names the hash of what was kept.
  const pointer = /^\{"truncated":true,"size":\d+,"sha256":"([0-9a-f]{64})"/.exec(
    original.subarray(0, 200).toString('latin1'),
  )?.[1];
  return pointer ?? createHash('sha256').update(original).digest('hex');
}

/**
 * Compares what was made available with what lies in the hub, record by record and byte by byte, blob by blob: a record that Microsoft itself hands over
 * in two blobs has to be there twice, one that the connector sent twice is a duplicate.
 */
export function compareHistory(truth: Iterable<AvailableRecord>, events: Iterable<HubEvent>): History {
  const wanted = new Map<string, { readonly record: AvailableRecord; count: number }>();
  const keyOf = (tenantId: string, unit: string, sha256: string): string => `${tenantId}|${unit}|${sha256}`;
  let available = 0;
  for (const record of truth) {
    available += 1;
    const key = keyOf(record.tenantId, record.unit, record.sha256);
    const present = wanted.get(key);
    if (present === undefined) wanted.set(key, { record, count: 1 });
    else present.count += 1;
  }
  const altered: { tenantId: string; unit: string; id: string }[] = [];
  const got = new Map<string, { id: string; tenantId: string; unit: string; count: number }>();
  let delivered = 0;
  for (const event of events) {
    const tenantId = String(event.applicationProperties['tenantId']);
    const unit = String(event.applicationProperties['unit']);
    for (const { id, original } of deliveredRecords(event)) {
      delivered += 1;
      const key = keyOf(tenantId, unit, sha256Of(original));
      if (!wanted.has(key)) {
        altered.push({ tenantId, unit, id });
        continue;
      }
      const present = got.get(key);
      if (present === undefined) got.set(key, { id, tenantId, unit, count: 1 });
      else present.count += 1;
    }
  }
  const missing = [...wanted].flatMap(([key, { record, count }]) => {
    const lacking = count - (got.get(key)?.count ?? 0);
    return lacking > 0 ? Array.from({ length: lacking }, () => record) : [];
  });
  const duplicates = [...got].flatMap(([key, { id, tenantId, unit, count }]) => {
    const extra = count - (wanted.get(key)?.count ?? 0);
    return extra > 0 ? [{ tenantId, unit, id, extra }] : [];
  });
  return { available, delivered, missing, altered, duplicates };
}
