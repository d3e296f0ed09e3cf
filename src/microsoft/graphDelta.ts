import type { Source } from '../domain/source';
import { readDelta } from './deltaRead';
import { listWhole } from './wholeUnits';
import { graphFacts } from './graphSpec';
import type { DeltaSpec } from './graphSpec';

/**
 * A source over a delta query of Graph; `path` ends in `/delta` (`/users/delta`). Each step sends what changed, removals as Microsoft tells
 * them (`@removed`); every so often all objects are sent as a snapshot. A chain that Microsoft has forgotten (410) begins again, sends what
 * changed meanwhile, and tells what is gone in records of category `Connector.Removed`.
 * https://learn.microsoft.com/graph/delta-query-overview
 */
export function graphDelta(spec: DeltaSpec): Source {
  const { snapshotEverySeconds } = spec;
  return {
    ...graphFacts(spec, 'graph'),
    progress: { kind: 'delta', snapshotEverySeconds },
    list: (run, windows, memory) => listWhole(run, windows, memory, spec),
    read: (run, unit, again) => readDelta(spec, run, unit, again),
  };
}
