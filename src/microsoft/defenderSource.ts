import type { Source } from '../domain/source';
import { snapshotSource } from './graphSnapshot';
import type { SnapshotSpec, WindowSpec } from './graphSpec';
import { windowSource } from './windowSource';

/** What `graphWindow` is, over the API of Defender for Endpoint: `path` is `/alerts`. https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list */
export function defenderWindow(spec: WindowSpec): Source {
  return windowSource(spec, 'defender');
}

/** What `graphSnapshot` is, over the API of Defender for Endpoint: `path` is `/machines`. */
export function defenderSnapshot(spec: SnapshotSpec): Source {
  return snapshotSource(spec, 'defender');
}
