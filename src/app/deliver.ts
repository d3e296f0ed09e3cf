import { EventPacker, hashedId, latenessOf, pointerRecord } from '../domain/event';
import type { OutgoingEvent } from '../domain/event';
import { ConnectorError, disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { addLateness } from '../domain/lateness';
import { ledgerDay, ledgerHour, nothingDelivered, unitRestMs } from '../domain/ledger';
import type { LedgerRow } from '../domain/ledger';
import type { Run, Source, SourceRecord } from '../domain/source';
import type { Tenant } from '../domain/tenant';
import { crc32 } from 'node:zlib';
import type { CollectPorts } from './collectPorts';
import { gapOfUnit } from './gaps';
import type { SourceLease } from './lease';
import { Outbox } from './outbox';
import type { Parcel } from './outbox';
import { retrying } from './retrying';
import type { WorkList } from './workList';

/** What came of delivering, as far as it came. */
export interface Delivery {
  units: number;
  records: number;
  bytes: number;
  gaps: number;
  /** Units that could not be read this time and rest in the ledger. */
  resting: number;
  /** Hours of availability whose coverage changed. */
  readonly hours: Set<string>;
  /** Ledger days of units that rest. */
  readonly restingDays: Set<string>;
  readonly restUntil: Date[];
  lastRecordAt: Date | undefined;
  /** What stopped the run before its work was done. */
  failure: Failure | undefined;
}

/** A delivery that has not begun. */
export function nothingYet(failure?: Failure): Delivery {
  return {
    units: 0,
    records: 0,
    bytes: 0,
    gaps: 0,
    resting: 0,
    hours: new Set(),
    restingDays: new Set(),
    restUntil: [],
    lastRecordAt: undefined,
    failure,
  };
}

/** What an AMQP message needs besides its body: annotations, properties, the copies of ids; measured at under 600 bytes, with room for long unit ids. */
const eventOverheadBytes = 1_600;
const unitsPerBatch = 100;

interface DeliverContext {
  readonly ports: CollectPorts;
  readonly source: Source;
  readonly tenant: Tenant;
  readonly run: Run;
  readonly lease: SourceLease;
  /** Ends reading when the time of the run is up; what was read is still delivered. */
  readonly soft: AbortSignal;
  /** Ends everything. */
  readonly hard: AbortSignal;
  readonly stopReading: () => void;
}

/**
 * Reads the units of the work list, many at a time, and sends their records, one batch at a time. The order is the guarantee: read, send, acknowledged,
 * recorded in the ledger, and only then the next batch; so a crash repeats at most the one batch that was acknowledged but not recorded.
 */
export async function deliver(context: DeliverContext, work: WorkList): Promise<Delivery> {
  const { ports, source } = context;
  const delivery = nothingYet();
  const hub = ports.options.hubOf(source);
  const outbox = new Outbox(ports.options.outboxBytes);
  // Asked for when the first unit is there: an idle poll needs no link to the hub.
  let asked: Promise<number> | undefined;
  const limitBytes = async (): Promise<number> => {
    asked ??= retrying(ports.clock, context.soft, async () => ports.sink.batchLimitBytes(hub, context.soft));
    return asked;
  };
  const readers = Array.from({ length: ports.options.unitsInFlight }, async () => readUnits(context, work, outbox, hub, limitBytes, delivery));
  const reading = Promise.all(readers).finally(() => outbox.close());
  const sending = sendParcels(context, outbox, hub, limitBytes, delivery).catch((error: unknown) => {
    context.stopReading();
    work.close(true);
    outbox.close();
    throw error;
  });
  const [read, sent] = await Promise.allSettled([reading, sending]);
  if (sent.status === 'rejected') throw sent.reason;
  if (read.status === 'rejected') throw read.reason;
  return delivery;
}

async function readUnits(
  context: DeliverContext,
  work: WorkList,
  outbox: Outbox,
  hub: string,
  limitBytes: () => Promise<number>,
  delivery: Delivery,
): Promise<void> {
  for (;;) {
    const row = await work.next();
    if (row === undefined || context.soft.aborted) return;
    try {
      await readUnit(context, row, outbox, hub, await limitBytes());
    } catch (error) {
      const failure = failureOf(error);
      if (context.soft.aborted) return;
      if (failure === undefined) throw error;
      if (concernsUnit(failure)) {
        await outbox.put({ row, failure });
      } else {
        delivery.failure ??= failure;
        context.stopReading();
        work.close(true);
        return;
      }
    }
  }
}

/** Whether a failure is about one unit, which rests while others go on, or about the tenant, the credential or the store, which ends the run. */
function concernsUnit(failure: Failure): boolean {
  switch (failure.kind) {
    case 'contentMissing':
    case 'contentExpired':
    case 'unexpectedResponse':
    case 'unavailable':
    case 'refusedUrl':
    case 'rejectedRequest':
      return true;
    default:
      return false;
  }
}

async function readUnit(context: DeliverContext, row: LedgerRow, outbox: Outbox, hub: string, limitBytes: number): Promise<void> {
  const known = row.delivered;
  if (known.records > 0 && !(await readFrom(context, row, outbox, hub, limitBytes, known))) {
    // The unit reads differently than before: what was delivered may belong to another version of it, so it is delivered whole.
    context.ports.telemetry.event('unitChanged', 'warning', { tenant: context.tenant.id, source: context.source.id });
    await readFrom(context, { ...row, delivered: nothingDelivered }, outbox, hub, limitBytes, nothingDelivered, true);
  } else if (known.records === 0) {
    await readFrom(context, row, outbox, hub, limitBytes, nothingDelivered);
  }
}

/** Reads a unit, skipping what is delivered already; returns false, having sent nothing, when the skipped part is not what was delivered. */
async function readFrom(
  context: DeliverContext,
  row: LedgerRow,
  outbox: Outbox,
  hub: string,
  limitBytes: number,
  skip: { readonly records: number; readonly checksum: number },
  restart = false,
): Promise<boolean> {
  const { ports, source, tenant, run } = context;
  const format = { ...ports.options.format, targetBytes: Math.min(ports.options.format.targetBytes, limitBytes - eventOverheadBytes) };
  const packer = new EventPacker(
    {
      hub,
      partitionKey: tenant.id,
      tenantId: tenant.id,
      ...(tenant.stampName ? { tenantName: tenant.name } : {}),
      source,
      unitId: row.unit.id,
      unitTime: row.unit.at,
    },
    format,
    ports.clock.now,
    { index: skip.records, checksum: skip.checksum },
  );
  let toSkip = skip.records;
  let checksum = 0;
  let first = restart;
  for await (const records of source.read({ ...run, signal: context.soft }, row.unit)) {
    for (const record of records) {
      if (toSkip > 0) {
        checksum = crc32(record.json, checksum);
        toSkip -= 1;
        if (toSkip === 0 && checksum !== skip.checksum) return false;
        continue;
      }
      const piece = packer.add(await fitting(context, record, limitBytes), record.json);
      if (piece !== undefined) {
        await outbox.put({ row, piece, ...(first ? { restart: true } : {}) });
        first = false;
        if (context.soft.aborted) throw new ConnectorError('reading a unit', { kind: 'cancelled', code: 'timeIsUp' });
      }
    }
  }
  if (toSkip > 0) return false;
  const last = packer.flush();
  await outbox.put({ row, end: true, ...(last === undefined ? {} : { piece: last }), ...(first ? { restart: true } : {}) });
  return true;
}

/** The room an envelope may take around a record: time, names and ids, all bounded by what Microsoft sends. */
const envelopeBytes = 8_192;

async function fitting(context: DeliverContext, record: SourceRecord, limitBytes: number): Promise<SourceRecord> {
  const raw = record.flags?.includes('unreadable') === true;
  const size = raw ? Math.ceil(record.json.length / 3) * 4 : record.json.length;
  if (size + envelopeBytes + eventOverheadBytes <= limitBytes) return shortened(record);
  const id = record.id ?? hashedId(record.json);
  const { tenant, source, ports } = context;
  const keep = async () => ports.oversize.keep({ tenantId: tenant.id, sourceId: source.id, id, json: record.json }, context.hard);
  const kept = await retrying(ports.clock, context.soft, keep);
  ports.telemetry.event('oversizeRecord', 'info', { tenant: tenant.id, source: source.id, bytes: record.json.length });
  return pointerRecord(shortened(record), kept);
}

const longestName = 1_000;

/** An id or operation of absurd length must not push the envelope over the limit; the original stays in the properties. */
function shortened(record: SourceRecord): SourceRecord {
  const { id, operation } = record;
  if ((id === undefined || id.length <= longestName) && (operation === undefined || operation.length <= longestName)) return record;
  return {
    ...record,
    ...(id === undefined ? {} : { id: id.length <= longestName ? id : hashedId(Buffer.from(id)) }),
    ...(operation === undefined ? {} : { operation: operation.slice(0, longestName) }),
  };
}

async function sendParcels(
  context: DeliverContext,
  outbox: Outbox,
  hub: string,
  limitBytes: () => Promise<number>,
  delivery: Delivery,
): Promise<void> {
  const { ports, lease, hard } = context;
  const rows = new Map<string, LedgerRow>();
  for (let batch = 0; ; batch += 1) {
    if (!(await outbox.arrived())) return;
    const parcels = outbox.take((await limitBytes()) - eventOverheadBytes, unitsPerBatch, eventOverheadBytes);
    lease.assertHeld();
    const { keysPerTenant } = ports.options;
    const partitionKey = keysPerTenant > 1 ? `${context.tenant.id}/${batch % keysPerTenant}` : context.tenant.id;
    const events = parcels.flatMap(({ piece }) => (piece === undefined ? [] : [{ ...piece.event, partitionKey }]));
    if (events.length > 0) await sendUntilAcknowledged(context, hub, events);
    const acknowledgedAt = ports.clock.now();
    const changes = changedRows(parcels, rows, acknowledgedAt, delivery);
    for (const row of changes)
      if (row.state === 'gap') {
        await retrying(ports.clock, hard, async () => ports.coverage.recordGap(gapOfUnit(row, acknowledgedAt), hard));
        delivery.gaps += 1;
      }
    const saved = await saveRows(context, changes);
    for (const row of saved) {
      if (row.state === 'pending' && row.notBefore === undefined) rows.set(row.unit.id, row);
      else rows.delete(row.unit.id);
    }
  }
}

/** Sends a batch again and again until Event Hubs has acknowledged it or the time is up. Meanwhile the outbox fills and reading stops. */
async function sendUntilAcknowledged(context: DeliverContext, hub: string, events: readonly OutgoingEvent[]): Promise<void> {
  const { ports, lease, hard, tenant } = context;
  const send = async (): Promise<void> => {
    lease.assertHeld();
    await ports.sink.write(events, hard);
  };
  await retrying(ports.clock, context.soft.aborted ? hard : context.soft, send, (failure, attempt) => {
    ports.telemetry.event('hubBusy', attempt > 3 ? 'error' : 'warning', { tenant: tenant.id, hub, code: failure.code, attempt });
    return failure.kind === 'hubBusy';
  });
}

/** The rows as they shall be after these parcels were acknowledged; counts what was delivered. */
function changedRows(parcels: readonly Parcel[], rows: ReadonlyMap<string, LedgerRow>, now: Date, delivery: Delivery): LedgerRow[] {
  const changed = new Map<string, LedgerRow>();
  for (const { row, piece, end, failure, restart } of parcels) {
    const before = changed.get(row.unit.id) ?? rows.get(row.unit.id) ?? row;
    delivery.hours.add(ledgerHour(row.unit));
    let after: LedgerRow = restart === true ? { ...before, delivered: nothingDelivered } : before;
    if (piece !== undefined) {
      const { records, recordBytes: bytes, checksum, times } = piece;
      delivery.records += records;
      delivery.bytes += bytes;
      delivery.lastRecordAt = now;
      after = {
        ...after,
        delivered: {
          records: after.delivered.records + records,
          bytes: after.delivered.bytes + bytes,
          checksum,
          lateness: addLateness(after.delivered.lateness, latenessOf(times, now.getTime())),
        },
      };
    }
    if (end === true) {
      const { cause: _cause, notBefore: _notBefore, ...rest } = after;
      after = { ...rest, state: 'done', fetched: true, finishedAt: now };
      delivery.units += 1;
    }
    if (failure !== undefined) after = failedRow(after, failure, now, delivery);
    changed.set(row.unit.id, after);
  }
  return [...changed.values()];
}

function failedRow(row: LedgerRow, failure: Failure, now: Date, delivery: Delivery): LedgerRow {
  const attempts = row.attempts + 1;
  const lost = failure.kind === 'contentExpired' || row.unit.expires <= now || disposition(failure) === 'stop';
  if (lost) return { ...row, state: 'gap', attempts, cause: failure, finishedAt: now };
  const notBefore = new Date(now.getTime() + unitRestMs(attempts));
  delivery.resting += 1;
  delivery.restUntil.push(notBefore);
  delivery.restingDays.add(ledgerDay(row.unit));
  return { ...row, attempts, cause: failure, notBefore };
}

/**
 * Records what was acknowledged. A row that somebody else changed meanwhile is read again: an older run may have finished the unit after this one took over,
 * which is as true as our own delivery. Nothing further is sent before this is durable.
 */
async function saveRows(context: DeliverContext, changes: readonly LedgerRow[]): Promise<readonly LedgerRow[]> {
  const { ports, lease, hard } = context;
  const save = async (rows: readonly LedgerRow[]) => retrying(ports.clock, hard, async () => ports.ledger.save(rows, hard));
  try {
    return await save(changes);
  } catch (error) {
    if (failureOf(error)?.kind !== 'conflict') throw error;
    await lease.update((row) => row, hard);
    const saved: LedgerRow[] = [];
    for (const change of changes) {
      const present = await ports.ledger.find(change.scope, change.unit, hard);
      if (present === undefined) throw error;
      if (present.state !== 'pending') saved.push(present);
      else saved.push(...(await save([{ ...change, etag: present.etag }])));
    }
    return saved;
  }
}
