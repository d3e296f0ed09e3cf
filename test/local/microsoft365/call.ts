import type { IncomingHttpHeaders } from 'node:http';
import { applicationOperation } from './applicationRoute';
import { findPlace } from './graph/endpoints';
import { isActionPath } from './response/simulatedResponse';
import type { Operation } from './requestLog';
import { isContentType, type Api, type ContentType } from './tenant';

/** A request after routing: what it asks for, of whom, and with what. */
export interface Call {
  listener: 'login' | Api;
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
  operation: Operation;
  /** As written in the path, in lower case. */
  tenantId: string | undefined;
  contentType: ContentType | undefined;
  contentId: string | undefined;
  publisherIdentifier: string | undefined;
}

const loginRoute = /^\/([^/]+)\/(?:(v2\.0\/\.well-known\/openid-configuration)|(oauth2\/v2\.0\/token)|(discovery\/v2\.0\/keys))$/;
const feedRoute = /^\/api\/v1(?:\.0)?\/([^/]+)\/activity\/feed\/(.+)$/;
const feedOperations: Record<string, Operation> = {
  'subscriptions/list': 'subscriptionsList',
  'subscriptions/start': 'start',
  'subscriptions/stop': 'stop',
  'subscriptions/content': 'content',
  'subscriptions/notifications': 'notifications',
  'resources/dlpSensitiveTypes': 'dlpSensitiveTypes',
};

/** Finds out what a request asks for; `operation` is `unknown` for any path the service does not have. */
export function route(listener: Call['listener'], method: string, target: string, headers: IncomingHttpHeaders): Call {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const asked = query.get('contentType');
  return {
    listener,
    method,
    path,
    query,
    headers,
    body: '',
    contentType: isContentType(asked) ? asked : undefined,
    publisherIdentifier: query.get('PublisherIdentifier') ?? undefined,
    ...placeOf(listener, method, path, query, headers),
  };
}

type Place = Pick<Call, 'operation' | 'tenantId' | 'contentId'>;

function placeOf(
  listener: Call['listener'],
  method: string,
  path: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): Place {
  if (listener === 'login') return loginCall(path);
  return listener === 'management' ? feedCall(path, query) : objectCall(listener, method, path, headers.authorization);
}

const nowhere: Place = { operation: 'unknown', tenantId: undefined, contentId: undefined };

function loginCall(path: string): Place {
  const found = loginRoute.exec(path);
  if (!found) return nowhere;
  return {
    operation: found[2] ? 'openId' : found[4] ? 'keys' : 'token',
    tenantId: found[1]?.toLowerCase(),
    contentId: undefined,
  };
}

function feedCall(path: string, query: URLSearchParams): Place {
  const found = feedRoute.exec(path);
  if (!found) return nowhere;
  const tenantId = found[1]?.toLowerCase();
  const rest = found[2] ?? '';
  if (rest.startsWith('audit/')) return { operation: 'blob', tenantId, contentId: decoded(rest.slice(6)) };
  const operation = feedOperations[rest] ?? 'unknown';
  return {
    operation: operation === 'content' && query.has('nextPage') ? 'nextPage' : operation,
    tenantId,
    contentId: undefined,
  };
}

/** Graph and Defender have no tenant in their paths: it is the token's. */
function objectCall(listener: 'graph' | 'defender', method: string, path: string, authorization: string | undefined): Place {
  const application = listener === 'graph' ? applicationOperation(path) : undefined;
  if (application !== undefined) return { operation: application, tenantId: tenantOfToken(authorization), contentId: undefined };
  if (isActionPath(method, path)) return { operation: 'action', tenantId: tenantOfToken(authorization), contentId: undefined };
  const place = findPlace(listener, path.replace(/^\/[^/]*\/?/, ''));
  return { operation: place?.endpoint.operation ?? 'unknown', tenantId: tenantOfToken(authorization), contentId: place?.id };
}

function tenantOfToken(authorization: string | undefined): string | undefined {
  try {
    const claims = JSON.parse(Buffer.from(authorization?.split('.')[1] ?? '', 'base64url').toString()) as { tid?: unknown };
    return typeof claims.tid === 'string' ? claims.tid : undefined;
  } catch {
    return undefined;
  }
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
