import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Answer } from '../../src/domain/source';
import { createHttp } from '../../src/microsoft/http';
import type { Http, HttpOptions } from '../../src/microsoft/http';
import { noAbort } from './fakes';

const open: (Server | SecureServer)[] = [];
const clients: Http[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Listens on a free port of this machine until the test ends. */
export async function listen(server: Server | SecureServer): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A server for the time of a test. */
export async function serve(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly server: Server; readonly sockets: Socket[] }> {
  const server = createServer(listener);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  return { url: `http://127.0.0.1:${await listen(server)}`, server, sockets };
}

/** An HTTP client for the time of a test. */
export function client(options: HttpOptions = {}): Http {
  const http = createHttp({ allowLoopbackHttp: true, ...options });
  clients.push(http);
  return http;
}

/** Gets an address. */
export const get = (http: Http, url: string, signal = noAbort()): Promise<Answer> => http.send({ method: 'GET', url }, signal);

/** Waits until something is so. */
export const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
