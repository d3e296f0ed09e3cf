import type { Source } from '../domain/source';
import { graphFacts } from './graphSpec';
import type { SnapshotSpec } from './graphSpec';
import { listWhole } from './wholeUnits';
import { readWhole } from './wholeRead';

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
