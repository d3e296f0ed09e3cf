import type { Source } from '../domain/source';
import { windowSource } from './windowSource';
import type { WindowSpec } from './graphSpec';

/**
 * A source over a list of Graph that can be filtered by time, such as alerts and sign-ins: windows of time are read, and read again with an
 * overlap that follows how late records were seen to appear; what was sent before is not sent again.
 */
export function graphWindow(spec: WindowSpec): Source {
  return windowSource(spec, 'graph');
}
