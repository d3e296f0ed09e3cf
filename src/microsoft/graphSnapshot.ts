import type { Source } from '../domain/source';
import { graphFacts } from './graphSource';
import type { GraphSourceSpec } from './graphSource';
import { listWhole } from './wholeUnits';
import { readWhole } from './wholeRead';

/** A source over a list that is read as a whole each time. */
export interface SnapshotSpec extends GraphSourceSpec {
  /** How often all objects are sent again as a snapshot, in seconds; in between, what is new, changed or gone. */
  readonly snapshotEverySeconds: number;
  /**
   * What is sent are the parts of the objects listed at `path`, from one request for each (group members, assigned app roles); only the ids
   * of the objects themselves are then asked for. A record's id is `<object>/<part>`.
   */
  readonly each?: {
    /** Where the parts of an object are, below the version: `/groups/{id}/members`. */
    readonly path: `${string}{id}${string}`;
    readonly select?: readonly string[];
    readonly pageSizes: readonly number[];
    readonly units?: number;
  };
}

/** A source over a list of Graph without filter or delta, such as policies, licences and devices. */
export function graphSnapshot(spec: SnapshotSpec): Source {
  return snapshotSource(spec, 'graph');
}

/** The same over either API. */
export function snapshotSource(spec: SnapshotSpec, api: 'graph' | 'defender'): Source {
  const { snapshotEverySeconds } = spec;
  return {
    ...graphFacts(spec, api),
    progress: { kind: 'snapshot', snapshotEverySeconds },
    list: (run, windows, memory) => listWhole(run, windows, memory, spec),
    read: (run, unit, again) => readWhole(spec, api, run, unit, again),
  };
}
