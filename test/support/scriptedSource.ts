import { ConnectorError } from '../../src/domain/failure';
import type { Failure } from '../../src/domain/failure';
import type { Listing, Page, Run, Source, SourceMemory, SourceRecord, Unit } from '../../src/domain/source';
import { activityListing } from '../../src/domain/window';
import type { Window } from '../../src/domain/window';
import type { VirtualClock } from './virtualClock';

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;

/** A unit of the script. What may differ from one read to the next is a function of how often it was read before. */
export interface ScriptedUnit {
  readonly id: string;
  /** When Microsoft says that it became available. */
  readonly at: Date;
  /** When it really shows up in the list; `at` unless given. */
  readonly visibleFrom?: Date;
  /** `at` and seven days unless given. */
  readonly expires?: Date;
  readonly records: readonly SourceRecord[] | ((readsBefore: number) => readonly SourceRecord[]);
  /** Why a read fails, if it does; the read fails after `failAfter` records. */
  readonly failure?: (readsBefore: number, now: Date) => Failure | Error | undefined;
  readonly failAfter?: number;
  readonly readMs?: number;
  readonly refused?: Failure;
  readonly undated?: boolean;
}

/** A record with an id, a time and a body of about the given size. */
export function scriptedRecord(id: string, time: Date, bytes = 0): SourceRecord {
  const text = time.toISOString().slice(0, 19);
  const json = Buffer.from(JSON.stringify({ Id: id, CreationTime: text, Operation: 'Do', Padding: 'x'.repeat(bytes) }));
  return { json, id, time: text, operation: 'Do' };
}

/** A unit with so many records, named after it. */
export function scriptedUnit(
  id: string,
  at: Date,
  records: number,
  more: Partial<ScriptedUnit> & { readonly bytes?: number } = {},
): ScriptedUnit {
  const { bytes, ...rest } = more;
  return { id, at, records: Array.from({ length: records }, (_, index) => scriptedRecord(`${id}#${index}`, at, bytes)), ...rest };
}

/**
 * A content feed that behaves as scripted, and as strictly as Microsoft: it refuses windows that are too long, too old or in the future, lists
 * only what is visible, in pages, and reads a few records at a time.
 */
export class ScriptedSource implements Source {
  readonly id: string;
  readonly title = 'Scripted feed';
  readonly docs = 'https://learn.microsoft.com/scripted';
  readonly integration = 'office365Audit';
  readonly api = 'management';
  readonly permissions = [];
  readonly anyLicenceOf = [];
  readonly clouds = ['commercial'] as const;
  readonly progress = { kind: 'contentFeed', rules: activityListing } as const;
  readonly category = 'Office365.Audit.Scripted';
  readonly resourceProvider = 'Microsoft.Office365';
  readonly hub = 'm365-audit';
  unitsPerPage = 3;
  recordsPerPage = 4;
  /** Why a page of a listing fails, if it does; counted over all pages. */
  listFailure: (page: number, window: Window) => Failure | undefined = () => undefined;
  /** Why the feed is not there, if it is not. */
  prepareFailure: () => Failure | undefined = () => undefined;
  /** Awaited before each window is listed. */
  beforeList: (window: Window, signal: AbortSignal) => Promise<void> = async () => Promise.resolve();
  /** What becomes of each page of a listing. */
  alter: (listing: Listing) => Listing = (listing) => listing;
  readonly listed: Window[] = [];
  readonly reads: string[] = [];
  pages = 0;
  readonly #clock: VirtualClock;
  readonly #units: ScriptedUnit[] = [];

  constructor(clock: VirtualClock, id = 'scripted.feed') {
    this.#clock = clock;
    this.id = id;
  }

  add(...units: readonly ScriptedUnit[]): this {
    this.#units.push(...units);
    return this;
  }

  get units(): readonly ScriptedUnit[] {
    return this.#units;
  }

  /** The ids of all records that are in units visible by now, one by one. */
  truth(wanted: (unit: ScriptedUnit) => boolean = () => true): string[] {
    const now = this.#clock.now();
    const visible = this.#units.filter((unit) => (unit.visibleFrom ?? unit.at) <= now && wanted(unit));
    return visible.flatMap(({ records }) =>
      (typeof records === 'function' ? records(Infinity) : records).map(({ id }) => id ?? ''),
    );
  }

  readonly prepare = async (run: Run, memory: SourceMemory): Promise<SourceMemory> => {
    const failure = this.prepareFailure();
    if (failure !== undefined) throw new ConnectorError('preparing', failure);
    return Promise.resolve({ ...memory, readyAt: run.now().toISOString() });
  };

  async *list(run: Run, windows: readonly Window[]): AsyncGenerator<Listing> {
    for (const window of windows) {
      this.listed.push(window);
      await this.beforeList(window, run.signal);
      this.#check(window, run.now());
      const found = this.#units
        .filter((unit) => isIn(unit, window, run.now()))
        .sort((a, b) => a.at.getTime() - b.at.getTime())
        .map(toUnit);
      const pages = Math.max(1, Math.ceil(found.length / this.unitsPerPage));
      for (let page = 1; page <= pages; page += 1) {
        if (run.signal.aborted) throw new ConnectorError('listing', { kind: 'cancelled', code: 'aborted' });
        const failure = this.listFailure((this.pages += 1), window);
        if (failure !== undefined) throw new ConnectorError('listing', failure);
        const units = found.slice((page - 1) * this.unitsPerPage, page * this.unitsPerPage);
        yield this.alter(page === pages ? { units, completes: window } : { units });
      }
    }
  }

  async *read(run: Run, unit: Unit): AsyncGenerator<Page> {
    const scripted = this.#units.find(({ id }) => id === unit.id);
    const readsBefore = this.reads.filter((id) => id === unit.id).length;
    this.reads.push(unit.id);
    if (scripted === undefined) throw new ConnectorError('reading', { kind: 'contentMissing', code: 'AF20050' });
    if (scripted.readMs !== undefined) await this.#clock.sleep(scripted.readMs, run.signal);
    if (toUnit(scripted).expires <= run.now()) throw new ConnectorError('reading', { kind: 'contentExpired', code: 'AF20051' });
    const failure = scripted.failure?.(readsBefore, run.now());
    const all = typeof scripted.records === 'function' ? scripted.records(readsBefore) : scripted.records;
    const records = failure === undefined ? all : all.slice(0, scripted.failAfter ?? 0);
    for (let start = 0; start < records.length; start += this.recordsPerPage) {
      if (run.signal.aborted) throw new ConnectorError('reading', { kind: 'cancelled', code: 'aborted' });
      yield await Promise.resolve({ records: records.slice(start, start + this.recordsPerPage) });
    }
    if (failure instanceof Error) throw failure;
    if (failure !== undefined) throw new ConnectorError('reading', failure);
  }

  #check({ from, to }: Window, now: Date): void {
    const refuse = (code: string): never => {
      throw new ConnectorError('listing', { kind: 'windowRefused', code });
    };
    if (to.getTime() - from.getTime() > dayMs || to <= from) refuse('AF20030');
    if (from.getTime() < now.getTime() - weekMs) refuse('AF20055');
    if (to > now) refuse('future');
    if (from.getTime() % 1_000 !== 0 || to.getTime() % 1_000 !== 0) refuse('notSeconds');
  }
}

function toUnit(unit: ScriptedUnit): Unit {
  const { id, at, refused, undated } = unit;
  return {
    id,
    at,
    expires: unit.expires ?? new Date(at.getTime() + weekMs),
    ref: `https://manage.office.com/${id}`,
    ...(refused === undefined ? {} : { refused }),
    ...(undated === undefined ? {} : { undated }),
  };
}

function isIn(unit: ScriptedUnit, window: Window, now: Date): boolean {
  return (
    unit.at >= window.from &&
    unit.at < window.to &&
    (unit.visibleFrom ?? unit.at) <= now &&
    unit.at.getTime() > now.getTime() - weekMs
  );
}
