import { createServer } from 'node:http';

/** The health route of Microsoft's emulator. */
export interface HealthServer {
  url: string;
  stop(): Promise<void>;
}

/** Answers `GET /health` on 127.0.0.1 as Microsoft's emulator does. */
export async function startHealthServer(port: number): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const known = request.method === 'GET' && request.url === '/health';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(known ? JSON.stringify({ status: 'healthy', message: 'Service is healthy.' }) : undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The health server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/health`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
