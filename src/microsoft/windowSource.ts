import type { Source, Unit } from '../domain/source';
import type { Window } from '../domain/window';
import { graphFacts } from './graphSource';
import type { GraphSourceSpec } from './graphSource';
import { readSpan } from './windowRead';

/** A source over a list that can be filtered by a time. */
export interface WindowSpec extends GraphSourceSpec {
  /** The top-level field that windows filter by (`ge` and `le`): when Microsoft says that the record was made, or last changed. */
  readonly filterBy: string;
  /** The field whose value makes a new event of the same object: a record's id is then `<id>/<value>`. Without it, a record whose bytes changed is sent again. */
  readonly versionField?: string;
  /** How far back the first collection goes, in days. */
  readonly backfillDays: number;
  /** How far back the API can be asked, in days; as far as the back-fill unless given. What lies further back when the connector was down is a gap. */
  readonly retentionDays?: number;
  /** The longest window of one read, in hours. */
  readonly maxWindowHours: number;
}

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
      for (const window of windows)
        yield await Promise.resolve({ units: [windowUnit(window, run.now())], completes: window });
    },
    read: (run, unit, again) => readSpan(spec, api, run, unit, again),
  };
}

/** A unit that is the reading of a window at a time: the same window is read again as another unit. */
function windowUnit({ from, to }: Window, now: Date): Unit {
  const ref = `${from.toISOString()}/${to.toISOString()}`;
  return {
    id: `window/${ref}/${now.toISOString()}`,
    // Its last second: it counts for the hour that it reaches into.
    at: new Date(to.getTime() - 1_000),
    // A window that cannot be read for a week is not going to be.
    expires: new Date(now.getTime() + 7 * dayMs),
    ref,
  };
}

/** The inverse of a window unit's `ref`. */
export function windowOf({ ref }: Pick<Unit, 'ref'>): Window {
  const [from = '', to = ''] = ref.split('/');
  return { from: new Date(from), to: new Date(to) };
}
