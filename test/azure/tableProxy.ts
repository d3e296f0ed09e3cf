import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { StorageAccess } from '../../src/azure/storageAccess';

/** What happens to a request. `lost...`: it is applied, but the answer is not what happened; `refuse...`: it is not applied; `pass`: nothing. */
export type TableFault = `lostAs${409 | 412 | 429 | 500}` | 'lostConnection' | `refuse${409 | 412 | 429 | 500 | 503}` | 'pass';

/** An HTTP proxy in front of a table endpoint that answers some requests with faults. */
export interface TableProxy {
  readonly access: StorageAccess;
  /** All requests that came by, as `METHOD path`. */
  readonly seen: string[];
  /** The next requests that write (or all, with `reads`) meet these faults, one each. */
  fail(faults: readonly TableFault[], options?: { readonly reads?: boolean }): void;
  /** Called, once, after the next write was applied and before its answer is passed on. */
  afterNextWrite(work: () => Promise<void>): void;
  stop(): Promise<void>;
}

/** Starts the proxy in front of the tables of a connection string. */
export async function startTableProxy(connectionString: string): Promise<TableProxy> {
  const endpoint = new URL(/TableEndpoint=([^;]+)/.exec(connectionString)?.[1] ?? '');
  const seen: string[] = [];
  let faults: TableFault[] = [];
  let readsToo = false;
  let afterWrite: (() => Promise<void>) | undefined;

  const server = createServer((incoming, outgoing) => {
    const handle = async (): Promise<void> => {
      const body = await buffer(incoming);
      const isWrite = incoming.method !== 'GET' && !(incoming.url ?? '').endsWith('/Tables');
      seen.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
      const fault = isWrite || readsToo ? faults.shift() : undefined;
      if (fault?.startsWith('refuse') === true) {
        outgoing.writeHead(Number(fault.slice(6)), { 'Content-Type': 'application/json' });
        outgoing.end('{"odata.error":{"code":"Planted","message":{"lang":"en-US","value":"A planted fault."}}}');
        return;
      }
      const answer = await forward(endpoint, incoming, body);
      const answerBody = await buffer(answer);
      if (isWrite && afterWrite !== undefined) {
        const work = afterWrite;
        afterWrite = undefined;
        await work();
      }
      if (fault === 'lostConnection') {
        incoming.socket.destroy();
        return;
      }
      if (fault?.startsWith('lostAs') === true) {
        outgoing.writeHead(Number(fault.slice(6)), { 'Content-Type': 'application/json' });
        outgoing.end('{"odata.error":{"code":"OperationTimedOut","message":{"lang":"en-US","value":"A planted fault."}}}');
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      outgoing.end(answerBody);
    };
    handle().catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    access: { kind: 'connectionString', value: connectionString.replace(endpoint.host, `127.0.0.1:${port ?? 0}`) },
    seen,
    fail: (next, { reads = false } = {}) => {
      faults = [...next];
      readsToo = reads;
    },
    afterNextWrite: (work) => {
      afterWrite = work;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(endpoint: URL, { method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: endpoint.hostname, port: endpoint.port, method, path: url, headers }, resolve);
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
