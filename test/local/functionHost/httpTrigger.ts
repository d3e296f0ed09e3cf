import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import type { RegisteredFunction } from './functionRegistry';
import { compileRoute, type HttpRoute } from './httpRoute';
import { sendHttpResponse } from './httpResponse';
import { describeError, type HostLog } from './hostLog';
import type { Invoke } from './invoker';
import type { Listener } from './listener';

const options = z.looseObject({
  route: z.string().optional(),
  methods: z.array(z.string()),
  authLevel: z.enum(['anonymous', 'function', 'admin']),
});

interface Endpoint {
  readonly fn: RegisteredFunction;
  readonly route: HttpRoute;
  readonly methods: readonly string[];
  readonly open: boolean;
}

/** What the HTTP server needs: the functions with an HTTP trigger, and the one key that opens both `function` and `admin`. */
export interface HttpTriggerParts {
  readonly functions: readonly RegisteredFunction[];
  readonly routePrefix: string;
  readonly key: string | undefined;
  readonly port: number;
  readonly invoke: Invoke;
  readonly log: HostLog;
}

/** A listening HTTP server; `stop` lets the requests finish that have begun, `cut` does not. */
export interface HttpListener extends Listener {
  readonly port: number;
  cut(): void;
}

/** The path on which a function with an HTTP trigger answers. */
export function httpPath(fn: RegisteredFunction, routePrefix: string): string {
  return `/${[...routePrefix.split('/'), ...(options.parse(fn.trigger).route ?? fn.name).split('/')].filter(Boolean).join('/')}`;
}

/** Serves the functions with an HTTP trigger on 127.0.0.1. */
export async function startHttpTrigger({
  functions,
  routePrefix,
  key,
  port,
  invoke,
  log,
}: HttpTriggerParts): Promise<HttpListener> {
  const endpoints = functions
    .map((fn): Endpoint => {
      const { methods, authLevel } = options.parse(fn.trigger);
      const upper = methods.map((method) => method.toUpperCase());
      return { fn, route: compileRoute(httpPath(fn, routePrefix)), methods: upper, open: authLevel === 'anonymous' };
    })
    .sort((a, b) => (a.route.order < b.route.order ? -1 : 1));
  let stopping = false;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(`http://${request.headers.host ?? '127.0.0.1'}${request.url ?? '/'}`);
    const found = find(endpoints, request.method ?? 'GET', url);
    if (stopping) response.writeHead(503, { Connection: 'close' }).end();
    else if (!found) response.writeHead(404).end();
    else if (!found.endpoint.open && !isKey(key, request.headers['x-functions-key'] ?? url.searchParams.get('code')))
      response.writeHead(401).end();
    else {
      const bytes = await buffer(request);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
      );
      const http = { method: request.method ?? 'GET', url: url.href, headers, params: found.params, body: { bytes } };
      const { returnValue } = await invoke(found.endpoint.fn, { data: { http } });
      if (returnValue?.http) sendHttpResponse(response, returnValue.http);
      else response.writeHead(204).end();
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      log('debug', `${request.method ?? ''} ${request.url ?? ''} failed: ${describeError(error)}`);
      // The real host tells the caller nothing of a failure inside a function.
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    stop: () => {
      stopping = true;
      return new Promise((resolve) => server.close(() => resolve()));
    },
    cut: () => server.closeAllConnections(),
  };
}

function find(endpoints: readonly Endpoint[], method: string, url: URL) {
  const segments = decodePath(url.pathname);
  for (const endpoint of endpoints) {
    const params = segments && endpoint.methods.includes(method) ? endpoint.route.match(segments) : undefined;
    if (params) return { endpoint, params };
  }
  return undefined;
}

function decodePath(path: string): string[] | undefined {
  try {
    return path
      .replace(/^\/|\/$/g, '')
      .split('/')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function isKey(key: string | undefined, given: string | string[] | null): boolean {
  if (key === undefined || key === '' || typeof given !== 'string') return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(key), digest(given));
}
