import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createPlainServer, type Server as PlainServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { answerActivity, inspect } from './activityApi';
import { applicationOperation } from './applicationRoute';
import { answerApplications } from './applicationsApi';
import { route, type Call } from './call';
import { ControlPage } from './controlPage';
import type { Faults } from './faults';
import type { SimulatedGraph } from './graph/graph';
import { answerObjects } from './graph/graphApi';
import { answerDirectory } from './identity/directoryApi';
import { answerIdentityEndpoint } from './identity/managedIdentity';
import { answerBrowser } from './identity/signInPages';
import { answerLogin } from './login';
import type { Reply } from './reply';
import type { RequestLog } from './requestLog';
import { changed, replacement, send } from './responder';
import type { Service, Urls } from './service';
import type { Api } from './tenant';

type ListenerName = 'login' | Api;

const names: readonly ListenerName[] = ['login', 'management', 'graph', 'defender'];
const bodyLimit = 1 << 20;

/** The open listeners. */
export interface Listeners {
  urls: Urls;
  /** Where browsers sign in: the same pages without TLS, so that nobody has to trust a certificate. At its root is the simulation's own page. */
  signInUrl: string;
  /** Begins to answer; until then requests wait. */
  serve(parts: Omit<Parts, 'signal'>): void;
  close(): Promise<void>;
}

/** Opens the four https listeners on 127.0.0.1. */
export async function openListeners(
  tls: { key: string; cert: string },
  ports: Partial<Record<ListenerName | 'signIn', number>>,
): Promise<Listeners> {
  const closing = new AbortController();
  let control: ControlPage | undefined;
  let answer: ((name: ListenerName, request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined;
  const servers: (Server | PlainServer)[] = [];
  const urls: Urls = { login: '', management: '', graph: '', defender: '' };
  for (const name of names) {
    const server = createServer({ key: tls.key, cert: tls.cert, keepAliveTimeout: 65_000 }, (request, response) => {
      response.on('error', () => undefined);
      answer?.(name, request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(ports[name] ?? 0, '127.0.0.1', resolve);
    });
    urls[name] = `https://localhost:${(server.address() as AddressInfo).port}`;
    servers.push(server);
  }
  const plain = createPlainServer((request, response) => {
    response.on('error', () => undefined);
    const { method = 'GET', url = '/', headers } = request;
    const reply = control?.answer(method, url, headers.origin, headers.host);
    if (reply !== undefined) response.writeHead(reply.status, reply.headers).end(reply.body);
    else answer?.('login', request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    plain.once('error', reject);
    plain.listen(ports.signIn ?? 0, '127.0.0.1', resolve);
  });
  servers.push(plain);
  return {
    urls,
    signInUrl: `http://localhost:${(plain.address() as AddressInfo).port}`,
    serve(parts) {
      control = new ControlPage(parts.service);
      answer = (name, request, response) => handle({ ...parts, signal: closing.signal }, name, request, response);
    },
    async close() {
      closing.abort();
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              server.closeAllConnections();
            }),
        ),
      );
    },
  };
}

/** What answers. */
interface Parts {
  service: Service;
  graph: SimulatedGraph;
  faults: Faults;
  requests: RequestLog;
  signal: AbortSignal;
}

async function handle(parts: Parts, name: ListenerName, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { service, graph, faults, requests, signal } = parts;
  if (name === 'login' && (await browse(service, request, response))) return;
  const call = route(name, request.method ?? 'GET', request.url ?? '/', request.headers);
  response.once('close', graph.enter(call));
  if (call.method !== 'GET') call.body = await readBody(request);
  if (service.settings.latencyMs > 0) await wait(service.settings.latencyMs, undefined, { signal });
  inspect(service, call);

  const contentTypeOf = () => service.content.find(call.tenantId ?? '', call.contentId ?? '', Infinity)?.contentType;
  const fault = faults.take(call, contentTypeOf);
  const shape = fault?.fault.respond;
  if (shape && 'kind' in shape && shape.kind === 'delay') await wait(shape.ms, undefined, { signal });
  const right = async () => {
    const asked = shape && 'kind' in shape && shape.kind === 'misread' ? shape.change(call) : call;
    const reply = await rightAnswer(service, graph, asked);
    return shape ? changed(reply, shape, call) : reply;
  };
  const reply = (shape && replacement(shape, call)) ?? (await right());

  requests.add({
    listener: name,
    method: call.method,
    operation: call.operation,
    tenantId: call.tenantId,
    contentType: call.contentType ?? (call.operation === 'blob' ? contentTypeOf() : undefined),
    contentId: call.contentId,
    publisherIdentifier: call.publisherIdentifier,
    authorized: call.headers.authorization !== undefined,
    at: service.clock.now(),
    status: reply.status,
    fault: fault ? (fault.fault.name ?? (shape && 'kind' in shape ? shape.kind : 'status')) : undefined,
  });
  await send(response, reply, new Date(service.nowMs()).toUTCString(), shape, signal);
}

function rightAnswer(service: Service, graph: SimulatedGraph, call: Call): Reply | Promise<Reply> {
  switch (call.listener) {
    case 'login':
      return answerLogin(service, call);
    case 'management':
      return answerActivity(service, call);
    case 'graph':
      return (
        answerDirectory(service, call) ??
        (applicationOperation(call.path) === undefined ? answerObjects(graph, call) : answerApplications(service, call))
      );
    case 'defender':
      return answerObjects(graph, call);
  }
}

/** Answers a browser that signs in; faults are for the connector only. */
async function browse(service: Service, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const { method = 'GET', url = '/', headers } = request;
  const secretHeader = headers['x-identity-header'];
  const token = answerIdentityEndpoint(service, url, typeof secretHeader === 'string' ? secretHeader : undefined);
  if (token !== undefined) {
    response.writeHead(token.status, token.headers).end(token.body);
    return true;
  }
  if (!/\/(authorize|adminconsent)(\?|$)/.test(url)) return false;
  const reply = answerBrowser(service, method, url, method === 'POST' ? await readBody(request) : '', headers.cookie ?? '');
  if (reply === undefined) return false;
  response.writeHead(reply.status, reply.headers).end(reply.body);
  return true;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > bodyLimit) throw new Error('The request body is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
