import { bytesReply, type Reply } from '../reply';
import type { Endpoint } from './endpoint';
import type { FeedStore, Mark, Version } from './feedStore';
import { comparableTime, passes, valueAt } from './filter';
import type { Asked } from './asked';
import { badRequest, Refusal } from './graphError';
import type { Feed } from './operations';
import { readToken, writeToken, type PageToken } from './pageToken';
import type { Query } from './query';
import { keptUntilMs } from './retention';
import { shaped, shapeOf, type Shape } from './shape';
import { signInKinds } from './world/signIns';

const remembered = 40;
const snapshots = new WeakMap<object, Map<string, Version[]>>();

/** Answers a list: the objects at one point in time, page by page. */
export function answerList(asked: Asked, query: Query): Reply {
  const { graph, call, endpoint, place } = asked;
  const token = tokenOf(asked);
  const mark = token?.mark ?? graph.mark();
  const feed = feedOf(endpoint, query, asked.beta);
  if (place.owner !== undefined) checkOwner(asked, place.owner, mark);
  const store = feed && graph.store(asked.claims.tid, feed);
  const all = store ? snapshot(asked, store, query, mark) : [];
  const offset = token?.offset ?? query.skip;
  const size = Math.min(query.size, graph.service.settings.graphPageSize);
  const page = all.slice(offset, offset + size);
  const bodies = store ? expanded(asked, query, page, mark, (version) => shaped(store, version, listShape(asked, query))) : [];
  const fields: Record<string, unknown> = { '@odata.context': `${asked.metadata}${endpoint.context}` };
  if (query.count) fields['@odata.count'] = all.length;
  if (offset + size < all.length) fields['@odata.nextLink'] = nextLink(asked, mark, offset + size, token);
  if (call.query.has('$skip') && query.skip > 500 && endpoint.page.link !== '$skip') {
    graph.service.violate('foreignPaging', call, `$skip=${query.skip}`);
  }
  return bytesReply(200, pageBody(fields, bodies));
}

/** Answers one object. */
export function answerSingle(asked: Asked, query: Query, id: string): Reply {
  const { graph, endpoint, claims } = asked;
  const feeds = endpoint.operation === 'signIns' ? signInKinds.map(({ feed }) => feed) : [endpoint.feed];
  for (const feed of feeds) {
    const store = graph.store(claims.tid, feed);
    const version = store.stateAt(id, graph.mark());
    if (!version || version.removed) continue;
    const [body] = expanded(asked, query, [version], graph.mark(), (each) => shaped(store, each, listShape(asked, query)));
    const context = Buffer.from(`{"@odata.context":${JSON.stringify(`${asked.metadata}${endpoint.context}/$entity`)},`);
    return bytesReply(200, Buffer.concat([context, (body ?? Buffer.from('{}')).subarray(1)]));
  }
  throw notFound(endpoint, id);
}

/** The JSON of a page whose objects are written already. */
export function pageBody(fields: Record<string, unknown>, objects: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(fields).slice(0, -1)},"value":[`)];
  for (const [index, object] of objects.entries()) {
    if (index > 0) parts.push(Buffer.from(','));
    parts.push(object);
  }
  parts.push(Buffer.from(']}'));
  return Buffer.concat(parts);
}

/** The token of a followed link, checked; notes what a client must not do with links. */
export function tokenOf(asked: Asked): PageToken | undefined {
  const { graph, call, endpoint, claims } = asked;
  const text = call.query.get('$skiptoken') ?? call.query.get('$deltatoken');
  if (text === null || text === 'latest') return undefined;
  const token = readToken(text);
  if (token?.operation !== endpoint.operation || token.tenantId !== claims.tid) {
    graph.service.violate('foreignPaging', call, token ? 'a token of another list or tenant' : 'a token not of this service');
    throw badRequest(
      'Skip token is invalid.',
      endpoint.permissionWords === 'directory' ? 'Directory_ExpiredPageToken' : 'BadRequest',
    );
  }
  const query = [...call.query].filter(([name]) => name !== '$skiptoken' && name !== '$deltatoken');
  const expected = endpoint.kind === 'delta' ? [] : token.query;
  if (JSON.stringify(query) !== JSON.stringify(expected)) graph.service.violate('foreignPaging', call, 'a link was changed');
  if (endpoint.kind === 'list' && graph.service.nowMs() > token.issuedMs + graph.service.settings.pageTokenLifeMs) {
    throw badRequest(
      'Specified page token value has expired and can no longer be included in your request.',
      'Directory_ExpiredPageToken',
    );
  }
  return token;
}

/** The shape of the objects of a list. */
function listShape(asked: Asked, query: Query): Shape {
  const { endpoint, claims, beta } = asked;
  const roles = claims.roles ?? [];
  if (endpoint.operation === 'groupMembers' && !['User.Read.All', 'Directory.Read.All'].some((role) => roles.includes(role))) {
    // Without the permission to read users, only what kind of thing a member is and its id.
    return { select: ['id'] };
  }
  const full = beta || query.expand === 'evidence' || (query.signInEventType !== undefined && beta);
  return shapeOf(endpoint, { select: query.select, full });
}

function feedOf(endpoint: Endpoint, query: Query, beta: boolean): Feed | undefined {
  if (endpoint.operation !== 'signIns' || !beta || query.signInEventType === undefined) return endpoint.feed;
  return signInKinds.find(({ eventType }) => eventType.toLowerCase() === query.signInEventType?.toLowerCase())?.feed;
}

function snapshot(asked: Asked, store: FeedStore, query: Query, mark: Mark): Version[] {
  const { graph, claims, call, control, endpoint, place } = asked;
  let known = snapshots.get(graph);
  if (!known) snapshots.set(graph, (known = new Map<string, Version[]>()));
  const options = ['$filter', '$orderby'].map((name) => call.query.get(name) ?? '').join('|');
  const key = [claims.tid, store.feed, place.owner ?? '', options, mark.generatedMs, mark.publishedMs, mark.sequence].join('|');
  const found = known.get(key);
  if (found) return found;
  const nowMs = Math.max(mark.generatedMs, mark.publishedMs);
  const { features } = control;
  const versions = [...store.statesAt(mark)].filter((version) => {
    if (version.removed || (place.owner !== undefined && version.owner !== place.owner)) return false;
    const object = store.parse(version);
    if ((keptUntilMs(endpoint, features, object) ?? Infinity) < nowMs) return false;
    return !query.filter || passes(query.filter, (path) => valueAt(object, path));
  });
  if (query.order) sort(store, versions, query.order);
  known.set(key, versions);
  if (known.size > remembered) known.delete(known.keys().next().value ?? '');
  return versions;
}

function sort(store: FeedStore, versions: Version[], order: { field: string; descending: boolean }): void {
  const keys = new Map(
    versions.map((version) => {
      const found = valueAt(store.parse(version), order.field);
      const value = typeof found === 'string' ? found : '';
      return [version, comparableTime(value) ?? value.toLowerCase()];
    }),
  );
  const sign = order.descending ? -1 : 1;
  versions.sort((a, b) => {
    const [left = '', right = ''] = [keys.get(a), keys.get(b)];
    if (left !== right) return left < right ? -sign : sign;
    return a.id < b.id ? -1 : 1;
  });
}

function nextLink(asked: Asked, mark: Mark, offset: number, token: PageToken | undefined): string {
  const { endpoint, call, claims, graph, url } = asked;
  const query = [...call.query].filter(([name]) => name !== '$skiptoken' && name !== '$skip');
  const write = (pairs: [string, string][]) => pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  if (endpoint.page.link === '$skip') return `${url}?${write([...query, ['$skip', String(offset)]])}`;
  const issuedMs = token?.issuedMs ?? graph.service.nowMs();
  const next = writeToken({
    kind: 'p',
    operation: endpoint.operation,
    tenantId: claims.tid,
    mark,
    offset,
    generation: 0,
    issuedMs,
    query,
  });
  return `${url}?${write([...query, ['$skiptoken', next]])}`;
}

/** The written objects, with what `$expand` adds. */
function expanded(asked: Asked, query: Query, page: Version[], mark: Mark, write: (version: Version) => Buffer): Buffer[] {
  const bodies = page.map(write);
  const joined = { alerts: ['alertsV2', 'incidentId', 'id'], issues: ['healthIssues', 'service', 'service'] } as const;
  if (query.expand !== 'alerts' && query.expand !== 'issues') return bodies;
  const [feed, foreign, own] = joined[query.expand];
  const parts = asked.graph.store(asked.claims.tid, feed);
  const store = asked.graph.store(asked.claims.tid, asked.endpoint.feed);
  const groups = Map.groupBy(
    [...parts.statesAt(mark)].filter(({ removed }) => !removed),
    (version) => String(parts.parse(version)[foreign]),
  );
  return page.map((version, index) => {
    const inside = (groups.get(String(store.parse(version)[own])) ?? []).map(({ bytes }) => bytes.toString()).join(',');
    return Buffer.from(`${bodies[index]?.toString().slice(0, -1) ?? '{'},"${query.expand ?? ''}":[${inside}]}`);
  });
}

function checkOwner({ graph, endpoint, claims }: Asked, owner: string, mark: Mark): void {
  const state = graph
    .store(claims.tid, endpoint.operation === 'groupMembers' ? 'groups' : 'servicePrincipals')
    .stateAt(owner, mark);
  if (!state || state.removed) throw notFound(endpoint, owner);
}

function notFound(endpoint: Endpoint, id: string): Refusal {
  if (endpoint.permissionWords !== 'directory') {
    return new Refusal(404, endpoint.api === 'defender' ? 'ResourceNotFound' : 'NotFound', `Resource '${id}' was not found.`);
  }
  return new Refusal(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}
