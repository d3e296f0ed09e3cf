import { addLateness, formatLateness, noLateness } from './lateness';
import type { Lateness } from './lateness';
import type { LedgerRow, LedgerScope } from './ledger';

/** What the ledger proves about one source of one tenant for one hour of availability (`2026-11-22T10`, UTC). */
export interface HourCoverage {
  readonly scope: LedgerScope;
  readonly hour: string;
  /** Units Microsoft listed as made available in this hour; always delivered + pending + gaps. */
  readonly listed: number;
  readonly fetched: number;
  readonly delivered: number;
  readonly pending: number;
  readonly gaps: number;
  readonly records: number;
  readonly bytes: number;
  /** From the record's own time to its acknowledgement by the hub. */
  readonly lateness: Lateness;
}

/** An hour in which nothing was listed. */
export function emptyCoverage(scope: LedgerScope, hour: string): HourCoverage {
  return { scope, hour, listed: 0, fetched: 0, delivered: 0, pending: 0, gaps: 0, records: 0, bytes: 0, lateness: noLateness };
}

/** Counts one more unit of the hour. */
export function cover(hour: HourCoverage, row: LedgerRow): HourCoverage {
  return {
    ...hour,
    listed: hour.listed + 1,
    fetched: hour.fetched + (row.fetched ? 1 : 0),
    delivered: hour.delivered + (row.state === 'done' ? 1 : 0),
    pending: hour.pending + (row.state === 'pending' ? 1 : 0),
    gaps: hour.gaps + (row.state === 'gap' ? 1 : 0),
    records: hour.records + row.delivered.records,
    bytes: hour.bytes + row.delivered.bytes,
    lateness: addLateness(hour.lateness, row.delivered.lateness),
  };
}

/** Whether two counts of the same hour say the same. */
export function isSameCoverage(a: HourCoverage, b: HourCoverage): boolean {
  const counts = ({ listed, fetched, delivered, pending, gaps, records, bytes, lateness }: HourCoverage): string =>
    [listed, fetched, delivered, pending, gaps, records, bytes, formatLateness(lateness)].join('|');
  return a.hour === b.hour && counts(a) === counts(b);
}

/** A loss that cannot be undone: what, of when, and why. */
export interface Gap {
  readonly scope: LedgerScope;
  readonly from: Date;
  readonly to: Date;
  /** The unit that is lost, or undefined when a whole span could not be listed any more. */
  readonly unitId?: string;
  readonly cause: string;
  readonly explanation: string;
  readonly recordedAt: Date;
}
