import { createRandom } from '../random';
import type { Call } from '../call';
import { bytesReply, jsonReply, type Reply } from '../reply';
import { isActionPath } from '../response/simulatedResponse';
import type { TenantControl } from '../tenant';
import type { Claims } from '../tokens';
import type { Asked } from './asked';
import { answerDelta } from './delta';
import type { Endpoint } from './endpoint';
import { findPlace } from './endpoints';
import type { SimulatedGraph } from './graph';
import { noSegment, notLicensed, permissionMissing, Refusal } from './graphError';
import { judge } from './judge';
import { directoryLimit, limits, secureScoresInFlight, type Limit, type LimitName } from './limits';
import { answerList, answerSingle } from './listing';
import { readQuery, type Query } from './query';

/** Answers the requests of Graph (`/v1.0`, `/beta`) and of Defender for Endpoint (`/api`). */
export function answerObjects(graph: SimulatedGraph, call: Call): Reply {
  const headers: Record<string, string> = {};
  try {
    const reply = answer(graph, call, headers);
    Object.assign(reply.headers, headers);
    return signed(graph, call, reply);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const reply = refusalReply(graph, call, error);
    Object.assign(reply.headers, headers, error.headers);
    return signed(graph, call, reply);
  }
}

function answer(graph: SimulatedGraph, call: Call, headers: Record<string, string>): Reply {
  const { service } = graph;
  const { claims, control } = authorise(graph, call);
  const acted = answerAction(graph, call, claims);
  if (acted !== undefined) return acted;
  const [, version = '', path = ''] = /^\/(v1\.0|beta|api)\/(.*)$/.exec(call.path) ?? [];
  const place = (version === 'api') === (call.listener === 'defender') ? findPlace(call.listener as 'graph', path) : undefined;
  if (!place) {
    service.violate('unknownRoute', call, `${call.method} ${call.path}`);
    if (call.listener === 'defender') throw new Refusal(404, 'ResourceNotFound', `Resource not found: ${call.path}`);
    throw noSegment(path.split('/')[0] ?? '');
  }
  if (call.method !== 'GET') {
    service.violate('wrongMethod', call, `${call.method} ${call.path}`);
    throw new Refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  }
  const { endpoint } = place;
  const url = `${service.urls[endpoint.api]}${call.path}`;
  const metadata = `${service.urls[endpoint.api]}/${version}/$metadata#`;
  const asked: Asked = { graph, call, control, claims, place, endpoint, beta: version === 'beta', url, metadata };
  keepLimits(asked, headers);
  const { refusal } = judge(control, endpoint, claims.roles ?? []);
  if (refusal) throw refusal;
  const tell = service.violate.bind(service);
  const query = readQuery(endpoint, call.query, asked.beta, (rule, detail) => tell(rule, call, detail));
  checkSignInActivity(asked, query);
  if (place.id !== undefined) return answerSingle(asked, query, place.id);
  return endpoint.kind === 'delta' ? answerDelta(asked, query) : answerList(asked, query);
}

/** What acts on users and machines, and what reads it back. */
function answerAction(graph: SimulatedGraph, call: Call, claims: Claims): Reply | undefined {
  const { listener, method, path, query, body } = call;
  if (listener !== 'graph' && listener !== 'defender') return undefined;
  const isAction = isActionPath(method, path);
  if (isAction) keepActionLimits(graph, call, claims);
  const reply = graph.response.answer({ listener, tenantId: claims.tid, method, path, query, body, roles: claims.roles ?? [] });
  if (reply === undefined) return undefined;
  // What reads back what was done has no effect; what the rest answers is counted there.
  if (!isAction) keepActionLimits(graph, call, claims);
  const { status, body: json } = reply;
  return json === undefined ? bytesReply(status, Buffer.alloc(0)) : jsonReply(status, json);
}

/** The limits of a request that acts, or that reads what was acted on. */
function actionLimits(graph: SimulatedGraph, { listener, method, path }: Call, { tid }: Claims): readonly LimitName[] {
  if (listener === 'defender') return ['defenderMinute', 'defenderHour'];
  if (path.includes('/identityProtection/')) return ['allGraph', 'identityProtection'];
  return ['allGraph', directoryLimit(graph.users(tid)), ...(method === 'GET' ? [] : (['directoryWrites'] as const))];
}

function keepActionLimits(graph: SimulatedGraph, call: Call, claims: Claims): void {
  const { service, limits: counters } = graph;
  if (!service.settings.keepLimits) return;
  for (const name of actionLimits(graph, call, claims)) {
    const limit: Limit = limits[name];
    const { tid, appid } = claims;
    const owner = limit.scope === 'tenant' ? tid : limit.scope === 'application' ? appid : `${tid}|${appid}`;
    const { waitSeconds } = counters.count(name, owner, 1, service.clock.now().getTime());
    if (waitSeconds === undefined) continue;
    service.violate('tooManyRequests', call, `${name}: more than ${limit.most} in ${limit.seconds} s`);
    throw new Refusal(
      429,
      'TooManyRequests',
      'Too many requests.',
      limit.retryAfter ? { 'Retry-After': String(waitSeconds) } : {},
    );
  }
}

function authorise({ service }: SimulatedGraph, call: Call): { claims: Claims; control: TenantControl } {
  const token = /^bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    service.violate('tokenMissing', call, call.path);
    throw unauthorised(call, 'Access token is empty.');
  }
  const claims = service.tokens.check(token, service.nowMs());
  if (!claims) throw unauthorised(call, 'Lifetime validation failed, the token is expired.');
  if (claims.aud !== service.urls[call.listener]) throw unauthorised(call, 'Access token validation failure. Invalid audience.');
  const control = service.tenants.get(claims.tid);
  if (!control) throw unauthorised(call, 'Access token validation failure.');
  return { claims, control };
}

function unauthorised({ listener }: Call, message: string): Refusal {
  const code = listener === 'defender' ? 'Unauthorized' : 'InvalidAuthenticationToken';
  return new Refusal(401, code, message, {
    'WWW-Authenticate': 'Bearer realm="", authorization_uri="https://login/common/oauth2/authorize"',
  });
}

/** The limits that one more request of this kind counts for, each with what it costs. */
function limitsOf({ graph, endpoint, call, claims }: Asked): [LimitName, number][] {
  const names: LimitName[] = [...endpoint.limits];
  if (endpoint.api === 'graph') names.push('allGraph');
  if (endpoint.cost !== undefined) names.push(directoryLimit(graph.users(claims.tid)));
  const selected = call.query.get('$select') ?? '';
  if (endpoint.operation === 'users' && selected.includes('signInActivity')) names.push('signInActivity');
  return names.map((name) => [name, limits[name].counts === 'units' ? unitsOf(endpoint, call) : 1]);
}

/** Resource units: https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits */
function unitsOf(endpoint: Endpoint, { query }: Call): number {
  const top = query.get('$top');
  const units =
    (endpoint.cost ?? 1) -
    (query.has('$select') ? 1 : 0) +
    (query.has('$expand') ? 1 : 0) -
    (top !== null && Number(top) < 20 ? 1 : 0);
  return Math.max(1, units);
}

function keepLimits(asked: Asked, headers: Record<string, string>): void {
  const { graph, call, claims, endpoint } = asked;
  const { service } = graph;
  if (endpoint.cost !== undefined) headers['x-ms-resource-unit'] = String(unitsOf(endpoint, call));
  if (!service.settings.keepLimits) return;
  if (endpoint.limits.includes('secureScore') && graph.inFlight(claims.tid, endpoint.operation) > secureScoresInFlight) {
    service.violate('tooManyRequests', call, `more than ${secureScoresInFlight} at once`);
    throw throttled(asked, limits.secureScore, 1);
  }
  const nowMs = service.clock.now().getTime();
  for (const [name, amount] of limitsOf(asked)) {
    const limit: Limit = limits[name];
    if (limit.scope === 'tenant' && usedByOthers(graph, claims.tid, nowMs)) throw throttled(asked, limit, 1);
    const owner = { tenantAndApplication: `${claims.tid}|${claims.appid}`, application: claims.appid, tenant: claims.tid }[
      limit.scope
    ];
    const { used, waitSeconds } = graph.limits.count(name, owner, amount, nowMs);
    if (waitSeconds !== undefined) {
      service.violate('tooManyRequests', call, `${name}: more than ${limit.most} in ${limit.seconds} s`);
      throw throttled(asked, limit, waitSeconds);
    }
    if (used > 0.8 && limit.counts === 'units') headers['x-ms-throttle-limit-percentage'] = used.toFixed(2);
  }
}

function usedByOthers({ service, seed }: SimulatedGraph, tenantId: string, nowMs: number): boolean {
  const { sharedLimitUse } = service.settings;
  return sharedLimitUse > 0 && createRandom(seed, 'others', tenantId, Math.floor(nowMs / 1000)).chance(sharedLimitUse);
}

function throttled({ endpoint, claims }: Asked, limit: Limit, waitSeconds: number): Refusal {
  const headers: Record<string, string> = limit.retryAfter ? { 'Retry-After': String(waitSeconds) } : {};
  if (limit.counts === 'requests') return new Refusal(429, 'TooManyRequests', 'Too many requests.', headers);
  const scope = limit.scope === 'application' ? 'Application' : 'Tenant_Application';
  headers['x-ms-throttle-scope'] = `${scope}/Read/${claims.appid}/${claims.tid}`;
  headers['x-ms-throttle-information'] = 'ResourceUnitLimitExceeded';
  const code = endpoint.permissionWords === 'directory' ? 'Request_ThrottledTemporarily' : 'TooManyRequests';
  return new Refusal(429, code, 'Your request is throttled temporarily. Please try after the specified time.', headers);
}

/** Sign-in activity is a matter of the reports: of their permission and their licence. */
function checkSignInActivity({ control, endpoint, claims }: Asked, query: Query): void {
  if (query.select?.includes('signInActivity') !== true) return;
  if (endpoint.kind === 'delta')
    throw new Refusal(501, 'NotImplemented', 'Property signInActivity is not supported in delta queries.');
  if (endpoint.operation !== 'users') return;
  const roles = claims.roles ?? [];
  if (!roles.includes('AuditLog.Read.All')) throw permissionMissing('reports', ['AuditLog.Read.All'], roles);
  if (!control.features.has('entraP1')) throw notLicensed('premiumReports');
  query.size = Math.min(query.size, 500);
}

function refusalReply({ service }: SimulatedGraph, call: Call, { status, code, message }: Refusal): Reply {
  if (call.listener === 'defender') return jsonReply(status, { error: { code, message, target: service.random.guid() } });
  const requestId = service.random.guid();
  const innerError = {
    date: new Date(service.nowMs()).toISOString().slice(0, 19),
    'request-id': requestId,
    'client-request-id': clientRequestId(call) ?? requestId,
  };
  const body = Buffer.from(JSON.stringify({ error: { code, message, innerError } }));
  return bytesReply(status, body, { 'request-id': requestId });
}

function signed({ service }: SimulatedGraph, call: Call, reply: Reply): Reply {
  if (call.listener === 'defender') return reply;
  const requestId = reply.headers['request-id'] ?? service.random.guid();
  reply.headers['request-id'] = requestId;
  reply.headers['client-request-id'] = clientRequestId(call) ?? requestId;
  return reply;
}

function clientRequestId({ headers }: Call): string | undefined {
  const value = headers['client-request-id'];
  return typeof value === 'string' ? value : undefined;
}
