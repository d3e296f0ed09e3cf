import { latenessOf } from '../domain/event';
import type { OutgoingEvent, Piece } from '../domain/event';
import { ConnectorError, disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { addLateness } from '../domain/lateness';
import type { Lateness } from '../domain/lateness';
import { ledgerDay, ledgerHour, nothingDelivered, unitRestMs } from '../domain/ledger';
import type { Delivered, LedgerRow } from '../domain/ledger';
import { without } from '../domain/without';
import type { Delivery } from './delivery';
import { gapOfPart, gapOfUnit } from './gaps';
import type { Outbox, Parcel } from './outbox';
import { eventOverheadBytes } from './unitPacking';
import { retrying } from './retrying';
import type { RunContext } from './runContext';
import type { SentRecords } from './sentRecords';

const unitsPerBatch = 100;

/** Sends parcels in batches until the outbox is closed and empty. The next batch begins when the ledger says that the last one was acknowledged. */
export async function sendParcels(
  context: RunContext,
  outbox: Outbox,
  hub: string,
  limitBytes: () => Promise<number>,
  delivery: Delivery,
): Promise<void> {
  const { ports, lease, hard, tenant } = context;
  const { keysPerTenant } = ports.options;
  const rows = new Map<string, LedgerRow>();
  for (let batch = 0; await outbox.arrived(); batch += 1) {
    const parcels = outbox.take((await limitBytes()) - eventOverheadBytes, unitsPerBatch, eventOverheadBytes);
    lease.assertHeld();
    const partitionKey = keysPerTenant > 1 ? `${tenant.id}/${batch % keysPerTenant}` : tenant.id;
    const pieces = parcels.flatMap(({ piece }) => (piece === undefined ? [] : [piece]));
    const events = pieces.map(({ event }) => ({ ...event, partitionKey }));
    if (events.length > 0) await sendUntilAcknowledged(context, hub, events);
    if (context.sent !== undefined) await noteSent(context, context.sent, parcels, delivery);
    const changes = changedRows(context, parcels, rows, delivery);
    for (const row of changes.filter(({ state }) => state === 'gap')) {
      await retrying(ports.clock, hard, async () => ports.coverage.recordGap(gapOfUnit(row, ports.clock.now()), hard));
      delivery.gaps += 1;
    }
    for (const row of await saveRows(context, changes)) {
      if (row.state === 'pending') rows.set(row.unit.id, row);
      else rows.delete(row.unit.id);
    }
    context.noteProgress();
    for (const { event } of pieces) context.bodies.give(event.body);
  }
}

/** Remembers what was acknowledged, and what was found out on the way, before the ledger says that it is done. */
async function noteSent(
  { ports, lease, hard, source }: RunContext,
  sent: SentRecords,
  parcels: readonly Parcel[],
  delivery: Delivery,
): Promise<void> {
  await sent.append(parcels.flatMap((parcel) => parcel.sent ?? []));
  for (const { row, lost } of parcels) {
    if (lost === undefined) continue;
    const gap = gapOfPart(row, lost, ports.clock.now());
    if (await retrying(ports.clock, hard, async () => ports.coverage.recordGap(gap, hard))) delivery.gaps += 1;
  }
  for (const { row, end, next } of parcels) {
    if (end !== true || source.progress.kind === 'timeWindow') continue;
    const { snapshot, at } = row.unit;
    const memory = {
      ...delivery.memory,
      ...(next === undefined ? {} : { link: next }),
      ...(snapshot === undefined ? {} : { snapshot, snapshotAt: at.toISOString() }),
    };
    delivery.memory = memory;
    // Else the next run would begin another one.
    if (snapshot !== undefined)
      await retrying(ports.clock, hard, async () =>
        lease.update((before) => ({ ...before, memory: { ...before.memory, ...memory } }), hard),
      );
  }
}

/** Sends a batch again and again until Event Hubs has acknowledged it or the time is up. Meanwhile the outbox fills and reading stops. */
async function sendUntilAcknowledged(context: RunContext, hub: string, events: readonly OutgoingEvent[]): Promise<void> {
  const { ports, lease, soft, hard, tenant } = context;
  const send = async (): Promise<void> => {
    lease.assertHeld();
    await ports.sink.write(events, hard);
  };
  try {
    await retrying(ports.clock, soft.aborted ? hard : soft, send, (failure, attempt) => {
      ports.telemetry.event('hubBusy', attempt > 3 ? 'error' : 'warning', {
        tenant: tenant.id,
        hub,
        code: failure.code,
        attempt,
      });
      return failure.kind === 'hubBusy';
    });
  } catch (error) {
    if (failureOf(error)?.kind !== 'cancelled') throw error;
    throw new ConnectorError('sending', { kind: 'hubBusy', code: 'noAnswer' }, error);
  }
}

/** The rows as they shall be after these parcels were acknowledged; counts what was delivered. */
function changedRows(
  context: RunContext,
  parcels: readonly Parcel[],
  rows: ReadonlyMap<string, LedgerRow>,
  delivery: Delivery,
): readonly LedgerRow[] {
  const changed = new Map<string, LedgerRow>();
  for (const parcel of parcels) {
    const { unit } = parcel.row;
    delivery.hours.add(ledgerHour(unit));
    changed.set(unit.id, changedRow(context, changed.get(unit.id) ?? rows.get(unit.id) ?? parcel.row, parcel, delivery));
  }
  return [...changed.values()];
}

function changedRow(
  context: RunContext,
  before: LedgerRow,
  { piece, end, failure, restart, resumeAt }: Parcel,
  delivery: Delivery,
): LedgerRow {
  const now = context.ports.clock.now();
  let after: LedgerRow = restart === true ? { ...before, delivered: nothingDelivered } : before;
  if (piece !== undefined) {
    const acknowledgedAt = context.run.now();
    const lateness = latenessOf(piece.times, acknowledgedAt.getTime());
    after = { ...after, delivered: addPiece(after.delivered, piece, lateness) };
    delivery.lateness = addLateness(delivery.lateness, lateness);
    measureWindow(context, piece, acknowledgedAt, delivery);
    delivery.records += piece.records;
    delivery.bytes += piece.recordBytes;
    delivery.lastRecordAt = now;
  }
  if (resumeAt !== undefined) after = { ...after, delivered: { ...after.delivered, resumeAt } };
  if (end === true) {
    const delivered = without(after.delivered, 'resumeAt');
    after = { ...without(after, 'cause', 'notBefore'), delivered, state: 'done', fetched: true, finishedAt: now };
    delivery.units += 1;
  }
  return failure === undefined ? after : failedRow(context, after, failure);
}

function addPiece(delivered: Delivered, piece: Piece, lateness: Lateness): Delivered {
  return {
    ...delivered,
    records: delivered.records + piece.records,
    bytes: delivered.bytes + piece.recordBytes,
    checksum: piece.checksum,
    lateness: addLateness(delivered.lateness, lateness),
  };
}

/** How late records of windows can be read for the first time; what lies before the source was collected says nothing about it. */
function measureWindow({ source, lease }: RunContext, { times }: Piece, acknowledgedAt: Date, delivery: Delivery): void {
  const since = Date.parse(lease.row.firstRunAt ?? '');
  if (source.progress.kind !== 'timeWindow' || Number.isNaN(since)) return;
  const told = times.filter((at) => at >= since);
  delivery.windowLateness = addLateness(delivery.windowLateness, latenessOf(told, acknowledgedAt.getTime()));
}

/** A unit that could not be read: it rests, or, when Microsoft has dropped it or trying again cannot help, it is a gap. */
function failedRow({ ports, run, resting }: RunContext, row: LedgerRow, failure: Failure): LedgerRow {
  const now = ports.clock.now();
  const attempts = row.attempts + 1;
  if (row.unit.expires <= run.now() || disposition(failure) === 'stop')
    return { ...without(row, 'notBefore'), state: 'gap', attempts, cause: failure, finishedAt: now };
  const notBefore = new Date(now.getTime() + unitRestMs(attempts));
  resting.add(ledgerDay(row.unit), notBefore);
  // A page that is not known any more is not where to go on.
  const isForgotten = failure.kind === 'pageRefused' || failure.kind === 'chainForgotten';
  const delivered = isForgotten ? without(row.delivered, 'resumeAt') : row.delivered;
  return { ...row, delivered, attempts, cause: failure, notBefore };
}

/**
 * Records what was acknowledged. A row that somebody else changed meanwhile is read again: an older run may have finished the unit after this one took over,
 * which is as true as our own delivery. Nothing further is sent before this is durable.
 */
async function saveRows(context: RunContext, changes: readonly LedgerRow[]): Promise<readonly LedgerRow[]> {
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
