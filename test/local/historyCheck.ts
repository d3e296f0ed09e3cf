import { createHash } from 'node:crypto';
import { recordsInBody } from '../../src/domain/eventRecords';

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
  readonly partitionKey?: string | undefined;
}

/** A delivered record that was never available like this. */
interface StrangeRecord {
  readonly tenantId: string;
  readonly unit: string;
  readonly id: string;
  /** The tenant it belongs to, or says it belongs to, when it is not the one it was delivered for. */
  readonly belongsTo?: string;
}

/** What the comparison of truth and hub came to. `altered`: delivered bytes that were never available in that blob of that tenant. */
export interface History {
  readonly available: number;
  readonly delivered: number;
  readonly missing: readonly AvailableRecord[];
  readonly altered: readonly StrangeRecord[];
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

/** A record of an event: its id, the tenant it names, its original bytes and the whole of it. */
export interface DeliveredRecord {
  readonly id: string;
  readonly tenantId: string | undefined;
  readonly original: Buffer;
  readonly record: Buffer;
}

/** The records of an event. Throws when the event is none of the connector's. */
export function deliveredRecords(event: Pick<HubEvent, 'body'>): DeliveredRecord[] {
  return recordsInBody(event.body, ['id', 'tenantId']).map(({ json, fields }) => ({
    id: fields[0] ?? '',
    tenantId: fields[1],
    original: originalOf(json),
    record: json,
  }));
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
 * in two blobs has to be there twice, one that the connector sent twice is a duplicate. What comes under a tenant that it does not belong to counts
 * as altered there and as missing where it belongs.
 */
export function compareHistory(truth: Iterable<AvailableRecord>, events: Iterable<HubEvent>): History {
  const wanted = new Map<string, { readonly record: AvailableRecord; count: number }>();
  const owners = new Map<string, string>();
  const keyOf = (tenantId: string, unit: string, sha256: string): string => `${tenantId}|${unit}|${sha256}`;
  let available = 0;
  for (const record of truth) {
    available += 1;
    const key = keyOf(record.tenantId, record.unit, record.sha256);
    const present = wanted.get(key);
    if (present === undefined) wanted.set(key, { record, count: 1 });
    else present.count += 1;
    owners.set(record.sha256, record.tenantId);
  }
  const altered: StrangeRecord[] = [];
  const got = new Map<string, { id: string; tenantId: string; unit: string; count: number }>();
  let delivered = 0;
  for (const event of events) {
    const tenantId = String(event.applicationProperties['tenantId']);
    const unit = String(event.applicationProperties['unit']);
    for (const { id, tenantId: named, original } of recordsOf(event)) {
      delivered += 1;
      const sha256 = sha256Of(original);
      const key = keyOf(tenantId, unit, sha256);
      if (!wanted.has(key) || named !== tenantId) {
        const owner = named === tenantId ? owners.get(sha256) : (named ?? 'nobody');
        altered.push({ tenantId, unit, id, ...(owner === undefined || owner === tenantId ? {} : { belongsTo: owner }) });
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

/** The records of an event; one that cannot be read counts as one record that nobody knows. */
function recordsOf(event: HubEvent): DeliveredRecord[] {
  try {
    return deliveredRecords(event);
  } catch {
    const named = String(event.applicationProperties['tenantId']);
    return [{ id: '(unreadable event)', tenantId: named, original: event.body, record: event.body }];
  }
}
