import { ConnectorError } from '../domain/failure';
import type { Api } from '../domain/failure';
import type { LimitId } from '../domain/limit';
import { MalformedContainer, RecordSplitter } from '../domain/recordSplitter';
import type { SplitRecord } from '../domain/recordSplitter';
import type { Run, SourceRecord } from '../domain/source';
import { checkUrl, isRefused } from './checkUrl';
import { classifyGraphError } from './graphErrors';

const mostPages = 10_000;
const errorBodyBytes = 64 * 1024;
/** A page of a thousand alerts has a few MiB; this is a bound, not an expectation. */
const pageBytes = 64 * 1024 * 1024;

/** A list of Graph or Defender, from some page on. */
export interface ListRequest {
  readonly api: Api;
  /** What is being done, for messages. */
  readonly doing: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits: readonly LimitId[];
  readonly units?: number;
  /** The roles of which one is needed, for who has to grant it. */
  readonly permission: string;
  /** The top-level fields that `toRecord` is given. */
  readonly wanted: readonly string[];
  readonly toRecord: (record: SplitRecord) => SourceRecord;
}

/** Some records of a page; `end` comes with the last ones of it. */
export interface ListPart {
  readonly records: readonly SourceRecord[];
  readonly end?: PageEnd;
}

/** What a page says about itself besides its records. */
interface PageEnd {
  /** The next page, checked. */
  readonly nextLink?: string;
  readonly deltaLink?: string;
  /** What Microsoft says is missing from the page, in its words. */
  readonly warning?: string;
}

/** A delta chain that Microsoft has forgotten, and where it says to begin again. */
export class ChainForgotten extends ConnectorError {
  readonly location: string | undefined;

  constructor(doing: string, code: string, location: string | undefined) {
    super(doing, { kind: 'chainForgotten', code });
    this.location = location;
  }
}

/**
 * Reads a list page by page, following the links as they come, which are checked before a token is attached. Throws when the list leads back to a page
 * it has given, when it does not end, and when what comes is no page.
 */
export async function* readList(run: Run, list: ListRequest): AsyncGenerator<ListPart, void, undefined> {
  const seen = new Set<string>();
  let url: string | undefined = list.url;
  for (let page = 1; url !== undefined; page += 1) {
    if (page > mostPages) throw endless(list, 'tooManyPages', `The list has more than ${mostPages} pages.`);
    seen.add(url);
    const end: PageEnd = yield* readPage(run, list, url);
    if (end.nextLink !== undefined && seen.has(end.nextLink))
      throw endless(list, 'repeatedPage', 'The list leads back to a page it has already given.');
    url = end.nextLink;
  }
}

async function* readPage(run: Run, list: ListRequest, url: string): AsyncGenerator<ListPart, PageEnd, undefined> {
  const { api, doing, headers, limits, units, wanted, toRecord } = list;
  const answer = await run.send({
    api,
    operation: doing,
    method: 'GET',
    url,
    limits,
    ...(headers === undefined ? {} : { headers }),
    ...(units === undefined ? {} : { units }),
  });
  const isPage = answer.status === 200 || answer.status === 206;
  if (!isPage) throw refused(run, list, answer.status, answer.headers, await answer.text(errorBodyBytes));
  const splitter = new RecordSplitter(wanted, { kind: 'property', name: 'value' });
  let bytes = 0;
  let cut: SourceRecord[] = [];
  try {
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > pageBytes) throw endless(list, 'pageTooLarge', `A page has more than ${pageBytes} bytes.`);
      if (cut.length > 0) yield { records: cut };
      cut = splitter.push(chunk).map(toRecord);
    }
    splitter.end();
  } catch (error) {
    if (!(error instanceof MalformedContainer)) throw error;
    throw malformed(run, list, answer.status, answer.headers, error);
  } finally {
    answer.discard();
  }
  const end = pageEnd(run, list, splitter.rest, answer.headers['warning'], answer.status);
  yield { records: cut, end };
  return end;
}

function malformed(
  run: Run,
  list: ListRequest,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  error: MalformedContainer,
): ConnectorError {
  if (error.reason === 'empty') return new ConnectorError(list.doing, { kind: 'unavailable', code: 'emptyBody' }, error);
  // An error object, or a page of HTML, explains itself at its start.
  if (/^\s*(<|\{\s*"error")/.test(error.prefix)) return refused(run, list, status, headers, error.prefix);
  const detail = 'The answer is not a complete list of records.';
  return new ConnectorError(list.doing, { kind: 'unexpectedResponse', code: error.reason, detail }, error);
}

function refused(
  run: Run,
  { api, doing, permission }: ListRequest,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  text: string,
): ConnectorError {
  const failure = classifyGraphError({ status, headers, text }, { api, permission, now: run.now() });
  if (failure.kind !== 'chainForgotten') return new ConnectorError(doing, failure);
  const location = headers['location'];
  const isOurs = location !== undefined && !isRefused(checkUrl(location, { origin: run.tenant.cloud.hosts[api] }));
  return new ChainForgotten(doing, failure.code, isOurs ? location : undefined);
}

function pageEnd(
  run: Run,
  list: ListRequest,
  rest: ReadonlyMap<string, unknown>,
  warning: string | undefined,
  status: number,
): PageEnd {
  const nextLink = linkOf(run, list, rest.get('@odata.nextLink'));
  const deltaLink = linkOf(run, list, rest.get('@odata.deltaLink'));
  // A Warning with status 200 may be about anything, such as a version that will go; with 206 it names who did not answer.
  const missing = status === 206 ? (warning ?? 'HTTP 206') : undefined;
  return {
    ...(nextLink === undefined ? {} : { nextLink }),
    ...(deltaLink === undefined ? {} : { deltaLink }),
    ...(missing === undefined ? {} : { warning: missing.slice(0, 200) }),
  };
}

/** A link as it came, or undefined when there is none. One that leads elsewhere is never followed, and the unit is tried again. */
function linkOf(run: Run, { api, doing }: ListRequest, link: unknown): string | undefined {
  if (link === undefined || link === null || link === '') return undefined;
  if (typeof link !== 'string') throw badLink(doing, 'notText', 'The link to the next page is not text.');
  const checked = checkUrl(link, { origin: run.tenant.cloud.hosts[api] });
  if (!isRefused(checked)) return link;
  throw badLink(doing, checked.code, checked.kind === 'refusedUrl' ? checked.detail : '');
}

function badLink(doing: string, code: string, detail: string): ConnectorError {
  return new ConnectorError(doing, { kind: 'unexpectedResponse', code: `nextLink:${code}`, detail });
}

function endless({ doing }: ListRequest, code: string, detail: string): ConnectorError {
  return new ConnectorError(doing, { kind: 'unexpectedResponse', code, detail });
}
