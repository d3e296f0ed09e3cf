import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Answer } from '../../src/domain/source';
import { createHttp } from '../../src/microsoft/http';
import type { Http, HttpOptions } from '../../src/microsoft/http';
import { createCertificates } from '../local/certificates';
import { failure, noAbort } from './fakes';

const open: (Server | ReturnType<typeof createSecureServer>)[] = [];
const clients: Http[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server | ReturnType<typeof createSecureServer>): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function serve(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly server: Server; readonly sockets: Socket[] }> {
  const server = createServer(listener);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  return { url: `http://127.0.0.1:${await listen(server)}`, server, sockets };
}

function client(options: HttpOptions = {}): Http {
  const http = createHttp({ allowLoopbackHttp: true, ...options });
  clients.push(http);
  return http;
}

const get = (http: Http, url: string, signal = noAbort()): Promise<Answer> => http.send({ method: 'GET', url }, signal);

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('http', () => {
  describe('answers', () => {
    it('hands on status, headers and the body as it came', async () => {
      const body = Buffer.from([0, 1, 2, 255, 254, 10]);
      const { url } = await serve((_, response) =>
        response.writeHead(207, { 'X-Thing': 'yes', 'Set-Cookie': ['a', 'b'] }).end(body),
      );

      const answer = await get(client(), url);
      const chunks: Buffer[] = [];
      for await (const chunk of answer.body) chunks.push(chunk);

      expect(answer.status).toBe(207);
      expect(answer.headers).toMatchObject({
        'x-thing': 'yes',
        'set-cookie': 'a, b',
        date: expect.stringMatching(/GMT$/) as unknown,
      });
      expect(Buffer.concat(chunks)).toEqual(body);
    });

    it('sends method, headers and body, and asks for no compression', async () => {
      let seen = '';
      const { url } = await serve((request, response) => {
        seen = `${request.method ?? ''} ${String(request.headers['x-a'])} ${String(request.headers['accept-encoding'])} ${request.headers['content-length'] ?? ''} `;
        request.on('data', (chunk: Buffer) => (seen += chunk.toString())).on('end', () => response.end());
      });

      await (await client().send({ method: 'POST', url, headers: { 'x-a': '1' }, body: 'grün' }, noAbort())).text(10);

      expect(seen).toBe('POST 1 identity 5 grün');
    });

    it.each([301, 302, 303, 307, 308])('gives a redirect (%i) as the answer and does not follow it', async (status) => {
      let requests = 0;
      const { url } = await serve((_, response) => {
        requests += 1;
        response.writeHead(status, { location: 'http://127.0.0.1:1/elsewhere' }).end();
      });

      const answer = await get(client(), url);
      await answer.text(10);

      expect(answer.status).toBe(status);
      expect(requests).toBe(1);
    });

    it('refuses a text that is longer than asked for', async () => {
      const { url } = await serve((_, response) => response.end('12345678901'));

      const answer = await get(client(), url);

      expect(await failure(answer.text(10))).toMatchObject({ kind: 'unexpectedResponse', code: 'bodyTooLong' });
    });

    it('uses a connection again, also after a small body was thrown away', async () => {
      const { url, sockets } = await serve((_, response) => response.end('x'.repeat(1_000)));
      const http = client();

      await (await get(http, url)).text(2_000);
      (await get(http, url)).discard();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await (await get(http, url)).text(2_000);

      expect(sockets).toHaveLength(1);
    });

    it('gives the connection up when a large body is thrown away', async () => {
      const { url, sockets } = await serve((_, response) => response.end(Buffer.alloc(20_000_000)));

      (await get(client(), url)).discard();
      await until(() => sockets[0]?.destroyed === true);

      expect(sockets).toHaveLength(1);
    });

    it('sends a GET again when a kept connection turns out to be closed', async () => {
      let requests = 0;
      const { url, sockets } = await serve((request, response) => {
        requests += 1;
        if (requests === 2) request.socket.destroy();
        else response.end('ok');
      });
      const http = client();

      await (await get(http, url)).text(10);
      const text = await (await get(http, url)).text(10);

      expect([text, requests, sockets.length]).toEqual(['ok', 3, 2]);
    });

    it('does not send a POST twice', async () => {
      let requests = 0;
      const { url } = await serve((request, response) => {
        requests += 1;
        if (requests === 2) request.socket.destroy();
        else response.end('ok');
      });
      const http = client();
      await (await get(http, url)).text(10);

      expect(await failure(http.send({ method: 'POST', url, body: '{}' }, noAbort()))).toEqual({
        kind: 'unavailable',
        code: 'ECONNRESET',
      });
      expect(requests).toBe(2);
    });

    it('opens no more connections than allowed', async () => {
      let open = 0;
      let most = 0;
      const { url } = await serve((_, response) => {
        open += 1;
        most = Math.max(most, open);
        setTimeout(() => {
          open -= 1;
          response.end();
        }, 5);
      });
      const http = client({ maxSockets: 3 });

      await Promise.all(Array.from({ length: 20 }, async () => (await get(http, url)).text(10)));

      expect(most).toBe(3);
    });
  });

  describe('bodies that break off', () => {
    it.each([
      ['by a wrong content-length', { 'content-length': '100' }],
      ['in the middle of chunks', { 'transfer-encoding': 'chunked' }],
    ])('%s are errors, never ends', async (_, headers) => {
      const { url } = await serve((request, response) => {
        response.writeHead(200, headers);
        response.write('[{"Id":"1"},');
        setTimeout(() => request.socket.destroy(), 10);
      });

      const answer = await get(client(), url);
      let received = '';
      const reading = (async () => {
        for await (const chunk of answer.body) received += chunk.toString();
      })();

      expect(await failure(reading)).toMatchObject({ kind: 'unavailable' });
      expect(received).toBe('[{"Id":"1"},');
    });

    it('with a reset are errors', async () => {
      const { url } = await serve((request, response) => {
        response.write('[');
        setTimeout(() => request.socket.resetAndDestroy(), 10);
      });

      expect(await failure((await get(client(), url)).text(100))).toEqual({ kind: 'unavailable', code: 'ECONNRESET' });
    });
  });

  describe('deadlines', () => {
    it('gives up on headers that do not come', async () => {
      const { url } = await serve(() => undefined);

      expect(await failure(get(client({ deadlines: { headersMs: 30 } }), url))).toEqual({
        kind: 'unavailable',
        code: 'timeout:headers',
      });
    });

    it('gives up on a body that stops', async () => {
      const { url } = await serve((_, response) => response.write('['));

      const answer = await get(client({ deadlines: { idleMs: 30 } }), url);

      expect(await failure(answer.text(100))).toEqual({ kind: 'unavailable', code: 'timeout:idle' });
    });

    it('gives up on a body that drips on forever', async () => {
      let dripping: NodeJS.Timeout | undefined;
      const { url } = await serve((_, response) => {
        dripping = setInterval(() => response.write(' '), 5);
      });

      const answer = await get(client({ deadlines: { idleMs: 1_000, bodyMs: 60 } }), url);

      expect(await failure(answer.text(100_000))).toEqual({ kind: 'unavailable', code: 'timeout:body' });
      clearInterval(dripping);
    });

    it('does not blame the server for a reader that takes its time', async () => {
      const size = 8_000_000;
      const { url } = await serve((_, response) => response.end(Buffer.alloc(size)));

      const answer = await get(client({ deadlines: { idleMs: 40 } }), url);
      let received = 0;
      for await (const chunk of answer.body) {
        if (received === 0) await new Promise((resolve) => setTimeout(resolve, 150));
        received += chunk.length;
      }

      expect(received).toBe(size);
    });
  });

  it('holds the server back while nobody reads', async () => {
    let offered = 0;
    const { url } = await serve((_, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      const write = (): void => {
        while (offered < 200 * 1024 * 1024) {
          offered += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });

    const answer = await get(client(), url);
    const body = answer.body[Symbol.asyncIterator]();
    await body.next();
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(offered).toBeLessThan(40 * 1024 * 1024);
    await body.return?.();
  });

  describe('cancelling', () => {
    it('works before, while waiting for headers and in the middle of a body', async () => {
      const { url } = await serve((request, response) => {
        if (request.url === '/body') response.write('[');
      });
      const http = client();

      const before = failure(get(http, url, AbortSignal.abort()));
      const headers = new AbortController();
      const waiting = failure(get(http, url, headers.signal));
      setTimeout(() => headers.abort(), 20);
      const body = new AbortController();
      const answer = await get(http, `${url}/body`, body.signal);
      const reading = failure(answer.text(100));
      setTimeout(() => body.abort(), 20);

      const cancelled = { kind: 'cancelled', code: 'aborted' };
      expect(await Promise.all([before, waiting, reading])).toEqual([cancelled, cancelled, cancelled]);
    });
  });

  describe('compression', () => {
    const text = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ Id: `${index}` })));

    it.each([
      ['gzip', gzipSync(text)],
      ['deflate', deflateSync(text)],
      ['br', brotliCompressSync(text)],
      ['identity', Buffer.from(text)],
    ])('undoes %s', async (encoding, body) => {
      const { url } = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));

      expect(await (await get(client(), url)).text(100_000)).toBe(text);
    });

    it.each([
      ['a truncated body', gzipSync(text).subarray(0, 300)],
      ['a damaged body', Buffer.concat([gzipSync(text).subarray(0, 100), Buffer.alloc(200, 7)])],
      ['a body that is not compressed', Buffer.from(text)],
    ])('fails on %s so that it is tried again', async (_, body) => {
      const { url } = await serve((__, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));

      expect(await failure((await get(client(), url)).text(100_000))).toMatchObject({ kind: 'unavailable', code: /^Z_/ });
    });

    it('stops at a bomb', async () => {
      const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
      const { url } = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));

      const answer = await get(client(), url);
      let received = 0;
      const reading = (async () => {
        for await (const chunk of answer.body) received += chunk.length;
      })();

      expect(await failure(reading)).toMatchObject({ kind: 'unexpectedResponse', code: 'decompressionLimit' });
      expect(received).toBeLessThanOrEqual(64 * 1024 * 1024);
    });

    it('keeps to the absolute limit too', async () => {
      const { url } = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text)));
      const decompressLimit = { ratio: 200, freeBytes: 1, maxBytes: 100 };

      const answer = await client().send({ method: 'GET', url, decompressLimit }, noAbort());

      expect(await failure(answer.text(100_000))).toMatchObject({ kind: 'unexpectedResponse', code: 'decompressionLimit' });
    });

    it('refuses an encoding nobody asked for', async () => {
      const { url } = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'zstd' }).end('x'));

      expect(await failure((await get(client(), url)).text(10))).toMatchObject({
        kind: 'unexpectedResponse',
        code: 'contentEncoding',
      });
    });
  });

  describe('where it goes', () => {
    it('reaches an https server whose authority it is told to trust, and no other', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'http-test-'));
      const { ca, key, cert } = await createCertificates(folder);
      const port = await listen(createSecureServer({ key, cert }, (_, response) => response.end('secure')));
      const url = `https://localhost:${port}/`;

      const trusted = await (await get(client({ ca }), url)).text(10);
      const untrusted = await failure(get(client(), url));

      expect(trusted).toBe('secure');
      expect(untrusted).toMatchObject({ kind: 'unavailable', code: /CERT|SELF_SIGNED|VERIFY/ });
      rmSync(folder, { recursive: true });
    });

    it.each([
      ['http://127.0.0.1/', {}, 'scheme'],
      ['http://manage.office.com/', { allowLoopbackHttp: true }, 'scheme'],
      ['http://127.0.0.1.evil.example/', { allowLoopbackHttp: true }, 'scheme'],
      ['file:///etc/passwd', {}, 'scheme'],
      ['https://user@manage.office.com/', {}, 'userInfo'],
      ['nonsense', {}, 'notAUrl'],
    ])('refuses %s', async (url, options, code) => {
      expect(await failure(get(createHttp(options), url))).toMatchObject({ kind: 'refusedUrl', code });
    });

    it('tells the network code and the host, and nothing of path, query or headers', async () => {
      const { url, server } = await serve(() => undefined);
      await new Promise((resolve) => server.close(resolve));
      const request = {
        method: 'GET' as const,
        url: `${url}/secret-path?code=secret-query`,
        headers: { authorization: 'Bearer secret-token' },
      };

      const error = await client()
        .send(request, noAbort())
        .catch((reason: unknown) => reason);

      expect(error).toMatchObject({ message: `sending GET to ${new URL(url).host}: unavailable [ECONNREFUSED]` });
      expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('secret');
    });
  });
});
