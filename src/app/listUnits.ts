import { failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { ledgerDay, ledgerHour } from '../domain/ledger';
import type { LedgerRow } from '../domain/ledger';
import type { Run, Source } from '../domain/source';
import { advanceWatermark, planListing } from '../domain/window';
import type { ListingPlan } from '../domain/window';
import type { CollectPorts } from './collectPorts';
import { gapOfSpan, gapOfUnit } from './gaps';
import type { SourceLease } from './lease';
import { retrying } from './retrying';
import type { WorkList } from './workList';

/** What came of listing. */
export interface Listed {
  units: number;
  /** Units that were not in the ledger before. */
  fresh: number;
  gaps: number;
  readonly hours: Set<string>;
  /** Ledger days of units that rest after a failure. */
  readonly restingDays: Set<string>;
  plan: ListingPlan | undefined;
  complete: boolean;
  failure: Failure | undefined;
}

interface ListContext {
  readonly ports: CollectPorts;
  readonly source: Source;
  readonly run: Run;
  readonly lease: SourceLease;
  readonly soft: AbortSignal;
  readonly hard: AbortSignal;
}

/**
 * Lists what Microsoft has made available and enters it in the ledger; the watermark passes a window only when every unit of it is there.
 * Never throws for a failure of Microsoft: what was listed before it counts, and the window is listed again next time.
 */
export async function listUnits(context: ListContext, work: WorkList): Promise<Listed> {
  const { ports, source, run, lease, hard } = context;
  const scope = { tenantId: run.tenant.id, sourceId: source.id };
  const plan = planListing(lease.row.cursor, run.now(), source.progress.rules);
  const listed: Listed = { units: 0, fresh: 0, gaps: 0, hours: new Set(), restingDays: new Set(), plan, complete: false, failure: undefined };
  const { lost } = plan;
  if (lost !== undefined) {
    await ports.coverage.recordGap(gapOfSpan(scope, lost, ports.clock.now()), hard);
    listed.gaps += 1;
  }
  let watermark = plan.watermark;
  try {
    for await (const listing of source.list({ ...run, signal: context.soft }, plan.windows)) {
      if (context.soft.aborted) return listed;
      lease.assertHeld();
      const now = ports.clock.now();
      const enlist = async () => ports.ledger.enlist(scope, listing.units, now, hard);
      const rows = listing.units.length === 0 ? [] : await retrying(ports.clock, hard, enlist);
      listed.units += rows.length;
      for (const row of rows) await noteRow(context, row, now, listed);
      const { completes } = listing;
      if (completes !== undefined) {
        const moved = advanceWatermark(watermark, completes);
        if (moved > watermark) {
          watermark = moved;
          await moveWatermark(context, watermark, rows);
        }
      }
      work.add(rows.filter((row) => isDue(row, now)));
    }
    listed.complete = true;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'conflict') throw error;
    if (!context.soft.aborted) listed.failure = failure;
  }
  return listed;
}

async function noteRow(context: ListContext, row: LedgerRow, now: Date, listed: Listed): Promise<void> {
  const isNew = row.listedAt.getTime() === now.getTime();
  if (isNew) {
    listed.fresh += 1;
    listed.hours.add(ledgerHour(row.unit));
  }
  if (row.state === 'pending' && !isDue(row, now)) listed.restingDays.add(ledgerDay(row.unit));
  // Written again each time it is listed: the process may have died between the ledger row and the gap record.
  if (row.state === 'gap') {
    const { ports, hard } = context;
    const added = await ports.coverage.recordGap(gapOfUnit(row, now), hard);
    if (added) listed.gaps += 1;
  }
}

async function moveWatermark(context: ListContext, watermark: Date, rows: readonly LedgerRow[]): Promise<void> {
  const openDays = rows.filter(({ state }) => state === 'pending').map(({ unit }) => ledgerDay(unit));
  const move = async () =>
    context.lease.update(
      (row) => ({
        ...row,
        cursor: { ...row.cursor, listedTo: watermark.toISOString() },
        openDays: [...new Set([...row.openDays, ...openDays])].sort(),
      }),
      context.hard,
    );
  await retrying(context.ports.clock, context.hard, move);
}

/** Whether a unit is to be read now: pending, and not resting after a failure. */
export function isDue(row: LedgerRow, now: Date): boolean {
  return row.state === 'pending' && (row.notBefore === undefined || row.notBefore <= now);
}
