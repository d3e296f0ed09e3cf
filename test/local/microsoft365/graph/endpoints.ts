import { defenderEndpoints } from '../defender/defenderEndpoints';
import { directoryEndpoints } from './directoryEndpoints';
import type { Endpoint } from './endpoint';
import type { Feed, ObjectOperation } from './operations';
import { securityEndpoints } from './securityEndpoints';

/** Every endpoint of Graph and Defender that serves objects. */
const endpoints: readonly Endpoint[] = [...securityEndpoints, ...directoryEndpoints, ...defenderEndpoints];

const byOperation = new Map(endpoints.map((endpoint) => [endpoint.operation, endpoint]));

/** The facts of one endpoint. */
export function endpointOf(operation: ObjectOperation): Endpoint {
  const endpoint = byOperation.get(operation);
  if (!endpoint) throw new Error(`There is no endpoint ${operation}.`);
  return endpoint;
}

/** The endpoint that lists the objects of a feed. */
export function listOf(feed: Feed): Endpoint {
  if (feed.endsWith('SignIns')) return endpointOf('signIns');
  const endpoint = endpoints.find((each) => each.feed === feed && each.kind === 'list');
  if (!endpoint) throw new Error(`No endpoint lists ${feed}.`);
  return endpoint;
}

/** What a path asks for. */
export interface Place {
  endpoint: Endpoint;
  /** The object whose parts are listed. */
  owner?: string;
  /** One object is asked for, not a list. */
  id?: string;
}

/** Finds the endpoint of a path below `/v1.0/`, `/beta/` or `/api/`. */
export function findPlace(api: Endpoint['api'], path: string): Place | undefined {
  const segments = path.split('/').filter((segment) => segment !== '');
  for (const endpoint of endpoints) {
    if (endpoint.api !== api) continue;
    const wanted = endpoint.route.split('/');
    const extra = segments.length - wanted.length;
    if (extra !== 0 && !(extra === 1 && endpoint.single)) continue;
    const owner = wanted.indexOf('{id}');
    if (
      !wanted.every((part, index) => index === owner || part.toLowerCase() === segments[index]?.replace('()', '').toLowerCase())
    )
      continue;
    // `users/delta` is the delta and not the user of that name.
    if (extra === 1 && segments.at(-1)?.replace('()', '') === 'delta') continue;
    return {
      endpoint,
      ...(owner >= 0 ? { owner: decoded(segments[owner]) } : {}),
      ...(extra === 1 ? { id: decoded(segments.at(-1)) } : {}),
    };
  }
  return undefined;
}

function decoded(segment = ''): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
