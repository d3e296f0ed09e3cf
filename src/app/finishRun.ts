import { isDeepStrictEqual } from 'node:util';
import { failureOf } from '../domain/failure';
import { emptyCoverage, isSameCoverage } from '../domain/coverage';
import type { HourCoverage } from '../domain/coverage';
import { addLateness, formatLateness, latenessAt, parseLateness } from '../domain/lateness';
import type { Lateness } from '../domain/lateness';
import { formatLimitUse } from '../domain/limit';
import type { LimitUse } from '../domain/limit';
import { countRecent } from '../domain/recentRecords';
import { nextPollMs } from '../domain/schedule';
import type { CollectMessage, ScheduleEntry } from '../domain/schedule';
import type { SourceRow, SourceState } from '../domain/sourceState';
import type { ListingCursor } from '../domain/window';
import { without } from '../domain/without';
import type { CollectPorts } from './collectPorts';
import { countableHours, countHours, coverageOfDays } from './countCoverage';
import { failureWaitMs, nextState } from './nextState';
import { operationsEvents } from './operations';
import type { OperationsFact } from './operations';
import type { Outcome } from './outcome';
import { isUnclean } from './runContext';
import type { RunSubject } from './runContext';
import { choiceOf, queueMessage } from './schedule';
import { tellFacts, tellOperator, writeEvents } from './tellFacts';
import type { Told } from './tellFacts';

const dayMs = 24 * 60 * 60_000;
const never = new Date(8.64e15);

/**
 * Writes down what a run came to: coverage from the ledger, facts for the operations hub, then the row with cursor, state and next time, and the schedule.
 * The new schedule entry is there before the old one goes, so a crash in between leaves one too many, never none.
 */
export async function finishRun(
  ports: CollectPorts,
  subject: RunSubject,
  outcome: Outcome,
  signal: AbortSignal,
  afterwards: AbortSignal,
): Promise<void> {
  const { tenant, source, lease, before } = subject;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const { listed, delivery, failure } = outcome;
  const touched = await hoursToCount(ports, subject, outcome, signal);
  try {
    const changed = await writeCoverage(ports, subject, touched, signal);
    const open = await coverageOfDays(ports, scope, outcome.openDays, signal);
    const pendingUnits = open.reduce((sum, { pending }) => sum + pending, 0);
    const now = ports.clock.now();
    const state = nextState(lease.row, outcome, pendingUnits, now, { awaits: source.progress.kind === 'contentFeed' });
    const told = await tellFacts(ports, subject, outcome, changed, state, signal);
    const next = nextRun(ports, subject, outcome, now);
    const scheduled = await putNext(ports, subject, next.scheduleAt, next.more, signal);
    const limitUse = ports.limitUse(tenant.id, source.limits ?? []);
    await lease.release((row) => rowAfter(row, outcome, { before, state, pendingUnits, told, next, now, limitUse }), signal);
    await ports.schedule.remove([subject.scheduled], signal);
    // What a snapshot has said again need not be remembered twice.
    const { snapshot } = delivery.memory;
    if (snapshot !== undefined) await ports.sent.forget(scope, snapshot, now, signal);
    if (next.more && scheduled !== undefined) await queueMessage(ports, messageFor(scheduled), signal);
    ports.telemetry.event('runFinished', failure === undefined ? 'info' : 'warning', {
      tenant: tenant.id,
      source: source.id,
      state: state.name,
      failure: failure?.kind,
      code: failure?.code,
      units: delivery.units,
      records: delivery.records,
      bytes: delivery.bytes,
      pending: pendingUnits,
      gaps: listed.gaps + delivery.gaps,
      lagSecondsP50: latenessAt(delivery.lateness, 0.5),
      lagSecondsP95: latenessAt(delivery.lateness, 0.95),
      more: next.more,
    });
  } catch (error) {
    // A run that was overtaken may have written coverage that was already out of date.
    if (!afterwards.aborted && ['conflict', 'cancelled'].includes(failureOf(error)?.kind ?? ''))
      await ports.coverage.saveHours(await countHours(ports, scope, touched, afterwards), afterwards);
    throw error;
  }
}

/** The state of a source that is not run now, and when it is looked at again; after a day unless given. */
export interface Idle extends Pick<SourceState, 'name' | 'failure'> {
  readonly afterMs?: number;
}

/** Ends a run that has nothing to do: the tenant is paused, or its licences, consent or cloud do not allow the source. */
export async function endWithoutRun(
  ports: CollectPorts,
  subject: RunSubject,
  { name, failure, afterMs = dayMs }: Idle,
  signal: AbortSignal,
): Promise<void> {
  const { tenant, source, lease, before, scheduled } = subject;
  const now = ports.clock.now();
  const since = before.state.name === name && before.lastRunAt !== undefined ? before.state.since : now.toISOString();
  const state: SourceState = { name, since, ...(failure === undefined ? {} : { failure }) };
  if (name !== before.state.name || !isDeepStrictEqual(failure, before.state.failure)) {
    const facts: OperationsFact[] = [{ kind: 'state', sourceId: source.id, state, before: before.state.name }];
    tellOperator(ports, subject, facts);
    await writeEvents(ports, operationsEvents(tenant, ports.options.operationsHub, facts, now), signal);
  }
  const next = name === 'paused' ? undefined : new Date(now.getTime() + afterMs);
  await putNext(ports, subject, next, false, signal);
  const dueAt = (next ?? never).toISOString();
  await lease.release(
    (row) => ({ ...row, unclean: isUnclean(before), state, dueAt, ticket: row.epoch, lastRunAt: now.toISOString() }),
    signal,
  );
  await ports.schedule.remove([scheduled], signal);
}

/** The hours whose coverage may be other than written: those this run changed, and those an overtaken run may have changed after it was counted. */
async function hoursToCount(
  ports: CollectPorts,
  { before, tenant, source }: RunSubject,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<string[]> {
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const { listed, delivery } = outcome;
  const touched = [...listed.hours, ...delivery.hours];
  // Once a day everything is counted again, so that no miscount lasts.
  if (isUnclean(before) || (listed.complete && listed.plan?.relists === 'week'))
    return [...touched, ...(await countableHours(ports, scope, signal))];
  const open = await coverageOfDays(ports, scope, before.openDays, signal);
  return [...touched, ...open.filter(({ pending }) => pending > 0).map(({ hour }) => hour)];
}

/** Counts the hours and writes those that are not written so already. Returns what has to be told: after a run that died, everything. */
async function writeCoverage(
  ports: CollectPorts,
  subject: RunSubject,
  hours: readonly string[],
  signal: AbortSignal,
): Promise<HourCoverage[]> {
  const { tenant, source, before } = subject;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  if (hours.length === 0) return [];
  const counted = await countHours(ports, scope, hours, signal);
  const days = [...new Set(counted.map(({ hour }) => hour.slice(0, 10)))];
  const written = new Map((await coverageOfDays(ports, scope, days, signal)).map((hour) => [hour.hour, hour]));
  const changed = counted.filter((hour) => !isSameCoverage(hour, written.get(hour.hour) ?? emptyCoverage(scope, hour.hour)));
  if (changed.length > 0) await ports.coverage.saveHours(changed, signal);
  return before.unclean ? counted : changed;
}

interface NextRun {
  /** When the source is due; undefined when it runs only on request. */
  readonly dueAt: Date | undefined;
  /** When the schedule index fires: later than due when a message is sent at once. */
  readonly scheduleAt: Date | undefined;
  readonly more: boolean;
  readonly idleRuns: number;
  readonly failedRuns: number;
}

function nextRun(ports: CollectPorts, { tenant, source, before }: RunSubject, outcome: Outcome, now: Date): NextRun {
  const { listed, delivery, failure, resting } = outcome;
  const idleRuns = delivery.units === 0 && listed.fresh === 0 ? before.idleRuns + 1 : 0;
  const failedRuns = failure === undefined ? 0 : before.failedRuns + 1;
  const after = (ms: number): Date => new Date(now.getTime() + ms);
  if (failure !== undefined) {
    const dueAt = after(failureWaitMs(failure, failedRuns));
    return { dueAt, scheduleAt: dueAt, more: false, idleRuns, failedRuns };
  }
  if (outcome.interrupted) return { dueAt: now, scheduleAt: after(ports.options.recheckMs), more: true, idleRuns, failedRuns };
  const chosen = choiceOf(tenant, source)?.polling ?? { kind: 'adaptive' };
  const { everySeconds } = source;
  const polling =
    chosen.kind === 'adaptive' && everySeconds !== undefined ? ({ kind: 'every', seconds: everySeconds } as const) : chosen;
  const waits = [nextPollMs(polling, idleRuns, ports.options.polling), restMs(resting.next, now)].filter(
    (ms) => ms !== undefined,
  );
  const dueAt = waits.length === 0 ? undefined : after(Math.min(...waits));
  return { dueAt, scheduleAt: dueAt, more: false, idleRuns, failedRuns };
}

function restMs(next: Date | undefined, now: Date): number | undefined {
  return next === undefined ? undefined : Math.max(1_000, next.getTime() - now.getTime());
}

interface Written {
  readonly before: SourceRow;
  readonly state: SourceState;
  readonly pendingUnits: number;
  readonly told: Told;
  readonly next: NextRun;
  readonly limitUse: readonly LimitUse[];
  readonly now: Date;
}

function rowAfter(row: SourceRow, outcome: Outcome, { state, pendingUnits, told, next, now, limitUse }: Written): SourceRow {
  const { delivery, failure } = outcome;
  const used = limitUse.length === 0 ? {} : { limitUse: formatLimitUse(limitUse) };
  return {
    ...row,
    unclean: !told.all,
    cursor: withLateness(cursorAfter(row.cursor, outcome), delivery.windowLateness),
    memory: { ...row.memory, ...delivery.memory, ...used, recent: countRecent(row.memory.recent, delivery.records, now) },
    openDays: outcome.openDays,
    state,
    idleRuns: next.idleRuns,
    failedRuns: next.failedRuns,
    dueAt: (next.dueAt ?? never).toISOString(),
    ticket: row.epoch,
    pendingUnits,
    ...(told.reportedTo === undefined ? {} : { reportedTo: told.reportedTo }),
    firstRunAt: row.firstRunAt ?? now.toISOString(),
    lastRunAt: now.toISOString(),
    ...(failure === undefined ? { lastSuccessAt: now.toISOString() } : {}),
    ...(delivery.lastRecordAt === undefined ? {} : { lastRecordAt: delivery.lastRecordAt.toISOString() }),
    recordsTotal: row.recordsTotal + delivery.records,
    bytesTotal: row.bytesTotal + delivery.bytes,
    gapsTotal: told.gapsTotal,
  };
}

function cursorAfter(cursor: ListingCursor, { listed }: Outcome): ListingCursor {
  const { plan, complete, lastTo } = listed;
  if (plan === undefined || plan.relists === 'none') return cursor;
  const rest = without(cursor, 'weekRelistedTo');
  const at = plan.at.toISOString();
  if (complete) return { ...rest, dayRelistedAt: at, ...(plan.relists === 'week' ? { weekRelistedAt: at } : {}) };
  // All windows up to the watermark come first, so a window that ends before it belongs to the re-list.
  const relisting = plan.relists === 'week' && lastTo !== undefined && lastTo < plan.watermark;
  return relisting ? { ...rest, weekRelistedTo: lastTo.toISOString() } : cursor;
}

const mostLate = 20_000;

/** Adds what was measured; what is old counts for less and less. */
function withLateness(cursor: ListingCursor, measured: Lateness): ListingCursor {
  if (measured.length === 0) return cursor;
  const known = addLateness(parseLateness(cursor.lateness ?? ''), measured);
  const sum = known.reduce((total, count) => total + count, 0);
  const kept = sum > mostLate ? known.map((count) => Math.floor(count / 2)) : known;
  return { ...cursor, lateness: formatLateness(kept) };
}

async function putNext(
  ports: CollectPorts,
  subject: RunSubject,
  dueAt: Date | undefined,
  backlog: boolean,
  signal: AbortSignal,
): Promise<ScheduleEntry | undefined> {
  if (dueAt === undefined) return undefined;
  const { tenant, source, lease, scheduled } = subject;
  // An entry of the very same time would take the place of the one this run came from, and be removed with it.
  const at = dueAt.getTime() === scheduled.dueAt.getTime() ? new Date(dueAt.getTime() + 1) : dueAt;
  const shard = ports.shardOf(tenant.id);
  const entry: ScheduleEntry = { shard, dueAt: at, tenantId: tenant.id, sourceId: source.id, ticket: lease.row.epoch, backlog };
  await ports.schedule.put([entry], signal);
  return entry;
}

function messageFor({ tenantId, sourceId, ticket, dueAt }: ScheduleEntry): CollectMessage {
  return { v: 1, entries: [{ tenantId, sourceId, ticket, dueAt: dueAt.toISOString() }] };
}
