import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../freePort';
import { answerVaultRequest, vaultError, type VaultAnswer } from './secretRoutes';
import { SecretStore } from './secretStore';

/** Where the vault keeps its secrets (in memory without a folder) and the port it should take if it is free. */
export interface KeyVaultOptions {
  readonly folder?: string;
  readonly port?: number;
}

/** Makes the vault misbehave, for tests of what the connector then does. */
interface KeyVaultFaults {
  /** Answers the next authenticated requests with an error status; 429 and 503 come with Retry-After: 0. */
  failNext(status: number, times?: number): void;
  /** While on, closes every connection without an answer, as an unreachable vault does. */
  unavailable(on: boolean): void;
}

/** A running local vault. `stop` resolves when nothing listens any more. */
export interface KeyVault {
  readonly url: string;
  readonly faults: KeyVaultFaults;
  stop(): Promise<void>;
}

const codes: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Throttled',
  503: 'ServiceUnavailable',
};

/**
 * Starts the secrets API of a Key Vault on 127.0.0.1 over http, for unmodified clients with `allowInsecureConnection` and
 * `disableChallengeResourceVerification`. It challenges requests without a bearer token and accepts any token.
 */
export async function startKeyVault({ folder, port: preferred }: KeyVaultOptions = {}): Promise<KeyVault> {
  const store = new SecretStore(folder === undefined ? undefined : join(folder, 'key-vault.json'));
  const port = await freePort(preferred);
  const url = `http://127.0.0.1:${port}`;
  const failures: number[] = [];
  let unreachable = false;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (unreachable) {
      request.socket.destroy();
      return;
    }
    const body = await text(request);
    if (!/^Bearer ./.test(request.headers.authorization ?? '')) {
      // The SDK sends its first request without token and body, and repeats it with both after this challenge.
      response.setHeader(
        'WWW-Authenticate',
        'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000", resource="https://vault.azure.net"',
      );
      send(response, vaultError(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.'));
      return;
    }
    const failure = failures.shift();
    if (failure !== undefined) {
      if (failure === 429 || failure === 503) response.setHeader('Retry-After', '0');
      send(
        response,
        vaultError(failure, codes[failure] ?? 'InternalServerError', 'A fault that this local vault was told to have.'),
      );
      return;
    }
    send(
      response,
      answerVaultRequest(store, url, { method: request.method ?? 'GET', url: new URL(request.url ?? '/', url), body }),
    );
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      send(response, vaultError(500, 'InternalServerError', String(error)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url,
    faults: {
      failNext: (status, times = 1) => {
        for (let count = 0; count < times; count++) failures.push(status);
      },
      unavailable: (on) => {
        unreachable = on;
        if (on) server.closeAllConnections();
      },
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, body }: VaultAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-cache' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
