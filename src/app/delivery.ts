import type { Failure } from '../domain/failure';
import { noLateness } from '../domain/lateness';
import type { Lateness } from '../domain/lateness';

/** What came of delivering, as far as it came. */
export interface Delivery {
  units: number;
  records: number;
  bytes: number;
  gaps: number;
  /** Hours of availability whose coverage changed. */
  readonly hours: Set<string>;
  lastRecordAt: Date | undefined;
  /** How late the records of this run were when they were acknowledged. */
  lateness: Lateness;
  /** What stopped the run before its work was done. */
  failure: Failure | undefined;
}

/** A delivery that has not begun. */
export function nothingYet(): Delivery {
  return {
    units: 0,
    records: 0,
    bytes: 0,
    gaps: 0,
    hours: new Set(),
    lastRecordAt: undefined,
    lateness: noLateness,
    failure: undefined,
  };
}
