import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { isIP, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

/** A request as it arrived: over which connection, to where that one had been opened, and what it carried. */
interface Arrived {
  readonly secure: boolean;
  /** Host and port that the client connected to. */
  readonly connectedTo: string;
  readonly host: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** What is answered for a host and a path. */
type Answering = (
  host: string,
  path: string,
) => {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** Stands for the whole internet: whatever this process connects to ends up here, and has a certificate that is right for its name. */
export interface CatchAll {
  readonly ca: string;
  readonly arrived: Arrived[];
  answer: Answering;
  readonly stop: () => Promise<void>;
}

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** Catches every connection of this process until it is stopped. `hosts` are the names that the certificate is made out to. */
export async function catchAll(hosts: readonly string[]): Promise<CatchAll> {
  const altNames = [...new Set(hosts)].map((host) =>
    isIP(host.replace(/[[\]]/g, '')) === 0
      ? { type: 2 as const, value: host }
      : { type: 7 as const, ip: host.replace(/[[\]]/g, '') },
  );
  const day = 24 * 60 * 60_000;
  const made = await generate([{ name: 'commonName', value: 'everybody' }], {
    algorithm: 'sha256',
    ...{ notBeforeDate: new Date(Date.now() - day), notAfterDate: new Date(Date.now() + day) },
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  // By the port that the client's end of the connection has.
  const openedTo = new Map<number, string>();
  const caught: CatchAll = { ca: made.cert, arrived: [], answer: () => ({ status: 404 }), stop: async () => Promise.resolve() };
  const listener = (secure: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const { host = '', authorization } = request.headers;
    const path = request.url ?? '';
    const connectedTo = openedTo.get(request.socket.remotePort ?? 0) ?? 'unknown';
    caught.arrived.push({ secure, connectedTo, host, path, authorization });
    const { status = 200, headers = {}, body = {} } = caught.answer(host, path);
    request.resume().on('end', () => {
      for (const [name, value] of Object.entries({ 'content-type': 'application/json', ...headers }))
        response.setHeader(name, value);
      response.statusCode = status;
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  };
  const secure = createSecureServer({ key: made.private, cert: made.cert }, listener(true));
  const plain = createServer(listener(false));
  const ports = await Promise.all(
    [secure, plain].map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  const [securePort = 0, plainPort = 0] = ports;
  const prototype = Socket.prototype as unknown as { connect: Connect };
  const connect = prototype.connect;
  prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const [first] = args;
    const options = (Array.isArray(first) ? first[0] : first) as { host?: string; port?: number | string };
    const wanted = `${options.host ?? 'localhost'}:${options.port ?? ''}`;
    this.once('connect', () => openedTo.set(this.localPort ?? 0, wanted));
    options.host = '127.0.0.1';
    options.port = this instanceof TLSSocket ? securePort : plainPort;
    return connect.apply(this, args);
  };
  return Object.assign(caught, {
    stop: async () => {
      prototype.connect = connect;
      for (const server of [secure, plain]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  });
}
