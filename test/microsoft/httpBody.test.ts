import { IncomingMessage } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { failure, noAbort } from './fakes';
import { client, get, serve, until } from './httpServer';

describe('the body of an answer', () => {
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
    afterEach(() => {
      jest.useRealTimers();
      jest.restoreAllMocks();
    });

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
      const paused = jest.spyOn(IncomingMessage.prototype, 'pause');
      const { url } = await serve((_, response) => response.end(Buffer.alloc(size)));

      // Its deadline passes when the test says so: a busy machine may keep the rest of the body waiting for longer.
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
      const answer = await get(client({ deadlines: { idleMs: 40 } }), url);
      let received = 0;
      for await (const chunk of answer.body) {
        if (received === 0) {
          await until(() => paused.mock.calls.length > 0);
          jest.advanceTimersByTime(150);
        }
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
});
