import { ConnectorError, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { ledgerDay, ledgerHour } from '../domain/ledger';
import type { LedgerRow } from '../domain/ledger';
import type { Listing } from '../domain/source';
import { advanceWatermark, listableSince } from '../domain/window';
import type { ListingPlan, Window } from '../domain/window';
import { gapOfSpan, gapOfUnit } from './gaps';
import { planRun, rulesOf } from './plan';
import { retrying } from './retrying';
import type { RunContext } from './runContext';
import type { WorkList } from './workList';

/** What came of listing. */
export interface Listed {
  units: number;
  /** Units that were not in the ledger before. */
  fresh: number;
  gaps: number;
  /** Hours of availability whose coverage changed. */
  readonly hours: Set<string>;
  /** Ledger days of the units that were found pending. */
  readonly openDays: Set<string>;
  plan: ListingPlan | undefined;
  /** True when every window of the plan was listed to its end. */
  complete: boolean;
  /** The end of the last window that was listed to its end. */
  lastTo: Date | undefined;
  failure: Failure | undefined;
}

/** A listing that did not take place. */
export function notListed(plan?: ListingPlan): Listed {
  return {
    units: 0,
    fresh: 0,
    gaps: 0,
    hours: new Set(),
    openDays: new Set(),
    plan,
    complete: false,
    lastTo: undefined,
    failure: undefined,
  };
}

/**
 * Lists what Microsoft has made available and enters it in the ledger; the watermark passes a window only when every unit of it is there.
 * Never throws for a failure of Microsoft: what was listed before it counts, and the window is listed again next time.
 */
export async function listUnits(context: RunContext, work: WorkList): Promise<Listed> {
  const { ports, source, run, lease, tenant } = context;
  const plan = planRun(source.progress, lease.row.cursor, run.now());
  const listed = notListed(plan);
  if (plan.rewound)
    ports.telemetry.event('watermarkRefused', 'error', {
      tenant: tenant.id,
      source: source.id,
      watermark: lease.row.cursor.listedTo,
    });
  try {
    if (plan.lost !== undefined) await recordLost(context, plan.lost, listed);
    let watermark = plan.watermark;
    for (const planned of plan.windows) {
      const since = listableSince(run.now(), rulesOf(source.progress));
      if (since > watermark) {
        await recordLost(context, { from: watermark, to: since }, listed);
        watermark = since;
      }
      if (planned.to <= since) continue;
      const window = { from: planned.from < since ? since : planned.from, to: planned.to };
      watermark = await listWindow(context, window, watermark, listed, work);
      if (context.soft.aborted) return listed;
      listed.lastTo = window.to;
    }
    listed.complete = true;
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind === 'conflict' || (failure === undefined && !context.soft.aborted)) throw error;
    if (!context.soft.aborted) listed.failure = failure;
  }
  return listed;
}

/** Lists one window and returns where the watermark stands then. Throws when the list ends before the window is named complete. */
async function listWindow(context: RunContext, window: Window, watermark: Date, listed: Listed, work: WorkList): Promise<Date> {
  const { source, run, soft, lease } = context;
  let reached = watermark;
  let complete = false;
  for await (const listing of source.list({ ...run, signal: soft }, [window], lease.row.memory)) {
    if (soft.aborted) return reached;
    lease.assertHeld();
    const now = context.ports.clock.now();
    const rows = await enlist(context, listing, now, listed);
    if (listing.completes !== undefined) {
      const moved = advanceWatermark(reached, listing.completes);
      if (moved > reached) await moveWatermark(context, moved);
      reached = moved;
      complete ||= listing.completes.to >= window.to;
    }
    work.add(rows.filter((row) => isDue(row, now)));
  }
  if (!complete && !soft.aborted)
    throw new ConnectorError('listing', {
      kind: 'unexpectedResponse',
      code: 'incompleteList',
      detail: 'The list ended before its end.',
    });
  return reached;
}

async function enlist(context: RunContext, listing: Listing, now: Date, listed: Listed): Promise<readonly LedgerRow[]> {
  const { ports, source, tenant, hard } = context;
  if (listing.units.length === 0) return [];
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const rows = await retrying(ports.clock, hard, async () => ports.ledger.enlist(scope, listing.units, now, hard));
  listed.units += rows.length;
  for (const row of rows) await noteRow(context, row, now, listed);
  return rows;
}

async function noteRow(context: RunContext, row: LedgerRow, now: Date, listed: Listed): Promise<void> {
  if (row.listedAt.getTime() === now.getTime()) {
    listed.fresh += 1;
    listed.hours.add(ledgerHour(row.unit));
  }
  if (row.state === 'pending') {
    listed.openDays.add(ledgerDay(row.unit));
    if (row.notBefore !== undefined && !isDue(row, now)) context.resting.add(ledgerDay(row.unit), row.notBefore);
  }
  // Written again each time it is listed: the process may have died between the ledger row and the gap record.
  if (row.state === 'gap' && (await context.ports.coverage.recordGap(gapOfUnit(row, now), context.hard))) listed.gaps += 1;
}

/** Records what can no longer be listed, less what an earlier run that died recorded already. */
async function recordLost(context: RunContext, lost: Window, listed: Listed): Promise<void> {
  const { ports, source, tenant, hard } = context;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  let { from } = lost;
  const known = (await ports.coverage.gaps(scope, hard)).filter(({ unitId }) => unitId === undefined);
  for (const gap of known.toSorted((a, b) => a.from.getTime() - b.from.getTime()))
    if (gap.from <= from && gap.to > from) from = gap.to;
  if (from >= lost.to) return;
  if (await ports.coverage.recordGap(gapOfSpan(scope, { from, to: lost.to }, ports.clock.now()), hard)) listed.gaps += 1;
}

async function moveWatermark(context: RunContext, watermark: Date): Promise<void> {
  const { ports, lease, hard } = context;
  const move = async () =>
    lease.update((row) => ({ ...row, cursor: { ...row.cursor, listedTo: watermark.toISOString() } }), hard);
  await retrying(ports.clock, hard, move);
}

/** Whether a unit is to be read now: pending, and not resting after a failure. */
export function isDue(row: LedgerRow, now: Date): boolean {
  return row.state === 'pending' && (row.notBefore === undefined || row.notBefore <= now);
}
