import { disposition } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { Silence, SourceRow, SourceState } from '../domain/sourceState';
import type { Outcome } from './outcome';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Microsoft hands the first content over up to 12 hours after the first subscription. */
const firstContentMs = 12 * hourMs;
const quietAfterMs = 24 * hourMs;
const failedRunsUntilDegraded = 3;

function silenceOf(row: SourceRow, outcome: Outcome, now: Date, awaits: boolean): Silence | undefined {
  const last = outcome.delivery.lastRecordAt?.toISOString() ?? row.lastRecordAt ?? (awaits ? undefined : row.firstRunAt);
  if (last !== undefined) return now.getTime() - Date.parse(last) > quietAfterMs ? 'quiet' : undefined;
  if (!awaits) return undefined;
  const since = Date.parse(row.firstRunAt ?? now.toISOString());
  return now.getTime() - since < firstContentMs ? 'awaitingFirstContent' : 'silentSinceStart';
}

/** The state after a run, of a source that `awaits` its first content when there never was any (a content feed), or does not: what stops the source first, then backlog, then why it may be silent. */
export function nextState(
  row: SourceRow,
  outcome: Outcome,
  pendingUnits: number,
  now: Date,
  { awaits }: { readonly awaits: boolean },
): SourceState {
  const { failure } = outcome;
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
      case 'absent':
        return make('notAvailable', { failure });
      case 'retry':
      case 'stop':
        return row.failedRuns + 1 >= failedRunsUntilDegraded || row.state.name === 'degraded'
          ? make('degraded', { failure })
          : { ...row.state, failure };
    }
  }
  if (outcome.interrupted || (pendingUnits > 0 && outcome.resting.next === undefined)) return make('catchingUp');
  if (pendingUnits > 0) return make('degraded', { failure: { kind: 'contentMissing', code: 'unitsResting' } });
  const silence = silenceOf(row, outcome, now, awaits);
  if (silence === 'awaitingFirstContent') return make('waiting', { silence });
  if (silence === 'silentSinceStart') return make('degraded', { silence });
  return make('collecting', silence === undefined ? {} : { silence });
}

/** How long after a failed run the next one comes: a person needs longer than a hiccup; nothing is hammered, everything heals by itself. */
export function failureWaitMs(failure: Failure, failedRuns: number): number {
  switch (disposition(failure)) {
    case 'person':
      return failure.kind === 'auditOff' ? 10 * minuteMs : failedRuns < 3 ? 5 * minuteMs : hourMs;
    case 'absent':
      return 24 * hourMs;
    case 'wait':
      return failure.kind === 'throttled' ? Math.max(minuteMs, failure.retryAfterMs ?? minuteMs) : 5 * minuteMs;
    case 'retry':
    case 'stop':
      return Math.min(15 * minuteMs, 15_000 * 2 ** Math.min(failedRuns - 1, 10));
  }
}
