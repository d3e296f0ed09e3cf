import type { Failure } from '../domain/failure';
import type { Delivery } from './delivery';
import type { Listed } from './listUnits';
import type { Resting } from './runContext';

/** What one run came to, before it is written down. */
export interface Outcome {
  readonly listed: Listed;
  readonly delivery: Delivery;
  readonly failure: Failure | undefined;
  /** True when the run was ended before its work was. */
  readonly interrupted: boolean;
  /** Ledger days that may still hold pending units. */
  readonly openDays: readonly string[];
  readonly resting: Resting;
}
