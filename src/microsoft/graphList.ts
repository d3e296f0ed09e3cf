import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { GraphList, GraphObject, GraphQuery } from '../domain/evidence';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { MalformedContainer, RecordSplitter } from '../domain/recordSplitter';
import type { Answer, Run } from '../domain/source';
import { parseJson } from './parseJson';

const errorBodyBytes = 64 * 1024;
const mostPages = 1_000;

/**
 * Reads a list of Microsoft Graph, page by page, to its end or up to so many objects; each with the SHA-256 of its bytes as they came. Throws a
 * ConnectorError when Microsoft refuses, or when what it sends is no list: a list that could not be read is never an empty one.
 * A page that Microsoft marks as partial (206) makes the list incomplete. https://learn.microsoft.com/graph/paging
 */
export async function readGraphList(run: Run, query: GraphQuery): Promise<GraphList> {
  const doing = `reading ${query.path}`;
  const objects: GraphObject[] = [];
  const visited = new Set<string>();
  let complete = true;
  let url: string | undefined = firstPage(run, query);
  while (url !== undefined && objects.length < query.most) {
    if (visited.has(url) || visited.size >= mostPages)
      throw new ConnectorError(doing, {
        kind: 'unexpectedResponse',
        code: 'nextLink',
        detail: 'The pages of a list go round in circles.',
      });
    visited.add(url);
    const answer = await run.send({
      ...{ api: 'graph', operation: doing, method: 'GET', url, limits: query.limits },
      ...(query.headers === undefined ? {} : { headers: query.headers }),
    });
    const page = await readPage(answer, doing, query.permission);
    objects.push(...page.objects);
    complete &&= !page.isPartial;
    url = page.nextLink;
  }
  const isCut = url !== undefined || objects.length > query.most;
  return { objects: objects.slice(0, query.most), complete: complete && !isCut };
}

function firstPage(run: Run, { path, query }: GraphQuery): string {
  // By hand: URLSearchParams writes a blank as a plus, which not every endpoint reads.
  const words = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${run.tenant.cloud.hosts.graph}/v1.0${path}${words.length === 0 ? '' : `?${words.join('&')}`}`;
}

interface ListPage {
  readonly objects: readonly GraphObject[];
  readonly nextLink: string | undefined;
  readonly isPartial: boolean;
}

async function readPage(answer: Answer, doing: string, permission: string): Promise<ListPage> {
  if (answer.status !== 200 && answer.status !== 206) {
    const text = await answer.text(errorBodyBytes);
    throw new ConnectorError(doing, classifyRefusal(answer.status, text, permission));
  }
  const splitter = new RecordSplitter([], { kind: 'property', name: 'value' });
  const objects: GraphObject[] = [];
  try {
    for await (const chunk of answer.body)
      for (const { json } of splitter.push(chunk))
        objects.push({ value: parseJson(json.toString()), sha256: createHash('sha256').update(json).digest('hex') });
    splitter.end();
  } catch (error) {
    if (!(error instanceof MalformedContainer)) throw error;
    const detail = 'Microsoft Graph did not send a list.';
    throw new ConnectorError(doing, { kind: 'unexpectedResponse', code: error.reason, detail }, error);
  } finally {
    answer.discard();
  }
  const nextLink = splitter.rest.get('@odata.nextLink');
  if (nextLink !== undefined && typeof nextLink !== 'string')
    throw new ConnectorError(doing, { kind: 'unexpectedResponse', code: 'nextLink', detail: 'The next page has no address.' });
  return { objects, nextLink, isPartial: answer.status === 206 || answer.headers['warning'] !== undefined };
}

const errorBody = z.looseObject({
  error: z.looseObject({ code: z.string().catch(''), message: z.string().catch('') }),
});

const notLicensed = /not licensed for this feature|doesn't have premium license/i;
const notProvisioned = /account is not provisioned|not applicable to target tenant/i;
const notThere = /resource not found for the segment/i;

function classifyRefusal(status: number, text: string, permission: string): Failure {
  const { code, message } = errorBody.safeParse(parseJson(text)).data?.error ?? { code: '', message: '' };
  const shown = code === '' ? `HTTP ${status}` : code;
  const detail = message.slice(0, 200);
  if (notLicensed.test(message) || /premium|NonPremium/i.test(code)) return { kind: 'notLicensed', code: shown, detail };
  if (notProvisioned.test(message)) return { kind: 'notProvisioned', code: shown, detail };
  if (notThere.test(message)) return { kind: 'notInThisCloud', code: shown };
  if (status === 401) return { kind: 'unauthorized', code: shown, api: 'graph' };
  if (status === 403) return { kind: 'permissionMissing', code: shown, permission };
  if (status >= 500 || status === 408) return { kind: 'unavailable', code: shown };
  return { kind: 'rejectedRequest', code: shown, detail };
}
