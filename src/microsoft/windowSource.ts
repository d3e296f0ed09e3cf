import type { Source, Unit } from '../domain/source';
import type { Window } from '../domain/window';
import { graphFacts } from './graphSpec';
import type { WindowSpec } from './graphSpec';
import { readSpan } from './windowRead';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** A source that reads windows of time of a list, over either API. */
export function windowSource(spec: WindowSpec, api: 'graph' | 'defender'): Source {
  const { backfillDays, retentionDays = backfillDays, maxWindowHours } = spec;
  return {
    ...graphFacts(spec, api),
    progress: {
      kind: 'timeWindow',
      rules: {
        maxSpanMs: maxWindowHours * hourMs,
        retentionMs: retentionDays * dayMs,
        firstMs: backfillDays * dayMs,
        relistMs: 7 * dayMs,
        overlapMs: hourMs,
      },
    },
    list: async function* (run, windows) {
      for (const window of windows) yield await Promise.resolve({ units: [windowUnit(window, run.now())], completes: window });
    },
    read: (run, unit, again) => readSpan(spec, api, run, unit, again),
  };
}

/** A unit that is the reading of a window at a time: the same window is read again as another unit. */
function windowUnit({ from, to }: Window, now: Date): Unit {
  return {
    id: `window/${from.toISOString()}/${to.toISOString()}/${now.toISOString()}`,
    from,
    // Its last second: it counts for the hour that it reaches into.
    at: new Date(to.getTime() - 1_000),
    // A window that cannot be read for a week is not going to be.
    expires: new Date(now.getTime() + 7 * dayMs),
    ref: '',
  };
}
