import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { Answer } from '../domain/source';
import { createAnswer } from './answer';
import { decompress, defaultDecompressLimit, isEncoded } from './decompress';
import type { DecompressLimit } from './decompress';
import { HttpBody, transportFailure } from './httpBody';
import type { Deadlines } from './httpBody';

/** One request. Its URL must be https, or http to this machine where that is allowed. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly decompressLimit?: DecompressLimit;
  /** Whether it may be sent again when a kept-alive connection turns out to be closed; GET always may. */
  readonly repeatable?: boolean;
}

export interface HttpOptions {
  /** Connections to one host at a time; more requests wait for one. */
  readonly maxSockets?: number;
  /** Allows http: to localhost, 127.0.0.1 and [::1], where a managed identity is asked. */
  readonly allowLoopbackHttp?: boolean;
  readonly deadlines?: Partial<Deadlines>;
  /** Trusts this authority (PEM) instead of Node's; NODE_EXTRA_CA_CERTS works without it. */
  readonly ca?: string;
}

/** A small HTTP client. Redirects are answers, never followed, so that a token goes nowhere but where it was sent. */
export interface Http {
  readonly send: (request: HttpRequest, signal: AbortSignal, deadlines?: Partial<Deadlines>) => Promise<Answer>;
  /** Closes idle connections. */
  readonly close: () => void;
}

/** The default deadlines: 30 s for headers, 30 s between chunks, 10 min for a body. */
const defaultDeadlines: Deadlines = { headersMs: 30_000, idleMs: 30_000, bodyMs: 600_000 };

/** An HTTP client over Node's core, which needs far less CPU than fetch for large bodies: chunks are handed on as they come from the socket. */
export function createHttp(options: HttpOptions = {}): Http {
  const common = { keepAlive: true, maxSockets: options.maxSockets ?? 64, scheduling: 'lifo' as const };
  const trust = options.ca === undefined ? {} : { ca: options.ca };
  const secure = { kept: new HttpsAgent({ ...common, ...trust }), fresh: new HttpsAgent(trust) };
  const plain = { kept: new HttpAgent(common), fresh: new HttpAgent() };

  const start = (url: URL, connection: 'kept' | 'fresh', requestOptions: RequestOptions): ClientRequest =>
    url.protocol === 'https:'
      ? httpsRequest(url, { ...requestOptions, agent: secure[connection] })
      : httpRequest(url, { ...requestOptions, agent: plain[connection] });

  return {
    send: async (request, signal, deadlines) => {
      const url = permittedUrl(request.url, options.allowLoopbackHttp ?? false);
      const call: Call = {
        request,
        url,
        doing: `sending ${request.method} to ${url.host}`,
        deadlines: { ...defaultDeadlines, ...options.deadlines, ...deadlines },
        start,
        connection: 'kept',
      };
      try {
        return await exchange(call, signal);
      } catch (error) {
        const repeatable = request.repeatable ?? request.method === 'GET';
        if (!(error instanceof StaleConnection)) throw error;
        if (!repeatable) throw new ConnectorError(call.doing, transportFailure(error.cause), error.cause);
        return await exchange({ ...call, connection: 'fresh' }, signal);
      }
    },
    close: () => {
      secure.kept.destroy();
      plain.kept.destroy();
    },
  };
}

interface Call {
  readonly request: HttpRequest;
  readonly url: URL;
  readonly doing: string;
  readonly deadlines: Deadlines;
  readonly start: (url: URL, connection: 'kept' | 'fresh', options: RequestOptions) => ClientRequest;
  readonly connection: 'kept' | 'fresh';
}

/** A kept-alive connection that the server had closed when the request was sent on it. */
class StaleConnection extends Error {}

function exchange(call: Call, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request, url, doing, deadlines } = call;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error): void => {
      if (settled) return;
      settle();
      sent.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(new ConnectorError(doing, { kind: 'cancelled', code: 'aborted' }));

    const sent = call.start(url, call.connection, { method: request.method, headers: headersOf(request) });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    // From the moment it has a connection: waiting for one is our own doing, and only the signal ends it.
    sent.on('socket', () => {
      if (settled) return;
      timer = setTimeout(
        () => fail(new ConnectorError(doing, { kind: 'unavailable', code: 'timeout:headers' })),
        deadlines.headersMs,
      );
    });
    sent.on('error', (error) => {
      const stale = sent.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      fail(stale ? new StaleConnection('', { cause: error }) : new ConnectorError(doing, transportFailure(error), error));
    });
    sent.on('close', () => fail(new ConnectorError(doing, { kind: 'unavailable', code: 'connectionClosed' })));
    sent.on('response', (response) => {
      if (settled) {
        response.destroy();
        return;
      }
      settle();
      resolve(answerOf(response, call, signal));
    });
    sent.end(request.body);
  });
}

function answerOf(response: IncomingMessage, call: Call, signal: AbortSignal): Answer {
  const raw = new HttpBody(response, call.doing, signal, call.deadlines);
  const encoding = response.headers['content-encoding'];
  const limit = call.request.decompressLimit ?? defaultDecompressLimit;
  const body = isEncoded(encoding) ? decompress(raw, encoding, limit, call.doing) : raw;
  return createAnswer({
    status: response.statusCode ?? 0,
    headers: plainHeaders(response.headers),
    body,
    discard: () => raw.discard(),
    doing: call.doing,
  });
}

function headersOf(request: HttpRequest): Record<string, string | number> {
  return {
    accept: 'application/json',
    ...request.headers,
    'accept-encoding': 'identity',
    ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
  };
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];

function permittedUrl(text: string | URL, allowLoopbackHttp: boolean): URL {
  const refuse = (code: string, detail: string): never => {
    const failure: Failure = { kind: 'refusedUrl', code, detail };
    throw new ConnectorError('sending a request', failure);
  };
  const url = URL.canParse(String(text)) ? new URL(text) : refuse('notAUrl', 'The address cannot be read.');
  if (url.username !== '' || url.password !== '') refuse('userInfo', 'The address carries a user name or password.');
  const loopback = url.protocol === 'http:' && allowLoopbackHttp && loopbackHosts.includes(url.hostname);
  if (url.protocol !== 'https:' && !loopback) refuse('scheme', 'The address is not https.');
  return url;
}
