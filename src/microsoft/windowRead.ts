import { ConnectorError, failureOf, notAnsweringCode } from '../domain/failure';
import type { Failure, FailureKind } from '../domain/failure';
import { RecordSplitter } from '../domain/recordSplitter';
import type { LostPart, Page, ReadAgain, ReadNote, Run, SourceRecord, Unit } from '../domain/source';
import { toSeconds } from '../domain/window';
import type { Window } from '../domain/window';
import { classifyGraphError } from './graphErrors';
import { readList } from './graphPages';
import { listUrl, requestFacts, shapesOf, windowRecords } from './graphQuery';
import type { QueryShape } from './graphQuery';
import type { WindowSpec } from './graphSpec';

const secondMs = 1_000;
/** After so many incomplete readings in about half an hour, what is missing is reported, and the window is passed. */
const mostPartialReads = 6;
/** More than these in one window are no poison. */
const mostLostParts = 8;
const objectBytes = 64 * 1024 * 1024;
const doing = 'reading a window';

/** What may lie in the query or in what it would return, rather than in the connection, the tenant or the token. */
const ofQuery: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'unavailable',
  'unexpectedResponse',
  'rejectedRequest',
  'pageRefused',
  'contentMissing',
]);

/** The end of a window unit's `at` is its last second. */
function spanOf({ from = new Date(NaN), at }: Unit): Window {
  return { from, to: new Date(at.getTime() + secondMs) };
}

/**
 * Reads a window of time. A window that fails again is asked for in other ways: in smaller pages, without `$expand`, in halves down to a second, and there
 * object by object; what cannot be read in any way while the endpoint answers otherwise is told as lost, and the rest is read.
 */
export async function* readSpan(
  spec: WindowSpec,
  api: 'graph' | 'defender',
  run: Run,
  unit: Unit,
  again: ReadAgain,
): AsyncGenerator<Page> {
  const reading = new WindowReading(spec, api, run);
  const span = spanOf(unit);
  const [preferred = {}] = reading.shapes;
  if (again.resumeAt !== undefined && again.attempts < 2) yield* reading.from(again.resumeAt, span);
  else if (again.attempts === 0) yield* reading.inShape(span, preferred);
  else yield* reading.inAnyShape(span);
  for (const lost of reading.lost) yield { records: [], lost };
  if (reading.missing === undefined) return;
  const cause: Failure = { kind: 'unexpectedResponse', code: 'partialResult', detail: reading.missing };
  if (again.attempts + 1 < mostPartialReads) throw new ConnectorError(doing, cause);
  yield { records: [], lost: { ...span, cause } };
}

class WindowReading {
  readonly shapes: readonly QueryShape[];
  /** Who did not answer, when the answer was incomplete. */
  missing: string | undefined;
  /** What could not be read in any way. */
  readonly lost: LostPart[] = [];
  readonly #spec: WindowSpec;
  readonly #api: 'graph' | 'defender';
  readonly #run: Run;
  readonly #told = new Set<ReadNote>();

  constructor(spec: WindowSpec, api: 'graph' | 'defender', run: Run) {
    this.#spec = spec;
    this.#api = api;
    this.#run = run;
    this.shapes = shapesOf(spec);
  }

  inShape(span: Window, shape: QueryShape): AsyncGenerator<Page> {
    return this.from(this.#url(span, shape), span);
  }

  /** Reads from a page on to the end. */
  async *from(url: string, span: Window): AsyncGenerator<Page> {
    const list = { ...requestFacts(this.#spec, this.#api), ...windowRecords(this.#spec), doing, url };
    for await (const { records, end } of readList(this.#run, list)) {
      const wanted = records.filter((record) => isWithin(record, span));
      const notes: ReadNote[] = [];
      if (wanted.length < records.length) notes.push(...this.#note('filterIgnored'));
      if (end?.warning !== undefined) {
        this.missing = end.warning;
        notes.push(...this.#note('partialResult'));
      }
      yield {
        records: wanted,
        ...(end?.nextLink === undefined ? {} : { resumeAt: end.nextLink }),
        ...(notes.length === 0 ? {} : { notes }),
      };
    }
  }

  async *inAnyShape(span: Window): AsyncGenerator<Page> {
    let last: unknown;
    for (const [index, shape] of this.shapes.entries()) {
      try {
        // Where a shorter window would be read on is no place in the whole one.
        for await (const page of this.inShape(span, shape)) yield withoutPlace(page);
        if (index > 0) yield { records: [], notes: this.#note('queryDegraded') };
        return;
      } catch (error) {
        if (!isOfQuery(error)) throw error;
        last = error;
      }
    }
    yield* this.#inParts(span, last);
  }

  async *#inParts(span: Window, error: unknown): AsyncGenerator<Page> {
    // Whatever cannot be read while nothing can is not at fault.
    await this.#control(error);
    const seconds = Math.round((span.to.getTime() - span.from.getTime()) / secondMs);
    if (seconds > 1) {
      const middle = new Date(span.from.getTime() + Math.floor(seconds / 2) * secondMs);
      yield { records: [], notes: this.#note('queryDegraded') };
      yield* this.inAnyShape({ from: span.from, to: middle });
      yield* this.inAnyShape({ from: middle, to: span.to });
    } else yield* this.#oneByOne(span, error);
  }

  /** Reads the objects of a second by their ids, where the endpoint can be asked for ids alone. */
  async *#oneByOne(span: Window, error: unknown): AsyncGenerator<Page> {
    let ids: readonly string[];
    try {
      ids = this.#spec.select === undefined ? [] : await this.#idsIn(span);
    } catch (failure) {
      if (!isOfQuery(failure)) throw failure;
      ids = [];
    }
    if (ids.length === 0) {
      this.#lose(lostPart(span, error));
      return;
    }
    for (const id of ids) {
      try {
        yield { records: await this.#object(id) };
      } catch (failure) {
        if (!isOfQuery(failure)) throw failure;
        await this.#control(failure);
        this.#lose({ ...lostPart(span, failure), id });
      }
    }
  }

  /** Few things cannot be read while all else can; when there are many, the trouble is another one, and nothing is given up. */
  #lose(part: LostPart): void {
    this.lost.push(part);
    if (this.lost.length > mostLostParts)
      throw new ConnectorError(doing, {
        kind: 'unexpectedResponse',
        code: 'tooManyLost',
        detail: 'Most of a window cannot be read.',
      });
  }

  async #idsIn(span: Window): Promise<readonly string[]> {
    const { idField = 'id' } = this.#spec;
    const url = this.#url(span, this.shapes.at(-1) ?? {}, [idField]);
    const list = { ...requestFacts(this.#spec, this.#api), ...windowRecords({ ...this.#spec, versionField: '' }), doing, url };
    const ids: string[] = [];
    for await (const { records } of readList(this.#run, list)) ids.push(...records.flatMap(({ id }) => id ?? []));
    return ids;
  }

  async #object(id: string): Promise<readonly SourceRecord[]> {
    const { api, limits, permission, headers } = requestFacts(this.#spec, this.#api);
    const path = `${this.#spec.path}/${encodeURIComponent(id)}`;
    const url = listUrl(this.#run, this.#api, { ...this.#spec, path }, { $select: this.#spec.select?.join(',') });
    const request = { api, operation: doing, method: 'GET' as const, url, limits };
    const answer = await this.#run.send(headers === undefined ? request : { ...request, headers });
    const text = await answer.text(objectBytes);
    if (answer.status !== 200) {
      const refusal = { status: answer.status, headers: answer.headers, text };
      throw new ConnectorError(doing, classifyGraphError(refusal, { api, permission, now: this.#run.now() }));
    }
    const { wanted, toRecord } = windowRecords(this.#spec);
    const splitter = new RecordSplitter(wanted);
    return splitter.push(Buffer.from(`[${text}]`)).map(toRecord);
  }

  /** Asks for what is very little or nothing; when even that fails, the feed does not answer. */
  async #control(error: unknown): Promise<void> {
    const now = Math.floor(this.#run.now().getTime() / secondMs) * secondMs;
    const span = { from: new Date(now - secondMs), to: new Date(now) };
    try {
      await Array.fromAsync(this.inShape(span, this.shapes.at(-1) ?? {}));
    } catch (failure) {
      if (!isOfQuery(failure)) throw failure;
      throw new ConnectorError(doing, { kind: 'unavailable', code: notAnsweringCode }, error);
    }
  }

  #url({ from, to }: Window, { top, expand }: QueryShape, select = this.#spec.select): string {
    const { filterBy, filter } = this.#spec;
    // Closed on both sides, as all endpoints know `le`; what lies on a boundary is read twice and sent once.
    const times = `${filterBy} ge ${toSeconds(from)}Z and ${filterBy} le ${toSeconds(to)}Z`;
    return listUrl(this.#run, this.#api, this.#spec, {
      $filter: filter === undefined ? times : `${times} and ${filter}`,
      $top: top,
      $select: select?.join(','),
      $expand: expand,
    });
  }

  #note(note: ReadNote): readonly ReadNote[] {
    if (this.#told.has(note)) return [];
    this.#told.add(note);
    return [note];
  }
}

/** Whether a record belongs to the window, give or take what a service may round; one without a time is kept. */
function isWithin({ sent }: SourceRecord, { from, to }: Window): boolean {
  const at = sent?.atMs;
  return at === undefined || (at >= from.getTime() - secondMs && at <= to.getTime() + secondMs);
}

function withoutPlace({ records, notes }: Page): Page {
  return notes === undefined ? { records } : { records, notes };
}

function isOfQuery(error: unknown): boolean {
  const failure = failureOf(error);
  return failure !== undefined && ofQuery.has(failure.kind);
}

function lostPart(span: Window, error: unknown): LostPart {
  const cause = failureOf(error) ?? { kind: 'unavailable', code: 'unknown' };
  return { ...span, cause };
}
