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
import { formatPlace, parsePlace } from './windowPlace';
import type { WindowPlace } from './windowPlace';

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
  const place = again.resumeAt === undefined ? undefined : parsePlace(again.resumeAt, span);
  if (place !== undefined) yield* reading.inAnyShape(span, place);
  else if (again.resumeAt !== undefined && again.attempts < 2) yield* reading.from(again.resumeAt, span);
  else if (again.attempts === 0) yield* reading.inShape(span, preferred);
  else yield* reading.inAnyShape(span, beginningOf(span));
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
  lost: readonly LostPart[] = [];
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
        // What was missing from a page is asked for again: reading does not go on behind it.
        ...(end?.nextLink === undefined || this.missing !== undefined ? {} : { resumeAt: end.nextLink }),
        ...(notes.length === 0 ? {} : { notes }),
      };
    }
  }

  /**
   * Reads on from a place, part by part: a part that cannot be read in any shape is halved, and after one that can the next is twice as long. Each step
   * is a place of its own, so that a search which is interrupted goes on where it was.
   */
  async *inAnyShape(span: Window, beginning: WindowPlace): AsyncGenerator<Page> {
    this.lost = beginning.lost;
    let place = beginning;
    while (place.from < span.to) {
      const part = partAt(place, span);
      try {
        for await (const page of this.#inPart(part, place)) {
          if (page.resumeAt !== undefined) place = { ...place, link: page.resumeAt };
          yield page.resumeAt === undefined ? page : { ...page, resumeAt: formatPlace(place) };
        }
        if (place.shape > 0) yield { records: [], notes: this.#note('queryDegraded') };
        place = { from: part.to, seconds: 2 * place.seconds, shape: 0, lost: this.lost };
      } catch (error) {
        if (!isOfQuery(error)) throw error;
        const next = await this.#afterFailure(part, place, error);
        if (next === undefined) {
          yield* this.#oneByOne(part, error);
          if (this.lost.length > mostLostParts) yield* this.#giveNothingUp(span);
          place = { from: part.to, seconds: 2, shape: 0, lost: this.lost };
        } else {
          if (next.seconds < place.seconds) yield { records: [], notes: this.#note('queryDegraded') };
          place = next;
        }
      }
      // That another shape is to be tried may be for nothing but an outage: that is not kept.
      if (this.missing === undefined && place.shape === 0) yield { records: [], resumeAt: formatPlace(place) };
    }
  }

  #inPart(part: Window, { shape, link }: WindowPlace): AsyncGenerator<Page> {
    return link === undefined ? this.inShape(part, this.shapes[shape] ?? {}) : this.from(link, part);
  }

  /** How a part is asked for next that could not be read; undefined when there is no other way than object by object. */
  async #afterFailure(part: Window, { from, shape, lost }: WindowPlace, error: unknown): Promise<WindowPlace | undefined> {
    if (shape + 1 < this.shapes.length) return { from, seconds: secondsOf(part), shape: shape + 1, lost };
    // Whatever cannot be read while nothing can is not at fault.
    await this.#control(error);
    const seconds = Math.floor(secondsOf(part) / 2);
    return seconds < 1 ? undefined : { from, seconds, shape: 0, lost };
  }

  /** Few things cannot be read while all else can; when there are many, the trouble is another one: nothing is given up, and all is tried again. */
  async *#giveNothingUp(span: Window): AsyncGenerator<Page> {
    yield await Promise.resolve({ records: [], resumeAt: formatPlace(beginningOf(span)) });
    throw new ConnectorError(doing, {
      kind: 'unexpectedResponse',
      code: 'tooManyLost',
      detail: 'Most of a window cannot be read.',
    });
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
      this.lost = [...this.lost, lostPart(span, error)];
      return;
    }
    for (const id of ids) {
      try {
        yield { records: await this.#object(id) };
      } catch (failure) {
        if (!isOfQuery(failure)) throw failure;
        await this.#control(failure);
        this.lost = [...this.lost, { ...lostPart(span, failure), id }];
      }
    }
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

/** The whole window, as it is asked for at first. */
function beginningOf(span: Window): WindowPlace {
  return { from: span.from, seconds: secondsOf(span), shape: 0, lost: [] };
}

function partAt({ from, seconds }: WindowPlace, span: Window): Window {
  return { from, to: new Date(Math.min(from.getTime() + seconds * secondMs, span.to.getTime())) };
}

function secondsOf({ from, to }: Window): number {
  return Math.max(1, Math.round((to.getTime() - from.getTime()) / secondMs));
}

function isOfQuery(error: unknown): boolean {
  const failure = failureOf(error);
  return failure !== undefined && ofQuery.has(failure.kind);
}

function lostPart(span: Window, error: unknown): LostPart {
  const cause = failureOf(error) ?? { kind: 'unavailable', code: 'unknown' };
  return { ...span, cause };
}
