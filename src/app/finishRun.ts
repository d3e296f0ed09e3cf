import { cover, emptyCoverage } from '../domain/coverage';
import type { HourCoverage } from '../domain/coverage';
import { disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { ledgerDays } from '../domain/ledger';
import type { LedgerScope } from '../domain/ledger';
import type { OutgoingEvent } from '../domain/event';
import type { ScheduleEntry } from '../domain/schedule';
import { nextPollMs } from '../domain/schedule';
import type { Source } from '../domain/source';
import type { Silence, SourceRow, SourceState } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import { hourOf } from '../domain/window';
import type { Outcome } from './collect';
import type { CollectPorts } from './collectPorts';
import type { SourceLease } from './lease';
import { operationsEvents } from './operations';
import type { OperationsFact } from './operations';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Microsoft hands the first content over up to 12 hours after the first subscription. */
const firstContentMs = 12 * hourMs;
const quietAfterMs = 24 * hourMs;
const failedRunsUntilDegraded = 3;

/**
 * Writes down what a run came to: coverage from the ledger, facts for the operations hub, then the row with cursor, state and next time, and the schedule.
 * The new schedule entry is there before the old one goes, so a crash in between leaves one too many, never none.
 */
export async function finishRun(
  ports: CollectPorts,
  tenant: Tenant,
  source: Source,
  lease: SourceLease,
  before: SourceRow,
  scheduled: ScheduleEntry,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<void> {
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const now = ports.clock.now();
  const { listed, delivery, failure, interrupted } = outcome;
  const changed = before.unclean ? hoursOfDays(ledgerDays(now)) : [...new Set([...listed.hours, ...delivery.hours])].sort();
  const hours = await coverageOf(ports, scope, changed, signal);
  await ports.coverage.saveHours(hours, signal);
  const pendingUnits = outcome.openDays.length === 0 ? 0 : await countPending(ports, scope, now, signal);

  const state = nextState(lease.row, outcome, pendingUnits, now);
  const told = await tellFacts(ports, tenant, source, lease.row, before, outcome, hours, state, signal);

  const idle = delivery.units === 0 && listed.fresh === 0;
  const failed = failure !== undefined;
  const idleRuns = idle ? before.idleRuns + 1 : 0;
  const failedRuns = failed ? before.failedRuns + 1 : 0;
  const more = interrupted && !failed;
  const waitMs = failed ? failureWaitMs(failure, failedRuns) : more ? 0 : pollWaitMs(ports, tenant, source, outcome, idleRuns, now);
  const dueAt = waitMs === undefined ? undefined : new Date(now.getTime() + waitMs);
  const next = await putNext(ports, tenant, source, lease.row.epoch, more ? new Date(now.getTime() + ports.options.recheckMs) : dueAt, more, signal);

  const relisted = listed.complete && listed.plan !== undefined ? listed.plan.relists : 'none';
  await lease.release(
    (row) => ({
      ...row,
      unclean: !told.all,
      cursor: {
        ...row.cursor,
        ...(relisted === 'none' ? {} : { dayRelistedAt: now.toISOString() }),
        ...(relisted === 'week' ? { weekRelistedAt: now.toISOString() } : {}),
      },
      openDays: outcome.openDays,
      state,
      idleRuns,
      failedRuns,
      dueAt: (dueAt ?? new Date(8.64e15)).toISOString(),
      ticket: row.epoch,
      pendingUnits,
      ...(told.reportedTo === undefined ? {} : { reportedTo: told.reportedTo }),
      firstRunAt: row.firstRunAt ?? now.toISOString(),
      lastRunAt: now.toISOString(),
      ...(failed ? {} : { lastSuccessAt: now.toISOString() }),
      ...(delivery.lastRecordAt === undefined ? {} : { lastRecordAt: delivery.lastRecordAt.toISOString() }),
      recordsTotal: row.recordsTotal + delivery.records,
      bytesTotal: row.bytesTotal + delivery.bytes,
      gapsTotal: row.gapsTotal + listed.gaps + delivery.gaps,
    }),
    signal,
  );
  await ports.schedule.remove([scheduled], signal);
  if (next !== undefined && more) {
    const { tenantId, sourceId, ticket, dueAt: at } = next;
    await ports.queue.send({ v: 1, entries: [{ tenantId, sourceId, ticket, dueAt: at.toISOString() }] }, 0, signal);
  }
  ports.telemetry.event('runFinished', failed ? 'warning' : 'info', {
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
    more,
  });
}

/** Ends a run that has nothing to do: the tenant is paused, or the source does not exist in its cloud. */
export async function endWithoutRun(
  ports: CollectPorts,
  tenant: Tenant,
  source: Source,
  lease: SourceLease,
  scheduled: ScheduleEntry,
  name: 'paused' | 'notAvailable',
  signal: AbortSignal,
): Promise<void> {
  const now = ports.clock.now();
  const { state: present } = lease.row;
  const state: SourceState = present.name === name ? present : { name, since: now.toISOString() };
  if (state !== present) {
    const facts: OperationsFact[] = [{ kind: 'state', sourceId: source.id, state, before: present.name }];
    await writeEvents(ports, operationsEvents(tenant, ports.options.operationsHub, facts, now), signal);
  }
  const next = name === 'notAvailable' ? new Date(now.getTime() + 24 * hourMs) : undefined;
  await putNext(ports, tenant, source, lease.row.epoch, next, false, signal);
  await lease.release((row) => ({ ...row, unclean: row.unclean && row.epoch > 1, state, ticket: row.epoch, lastRunAt: now.toISOString() }), signal);
  await ports.schedule.remove([scheduled], signal);
}

async function putNext(
  ports: CollectPorts,
  tenant: Tenant,
  source: Source,
  ticket: number,
  dueAt: Date | undefined,
  backlog: boolean,
  signal: AbortSignal,
): Promise<ScheduleEntry | undefined> {
  if (dueAt === undefined) return undefined;
  const entry = { shard: ports.shardOf(tenant.id), dueAt, tenantId: tenant.id, sourceId: source.id, ticket, backlog };
  await ports.schedule.put([entry], signal);
  return entry;
}

function hoursOfDays(days: readonly string[]): string[] {
  return days.flatMap((day) =>
    day === 'undated' ? [day] : Array.from({ length: 24 }, (_, hour) => `${day}T${String(hour).padStart(2, '0')}`),
  );
}

async function coverageOf(ports: CollectPorts, scope: LedgerScope, hours: readonly string[], signal: AbortSignal): Promise<HourCoverage[]> {
  const result: HourCoverage[] = [];
  for (const hour of hours) {
    let covered = emptyCoverage(scope, hour);
    for await (const rows of ports.ledger.hour(scope, hour, signal)) covered = rows.reduce(cover, covered);
    if (covered.listed > 0) result.push(covered);
  }
  return result;
}

async function countPending(ports: CollectPorts, scope: LedgerScope, now: Date, signal: AbortSignal): Promise<number> {
  const hours = await ports.coverage.hours(scope, hourOf(new Date(now.getTime() - 9 * 24 * hourMs)), 'undated~', signal);
  return hours.reduce((sum, { pending }) => sum + pending, 0);
}

interface Told {
  readonly all: boolean;
  readonly reportedTo: string | undefined;
}

/** Sends coverage, gaps and the change of state; what cannot be sent now is sent by a later run. */
async function tellFacts(
  ports: CollectPorts,
  tenant: Tenant,
  source: Source,
  row: SourceRow,
  before: SourceRow,
  outcome: Outcome,
  changed: readonly HourCoverage[],
  state: SourceState,
  signal: AbortSignal,
): Promise<Told> {
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const now = ports.clock.now();
  const closedTo = lastClosedHour(row, source.progress.rules.overlapMs);
  const from = row.reportedTo ?? firstHour(outcome, closedTo);
  const fresh = closedTo !== undefined && from !== undefined && closedTo > from ? await denseHours(ports, scope, from, closedTo, signal) : [];
  const again = changed.filter(({ hour }) => hour === 'undated' || (row.reportedTo !== undefined && hour <= row.reportedTo));
  const mayHaveGaps = before.unclean || outcome.listed.gaps + outcome.delivery.gaps > 0;
  const gaps = mayHaveGaps ? await ports.coverage.unsentGaps(scope, signal) : [];
  const facts: OperationsFact[] = [
    ...(fresh.length + again.length === 0 ? [] : [{ kind: 'coverage' as const, sourceId: source.id, hours: [...again, ...fresh] }]),
    ...gaps.map((gap) => ({ kind: 'gap' as const, gap })),
    ...(state.name === before.state.name && state.failure?.code === before.state.failure?.code
      ? []
      : [{ kind: 'state' as const, sourceId: source.id, state, before: before.state.name }]),
  ];
  for (const gap of gaps)
    ports.telemetry.event('gapRecorded', 'error', {
      tenant: tenant.id,
      source: source.id,
      from: gap.from.toISOString(),
      to: gap.to.toISOString(),
      cause: gap.cause,
    });
  if (state.name !== before.state.name)
    ports.telemetry.event('stateChanged', disposition(state.failure ?? { kind: 'throttled', code: '' }) === 'person' ? 'error' : 'info', {
      tenant: tenant.id,
      source: source.id,
      state: state.name,
      before: before.state.name,
      failure: state.failure?.kind,
      code: state.failure?.code,
      silence: state.silence,
    });
  const reportedTo = fresh.length > 0 ? closedTo : row.reportedTo;
  if (facts.length === 0) return { all: true, reportedTo };
  try {
    await writeEvents(ports, operationsEvents(tenant, ports.options.operationsHub, facts, now), signal);
  } catch (error) {
    if (failureOf(error) === undefined || signal.aborted) throw error;
    ports.telemetry.event('operationsNotSent', 'warning', { tenant: tenant.id, source: source.id, facts: facts.length });
    return { all: false, reportedTo: row.reportedTo };
  }
  if (gaps.length > 0) await ports.coverage.markGapsSent(gaps, signal);
  return { all: true, reportedTo };
}

async function writeEvents(ports: CollectPorts, events: readonly OutgoingEvent[], signal: AbortSignal): Promise<void> {
  for (const event of events) await ports.sink.write([event], signal);
}

/** The last hour that is over and was listed once more after the overlap. */
function lastClosedHour(row: SourceRow, overlapMs: number): string | undefined {
  if (row.cursor.listedTo === undefined) return undefined;
  return hourOf(new Date(Date.parse(row.cursor.listedTo) - overlapMs - hourMs));
}

/** The hour before the first that a new source reports: that of the oldest content it could list. */
function firstHour(outcome: Outcome, closedTo: string | undefined): string | undefined {
  const oldest = outcome.listed.plan?.windows.reduce((first, { from }) => (from < first ? from : first), new Date(8.64e15));
  if (oldest === undefined || closedTo === undefined) return undefined;
  return hourOf(new Date(oldest.getTime() - hourMs));
}

/** Every hour after `after` up to `to`, those in which nothing was listed included: an empty hour is told as an empty hour. */
async function denseHours(ports: CollectPorts, scope: LedgerScope, after: string, to: string, signal: AbortSignal): Promise<HourCoverage[]> {
  const from = new Date(Date.parse(`${after}:00:00Z`) + hourMs);
  const end = new Date(Date.parse(`${to}:00:00Z`) + hourMs);
  const known = new Map((await ports.coverage.hours(scope, hourOf(from), hourOf(end), signal)).map((hour) => [hour.hour, hour]));
  const result: HourCoverage[] = [];
  for (let at = from.getTime(); at < end.getTime(); at += hourMs) {
    const hour = hourOf(new Date(at));
    result.push(known.get(hour) ?? emptyCoverage(scope, hour));
  }
  return result;
}

function silenceOf(row: SourceRow, outcome: Outcome, now: Date): Silence | undefined {
  const last = outcome.delivery.lastRecordAt?.toISOString() ?? row.lastRecordAt;
  if (last !== undefined) return now.getTime() - Date.parse(last) > quietAfterMs ? 'quiet' : undefined;
  const since = Date.parse(row.firstRunAt ?? now.toISOString());
  return now.getTime() - since < firstContentMs ? 'awaitingFirstContent' : 'silentSinceStart';
}

/** The state after a run: what stops the source first, then backlog, then why it may be silent. */
export function nextState(row: SourceRow, outcome: Outcome, pendingUnits: number, now: Date): SourceState {
  const { failure } = outcome;
  const silence = silenceOf(row, outcome, now);
  const make = (name: SourceState['name'], extra: { failure?: Failure; silence?: Silence } = {}): SourceState => ({
    name,
    since: row.state.name === name && row.lastRunAt !== undefined ? row.state.since : now.toISOString(),
    ...extra,
  });
  if (failure !== undefined) {
    switch (disposition(failure)) {
      case 'person':
        return make('needsAttention', { failure });
      case 'wait':
        return make('waiting', { failure });
      case 'retry':
      case 'stop':
        return row.failedRuns + 1 >= failedRunsUntilDegraded || row.state.name === 'degraded'
          ? make('degraded', { failure })
          : { ...row.state, failure };
    }
  }
  if (outcome.interrupted || (pendingUnits > 0 && outcome.delivery.resting === 0)) return make('catchingUp');
  if (pendingUnits > 0) return make('degraded', { failure: { kind: 'contentMissing', code: 'unitsResting' } });
  if (silence === 'awaitingFirstContent') return make('waiting', { silence });
  if (silence === 'silentSinceStart') return make('degraded', { silence });
  return make('collecting', silence === undefined ? {} : { silence });
}

/** How long after a failed run the next one comes: a person needs longer than a hiccup; nothing is hammered, everything heals by itself. */
export function failureWaitMs(failure: Failure, failedRuns: number): number {
  switch (disposition(failure)) {
    case 'person':
      return failure.kind === 'auditOff' ? 10 * minuteMs : failedRuns < 3 ? 5 * minuteMs : hourMs;
    case 'wait':
      return failure.kind === 'throttled' ? Math.max(minuteMs, failure.retryAfterMs ?? minuteMs) : 5 * minuteMs;
    case 'retry':
    case 'stop':
      return Math.min(15 * minuteMs, 15_000 * 2 ** Math.min(failedRuns - 1, 10));
  }
}

function pollWaitMs(ports: CollectPorts, tenant: Tenant, source: Source, outcome: Outcome, idleRuns: number, now: Date): number | undefined {
  const polling = tenant.integrations.find(({ id }) => id === source.integration)?.polling ?? { kind: 'adaptive' };
  const poll = nextPollMs(polling, idleRuns, ports.options.polling);
  const rested = outcome.delivery.restUntil.map((at) => Math.max(1_000, at.getTime() - now.getTime()));
  if (rested.length === 0) return poll;
  return Math.min(...rested, poll ?? Infinity);
}
