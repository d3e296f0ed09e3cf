import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttp } from '../../src/microsoft/http';
import { createCertificates } from '../local/certificates';
import { failure, noAbort } from './fakes';
import { client, get, listen, serve, until } from './httpServer';

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
      // With one connection at a time, a request waits until the last one has left it.
      const http = client({ maxSockets: 1 });

      await (await get(http, url)).text(2_000);
      (await get(http, url)).discard();
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
