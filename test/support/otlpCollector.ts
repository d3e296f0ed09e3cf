import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a collector got; the body is JSON. */
interface Exported {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A collector of OpenTelemetry on loopback. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export interface OtlpCollector {
  readonly url: string;
  readonly received: Exported[];
  /** Resolves once there was a request to an address that ends so. */
  readonly until: (path: string) => Promise<void>;
  readonly close: () => void;
}

/** Starts a collector that answers everything with one status. */
export async function startOtlpCollector(status = 200): Promise<OtlpCollector> {
  const received: Exported[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      received.push({ path, authorization: headers.authorization, body: Buffer.concat(chunks).toString() });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/otlp`,
    received,
    until: async (path) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!received.some((one) => one.path.endsWith(path))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
