import type { Failure } from './failure';
import type { SourceMemory } from './source';
import type { TenantId } from './tenant';
import type { ListingCursor } from './window';

/** The one vocabulary of states; page, doctor, events and alerts use the same words. */
export const stateTitles = {
  collecting: 'Collecting',
  catchingUp: 'Catching up',
  waiting: 'Waiting for Microsoft',
  needsAttention: 'Needs attention',
  degraded: 'Degraded',
  notAvailable: 'Not available',
  paused: 'Paused',
} as const;

export type StateName = keyof typeof stateTitles;

/** Why there is no data although nothing failed; without one of these, no data is never shown as healthy. */
export type Silence = 'awaitingFirstContent' | 'silentSinceStart' | 'quiet';

/** A state never stands alone: since when, and why. */
export interface SourceState {
  readonly name: StateName;
  readonly since: string;
  readonly failure?: Failure;
  readonly silence?: Silence;
}

/** Everything durable about one source of one tenant, in one row: lease, cursor, state, schedule. Every write is conditional on `etag`. */
export interface SourceRow {
  readonly tenantId: TenantId;
  readonly sourceId: string;
  /** Rises with each run that takes the lease; a writer with an older epoch fails. */
  readonly epoch: number;
  readonly leaseOwner?: string;
  readonly leaseUntil?: string;
  /** True while a run is under way; still true at the next run when the last one died. */
  readonly unclean: boolean;
  readonly cursor: ListingCursor;
  /** Ledger days that may hold pending units. */
  readonly openDays: readonly string[];
  readonly memory: SourceMemory;
  readonly state: SourceState;
  /** Runs in a row that found nothing; the polling interval follows it. */
  readonly idleRuns: number;
  readonly failedRuns: number;
  readonly dueAt: string;
  /** The epoch of the last run that finished; schedule entries with a lower ticket are stale. */
  readonly ticket: number;
  readonly pendingUnits: number;
  /** The last hour whose coverage was sent as an event; later changes of earlier hours are sent again. */
  readonly reportedTo?: string;
  readonly firstRunAt?: string;
  readonly lastRunAt?: string;
  readonly lastSuccessAt?: string;
  readonly lastRecordAt?: string;
  readonly recordsTotal: number;
  readonly bytesTotal: number;
  readonly gapsTotal: number;
  readonly etag: string;
}

/** What a list of tenants shows of a source: a part of its row. */
export interface SourceGlance extends Pick<
  SourceRow,
  | 'sourceId'
  | 'leaseOwner'
  | 'state'
  | 'pendingUnits'
  | 'firstRunAt'
  | 'lastRunAt'
  | 'lastRecordAt'
  | 'recordsTotal'
  | 'gapsTotal'
> {
  readonly cursor: Pick<ListingCursor, 'listedTo'>;
  readonly memory: Pick<SourceMemory, 'recent'>;
}

/** The sources of one tenant, at a glance. */
export interface TenantGlance {
  readonly tenantId: TenantId;
  readonly sources: readonly SourceGlance[];
}

/** What a list shows of a row. */
export function glanceOf(row: SourceGlance): SourceGlance {
  const { sourceId, state, pendingUnits, recordsTotal, gapsTotal } = row;
  const { leaseOwner, firstRunAt, lastRunAt, lastRecordAt } = row;
  return {
    ...{ sourceId, state, pendingUnits, recordsTotal, gapsTotal },
    ...(leaseOwner === undefined ? {} : { leaseOwner }),
    ...(firstRunAt === undefined ? {} : { firstRunAt }),
    ...(lastRunAt === undefined ? {} : { lastRunAt }),
    ...(lastRecordAt === undefined ? {} : { lastRecordAt }),
    cursor: row.cursor.listedTo === undefined ? {} : { listedTo: row.cursor.listedTo },
    memory: row.memory.recent === undefined ? {} : { recent: row.memory.recent },
  };
}

/** Whether a row is shown as it stands now: not while a run is under way, unless it is the first one. */
export function isShown({ leaseUntil, lastRunAt }: Pick<SourceRow, 'leaseUntil' | 'lastRunAt'>): boolean {
  return leaseUntil === undefined || lastRunAt === undefined;
}

/** The row of a source that has never run. */
export function newSourceRow(tenantId: TenantId, sourceId: string, now: Date): Omit<SourceRow, 'etag'> {
  return {
    tenantId,
    sourceId,
    epoch: 0,
    unclean: false,
    cursor: {},
    openDays: [],
    memory: {},
    state: { name: 'waiting', since: now.toISOString() },
    idleRuns: 0,
    failedRuns: 0,
    dueAt: now.toISOString(),
    ticket: 0,
    pendingUnits: 0,
    recordsTotal: 0,
    bytesTotal: 0,
    gapsTotal: 0,
  };
}
