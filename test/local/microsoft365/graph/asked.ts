import type { Call } from '../call';
import type { TenantControl } from '../tenant';
import type { Claims } from '../tokens';
import type { Endpoint } from './endpoint';
import type { Place } from './endpoints';
import type { SimulatedGraph } from './graph';

/** A request on its way to an answer. */
export interface Asked {
  graph: SimulatedGraph;
  call: Call;
  control: TenantControl;
  claims: Claims;
  place: Place;
  endpoint: Endpoint;
  beta: boolean;
  /** The address without its query. */
  url: string;
  /** What `@odata.context` begins with. */
  metadata: string;
}
