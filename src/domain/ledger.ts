import type { Failure } from './failure';
import type { Lateness } from './lateness';
import type { Unit } from './source';
import type { TenantId } from './tenant';

/** Whose ledger: one tenant's units of one source. */
export interface LedgerScope {
  readonly tenantId: TenantId;
  readonly sourceId: string;
}

/** How much of a unit is acknowledged. `checksum` covers the bytes of those records: when the unit reads differently next time, it is sent whole. */
export interface Delivered {
  readonly records: number;
  readonly bytes: number;
  readonly checksum: number;
  readonly lateness: Lateness;
  /** Where a unit that is not read to its end is read on, if it need not be from its beginning. */
  readonly resumeAt?: string;
}

/** Nothing of a unit is acknowledged yet. */
export const nothingDelivered: Delivered = { records: 0, bytes: 0, checksum: 0, lateness: [] };

type UnitState = 'pending' | 'done' | 'gap';

/** One unit in the ledger. `etag` is the version that was read; every write is conditional on it. */
export interface LedgerRow {
  readonly scope: LedgerScope;
  readonly unit: Unit;
  readonly state: UnitState;
  readonly listedAt: Date;
  /** True once the unit was read to its end. */
  readonly fetched: boolean;
  readonly delivered: Delivered;
  readonly attempts: number;
  /** Not to be tried again before. */
  readonly notBefore?: Date;
  /** Why the last attempt failed, or why the unit is a gap. */
  readonly cause?: Failure;
  readonly finishedAt?: Date;
  readonly etag: string;
}

/** A change to a row: the row as it shall be, with the etag of the row as it was. */
export type LedgerChange = LedgerRow;

/** The day a unit is filed under: its UTC day, or `undated`. Together with the scope it is a partition of the ledger. */
export function ledgerDay(unit: Unit): string {
  return unit.undated === true ? 'undated' : unit.at.toISOString().slice(0, 10);
}

/** The hour of availability a unit counts for in coverage (`2026-11-22T10`), or `undated`. */
export function ledgerHour(unit: Unit): string {
  return unit.undated === true ? 'undated' : unit.at.toISOString().slice(0, 13);
}

/** All days that can hold units of the last `retentionDays`, oldest first, `undated` included. */
export function ledgerDays(now: Date, retentionDays = 8): string[] {
  const days = Array.from({ length: retentionDays + 1 }, (_, ago) =>
    new Date(now.getTime() - (retentionDays - ago) * 86_400_000).toISOString().slice(0, 10),
  );
  return [...days, 'undated'];
}

const firstWaitMs = 30_000;
const longestWaitMs = 30 * 60_000;

/** How long a unit that failed rests before its next attempt: doubling from half a minute to half an hour. It is never given up before Microsoft drops it. */
export function unitRestMs(attempts: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts - 1, 10));
}
