import type { HourCoverage } from '../domain/coverage';
import { disposition, failureOf } from '../domain/failure';
import type { OutgoingEvent } from '../domain/event';
import type { SourceRow, SourceState } from '../domain/sourceState';
import { hourOf } from '../domain/window';
import type { CollectPorts } from './collectPorts';
import { denseHours, isPartlyLost } from './countCoverage';
import { operationsEvents } from './operations';
import type { OperationsFact } from './operations';
import type { Outcome } from './outcome';
import { isUnclean } from './runContext';
import type { RunSubject } from './runContext';

const hourMs = 3_600_000;

/** What was told, and what the row has to remember of it. */
export interface Told {
  /** False when the operations hub did not take it; a later run tells it again. */
  readonly all: boolean;
  readonly reportedTo: string | undefined;
  readonly gapsTotal: number;
}

/** Sends coverage, gaps and the change of state to the operations hub; what cannot be sent now is sent by a later run. */
export async function tellFacts(
  ports: CollectPorts,
  subject: RunSubject,
  outcome: Outcome,
  changed: readonly HourCoverage[],
  state: SourceState,
  signal: AbortSignal,
): Promise<Told> {
  const { tenant, source, lease, before } = subject;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const { row } = lease;
  const mayHaveGaps = isUnclean(before) || outcome.listed.gaps + outcome.delivery.gaps > 0;
  const known = mayHaveGaps || row.gapsTotal > 0 ? await ports.coverage.gaps(scope, signal) : [];
  const unsent = mayHaveGaps ? await ports.coverage.unsentGaps(scope, signal) : [];
  const closedTo = lastClosedHour(row, source.progress.rules.overlapMs);
  const since = listedSince(subject, outcome);
  const from = row.reportedTo ?? (since === undefined ? undefined : hourOf(new Date(since.getTime() - hourMs)));
  const fresh =
    closedTo !== undefined && from !== undefined && closedTo > from ? await denseHours(ports, scope, from, closedTo, signal) : [];
  const again = changed.filter(({ hour }) => hour === 'undated' || (row.reportedTo !== undefined && hour <= row.reportedTo));
  const hours = [...again, ...fresh].map((hour) => ({ ...hour, partlyLost: isPartlyLost(hour, known, since) }));
  const facts: OperationsFact[] = [
    ...(hours.length === 0 ? [] : [{ kind: 'coverage' as const, sourceId: source.id, hours }]),
    ...unsent.map((gap) => ({ kind: 'gap' as const, gap })),
    ...(isNewState(state, before) ? [{ kind: 'state' as const, sourceId: source.id, state, before: before.state.name }] : []),
  ];
  tellOperator(ports, subject, facts);
  const reportedTo = fresh.length > 0 ? closedTo : row.reportedTo;
  try {
    lease.assertHeld();
    await writeEvents(ports, operationsEvents(tenant, ports.options.operationsHub, facts, ports.clock.now()), signal);
  } catch (error) {
    const kind = failureOf(error)?.kind;
    if (kind === undefined || kind === 'conflict' || signal.aborted) throw error;
    ports.telemetry.event('operationsNotSent', 'warning', { tenant: tenant.id, source: source.id, facts: facts.length });
    return { all: false, reportedTo: row.reportedTo, gapsTotal: known.length };
  }
  if (unsent.length > 0) await ports.coverage.markGapsSent(unsent, signal);
  return { all: true, reportedTo, gapsTotal: known.length };
}

/** Sends events one after the other. */
export async function writeEvents(ports: CollectPorts, events: readonly OutgoingEvent[], signal: AbortSignal): Promise<void> {
  for (const event of events) await ports.sink.write([event], signal);
}

/** After a run that died or could not tell, the state is told once more: whether it was told before is not known. */
function isNewState(state: SourceState, before: SourceRow): boolean {
  return before.unclean || state.name !== before.state.name || state.failure?.code !== before.state.failure?.code;
}

/** Logs gaps and changes of state, which alerts and the workbook read. */
export function tellOperator(
  ports: CollectPorts,
  { tenant, source, before }: RunSubject,
  facts: readonly OperationsFact[],
): void {
  const who = { tenant: tenant.id, source: source.id };
  for (const fact of facts) {
    if (fact.kind === 'gap') {
      const { from, to, cause } = fact.gap;
      ports.telemetry.event('gapRecorded', 'error', { ...who, from: from.toISOString(), to: to.toISOString(), cause });
    }
    if (fact.kind === 'state' && fact.state.name !== before.state.name) {
      const { name, failure, silence } = fact.state;
      const person = failure !== undefined && disposition(failure) === 'person';
      // Silence since the start counts as degraded, too: no data is never passed over.
      const severity = person ? 'error' : name === 'degraded' ? 'warning' : 'info';
      const why = { failure: failure?.kind, code: failure?.code, silence };
      ports.telemetry.event('stateChanged', severity, { ...who, state: name, before: before.state.name, ...why });
    }
  }
}

/** The last hour that is over and was listed once more after the overlap. */
function lastClosedHour(row: SourceRow, overlapMs: number): string | undefined {
  if (row.cursor.listedTo === undefined) return undefined;
  return hourOf(new Date(Date.parse(row.cursor.listedTo) - overlapMs - hourMs));
}

/** From when on the source can have been listed at all: Microsoft keeps its content for a time only. */
function listedSince({ lease, source }: RunSubject, { listed }: Outcome): Date | undefined {
  const { reportedTo, firstRunAt } = lease.row;
  if (reportedTo !== undefined && firstRunAt !== undefined)
    return new Date(Date.parse(firstRunAt) - source.progress.rules.retentionMs);
  const times = (listed.plan?.windows ?? []).map(({ from }) => from.getTime());
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
