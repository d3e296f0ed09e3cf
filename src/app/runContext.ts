import type { BodyPool } from '../domain/bodyPool';
import type { CollectEntry, ScheduleEntry } from '../domain/schedule';
import type { Run, Source } from '../domain/source';
import type { SourceRow } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import type { SourceLease } from './lease';
import type { SentRecords } from './sentRecords';

/** What a run is about: whose source, under which lease, from which row, for which schedule entry. */
export interface RunSubject {
  readonly tenant: Tenant;
  readonly source: Source;
  readonly lease: SourceLease;
  /** The row as it was before the lease was taken. */
  readonly before: SourceRow;
  readonly scheduled: ScheduleEntry;
  readonly budgetMs: number;
  /** How long it may go on beyond its budget while nothing that it did is durable. */
  readonly longestMs: number;
  /** Takes what is left to do when the time was up. */
  readonly goOnWith: (entry: CollectEntry) => Promise<void>;
}

/** Whether the row may not tell the truth about the ledger: its last run died, or the row is new while the ledger may be old. */
export function isUnclean(before: SourceRow): boolean {
  return before.unclean || before.epoch === 0;
}

/** One run of one source of one tenant: what it works with, and the signals that end it. */
export interface RunContext {
  readonly ports: CollectPorts;
  readonly source: Source;
  readonly tenant: Tenant;
  readonly run: Run;
  readonly lease: SourceLease;
  /** Ends listing and reading when the time of the run is up; what was read is still delivered. */
  readonly soft: AbortSignal;
  /** Ends everything but writing down what the run came to. */
  readonly hard: AbortSignal;
  readonly stopReading: () => void;
  /** Told each time the ledger has taken something down. */
  readonly noteProgress: () => void;
  readonly resting: Resting;
  /** The memory of its events. */
  readonly bodies: BodyPool;
  /** What was sent before; undefined for content feeds, whose units are sent once. */
  readonly sent: SentRecords | undefined;
}

/** Units that were seen to rest after a failure: the ledger days they are on, and when the first of them is due. */
export class Resting {
  readonly days = new Set<string>();
  #next: Date | undefined;

  get next(): Date | undefined {
    return this.#next;
  }

  add(day: string, notBefore: Date): void {
    this.days.add(day);
    if (this.#next === undefined || notBefore < this.#next) this.#next = notBefore;
  }
}
