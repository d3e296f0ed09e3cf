import { cover, emptyCoverage, isSameCoverage } from '../../src/domain/coverage';
import type { HourCoverage } from '../../src/domain/coverage';
import { ledgerHour } from '../../src/domain/ledger';
import { activityListing } from '../../src/domain/window';
import type { ScriptedSource, ScriptedUnit } from './scriptedSource';
import type { Simulation } from './simulation';

const audit = 'm365-audit';
const dayMs = 86_400_000;

/** What a history came to, in words: empty when every invariant holds. */
export interface HistoryRules {
  /** Units whose records must be at the hub. */
  readonly wanted?: (unit: ScriptedUnit) => boolean;
  /** How many writes to the hub may have been repeated. */
  readonly repeatedWrites?: number;
  /** Live schedule entries of each source. */
  readonly liveEntries?: number;
}

/** Checks the invariants of a finished history: L0, D1, C1, C2, coverage, and the schedule. */
export function checkHistory(simulation: Simulation, source: ScriptedSource, rules: HistoryRules = {}): string[] {
  const { ledger, schedule, sourceRows } = simulation.stores;
  const problems: string[] = [...missing(simulation, source, rules), ...repeated(simulation, rules)];
  for (const row of ledger.all()) if (row.state === 'pending') problems.push(`pending: ${row.unit.id}`);
  problems.push(...coverageProblems(simulation), ...watermarkProblems(simulation, source));
  for (const row of sourceRows.history.filter(({ sourceId }) => sourceId === source.id).slice(-1)) {
    const live = schedule.entries().filter(({ sourceId, ticket }) => sourceId === row.sourceId && ticket >= row.ticket);
    if (live.length !== (rules.liveEntries ?? 1)) problems.push(`schedule: ${live.length} live entries`);
    if (row.leaseOwner !== undefined) problems.push('lease: still held');
  }
  return problems;
}

function missing({ stores }: Simulation, source: ScriptedSource, rules: HistoryRules): string[] {
  const received = new Set(stores.sink.records(audit).map(({ id }) => id));
  return source.truth(rules.wanted).flatMap((id) => (received.has(id) ? [] : [`missing: ${id}`]));
}

/** D1: what is repeated must be the records of at most so many writes, however many writes it took to send them again. */
function repeated({ stores }: Simulation, { repeatedWrites = 0 }: HistoryRules): string[] {
  const lastWrite = new Map<string, number>();
  const writes = new Set<number>();
  for (const [index, batch] of stores.sink.recordsByBatch(audit).entries())
    for (const { id } of batch) {
      const before = lastWrite.get(id);
      if (before !== undefined) writes.add(before);
      lastWrite.set(id, index);
    }
  return writes.size > repeatedWrites ? [`repeated: records of ${writes.size} writes`] : [];
}

/** The coverage that is written must be what the ledger says, hour by hour. */
function coverageProblems({ stores, clock }: Simulation): string[] {
  const forgotten = new Date(clock.now().getTime() - 8 * dayMs).toISOString();
  const counted = new Map<string, HourCoverage>();
  const problems: string[] = [];
  for (const row of stores.ledger.all()) {
    const key = `${row.scope.tenantId}|${row.scope.sourceId}|${ledgerHour(row.unit)}`;
    counted.set(key, cover(counted.get(key) ?? emptyCoverage(row.scope, ledgerHour(row.unit)), row));
  }
  for (const hour of stores.coverage.allHours()) {
    const key = `${hour.scope.tenantId}|${hour.scope.sourceId}|${hour.hour}`;
    const ledger = counted.get(key);
    counted.delete(key);
    if (ledger === undefined && hour.hour < forgotten) continue;
    if (ledger === undefined || !isSameCoverage(ledger, hour))
      problems.push(`coverage: ${hour.hour} is not what the ledger says`);
    if (hour.listed !== hour.delivered + hour.pending + hour.gaps) problems.push(`coverage: ${hour.hour} does not add up`);
  }
  for (const key of counted.keys()) problems.push(`coverage: nothing about ${key}`);
  return problems;
}

/** Whether the overlap of the listings is wide enough for the unit; later ones are found when a day or a week is listed again. */
function isInTime({ at, visibleFrom = at }: ScriptedUnit): boolean {
  return visibleFrom.getTime() - at.getTime() < activityListing.overlapMs;
}

/** C1 over every version of the row; C2 at the end, for all that was visible when it was listed. */
function watermarkProblems({ stores, clock }: Simulation, source: ScriptedSource): string[] {
  const problems: string[] = [];
  let last = '';
  for (const { cursor } of stores.sourceRows.history.filter(({ sourceId }) => sourceId === source.id)) {
    if ((cursor.listedTo ?? '') < last) problems.push(`watermark: back from ${last} to ${cursor.listedTo ?? 'nothing'}`);
    last = cursor.listedTo ?? '';
  }
  const listed = new Set(stores.ledger.all().map(({ unit }) => unit.id));
  const old = clock.now().getTime() - 7 * dayMs;
  const passed = source.units.filter((unit) => unit.at.getTime() > old && isInTime(unit) && unit.at.toISOString() < last);
  for (const { id } of passed) if (!listed.has(id)) problems.push(`watermark: passed ${id}, which is not in the ledger`);
  return problems;
}

/** C2 at every moment: whenever a watermark is written, each unit that was visible a minute before and lies behind it must be in the ledger. */
export function watchWatermark({ stores, clock }: Simulation, source: ScriptedSource): string[] {
  const problems: string[] = [];
  stores.sourceRows.onWrite = ({ cursor, sourceId }) => {
    if (cursor.listedTo === undefined || sourceId !== source.id) return;
    const listed = new Set(stores.ledger.all().map(({ unit }) => unit.id));
    const [oldest, visible] = [clock.now().getTime() - 7 * dayMs + 300_000, clock.now().getTime() - 60_000];
    for (const unit of source.units)
      if (
        unit.at.toISOString() < cursor.listedTo &&
        unit.at.getTime() > oldest &&
        isInTime(unit) &&
        (unit.visibleFrom ?? unit.at).toISOString() < cursor.listedTo &&
        (unit.visibleFrom ?? unit.at).getTime() <= visible &&
        !listed.has(unit.id)
      )
        problems.push(`watermark ${cursor.listedTo} passed ${unit.id}, which is not in the ledger`);
  };
  return problems;
}
