import { ConnectorError } from '../../src/domain/failure';
import type { Credentials } from '../../src/domain/ports';
import type { TenantRequest } from '../../src/domain/source';
import type { Tenant } from '../../src/domain/tenant';
import { createClouds } from '../../src/microsoft/clouds';
import type { HttpRequest } from '../../src/microsoft/http';
import { RequestBudget } from '../../src/microsoft/requestBudget';
import { createCredentials } from '../../src/microsoft/login';
import { createTenantSend } from '../../src/microsoft/tenantSend';
import type { Reply } from './fakes';
import {
  contoso,
  failure,
  fakeHttp,
  fakeSecrets,
  fakeTelemetry,
  ManualClock,
  noAbort,
  settled,
  token,
  withoutRings,
} from './fakes';

const tailspin: Tenant = { ...contoso, id: '44444444-4444-4444-8444-444444444444' };
const listing = (tenant: Tenant = contoso): TenantRequest => ({
  api: 'management',
  operation: 'listing content',
  method: 'GET',
  url: `https://manage.office.com/api/v1.0/${tenant.id}/activity/feed/subscriptions/list`,
});
const af429: Reply = { status: 403, body: { error: { code: 'AF429', message: 'Too many requests.' } } };

/** Tokens that are numbered; a forgotten one is followed by the next. */
function numberedTokens(): Pick<Credentials, 'token' | 'forget'> & { forgotten: number; asked: number } {
  const tokens = {
    forgotten: 0,
    asked: 0,
    token: async (tenant: Tenant) => {
      tokens.asked += 1;
      await Promise.resolve();
      return `${tenant.id}-${tokens.forgotten}`;
    },
    forget: () => {
      tokens.forgotten += 1;
    },
  };
  return tokens;
}

function setUp(reply: (request: HttpRequest, index: number) => Reply | Promise<Reply>, requestsPerMinute?: number) {
  const clock = new ManualClock();
  const http = fakeHttp(reply);
  const credentials = numberedTokens();
  const telemetry = fakeTelemetry();
  const { send, clockOffsetMs } = createTenantSend({
    http,
    credentials,
    clouds: createClouds(),
    clock,
    telemetry,
    random: () => 0.5,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
  });
  const ask = (tenant: Tenant = contoso, signal = noAbort()) => send(tenant, listing(tenant), signal);
  return { clock, http, credentials, telemetry, send, clockOffsetMs, ask };
}

describe('tenantSend', () => {
  it('sends with the token of the tenant and gives the answer as it is', async () => {
    const { send, http } = setUp(() => ({ headers: { nextpageuri: 'x' }, body: [1] }));

    const answer = await send(contoso, { ...listing(), method: 'POST', headers: { 'x-a': '1' }, body: '{}' }, noAbort());

    expect(await answer.text(100)).toBe('[1]');
    expect(answer.headers['nextpageuri']).toBe('x');
    expect(http.requests).toMatchObject([
      { method: 'POST', body: '{}', headers: { 'x-a': '1', authorization: `Bearer ${contoso.id}-0` } },
    ]);
  });

  it.each([
    ['another host', 'management', 'https://evil.example/x'],
    ['another tenant', 'management', listing(tailspin).url],
    ['the host of another API', 'management', 'https://graph.microsoft.com/v1.0/users'],
    ['the host of the management API', 'graph', listing().url],
    ['plain http', 'management', listing().url.replace('https', 'http')],
  ] as const)('asks for no token and sends nothing to %s', async (_, api, url) => {
    const { send, http, credentials } = setUp(() => ({}));

    expect(await failure(send(contoso, { ...listing(), api, url }, noAbort()))).toMatchObject({ kind: 'refusedUrl' });
    expect([http.requests.length, credentials.asked]).toEqual([0, 0]);
  });

  it('measures each request by tenant, API and outcome, and none that was not sent', async () => {
    const replies: Reply[] = [{}, { status: 404, body: 'no' }, af429];
    const http = fakeHttp((_request, index) => {
      const reply = replies[index];
      if (reply !== undefined) return reply;
      throw new ConnectorError('x', { kind: 'unavailable', code: 'ECONNRESET' });
    });
    const measured: unknown[] = [];
    const { send } = createTenantSend({
      http,
      credentials: numberedTokens(),
      clouds: createClouds(),
      clock: new ManualClock(),
      telemetry: fakeTelemetry(),
      meter: { measure: (metric, value, dimensions) => measured.push([metric, value, dimensions]) },
    });

    await send(contoso, listing(), noAbort());
    await send(contoso, listing(), noAbort());
    await failure(send(contoso, listing(), noAbort()));
    // Quiet now, so that this one does not leave.
    await failure(send(contoso, listing(), noAbort()));
    await failure(send(tailspin, listing(tailspin), noAbort()));

    const of = (tenant: Tenant, outcome: string) => ['requestMs', 0, { tenant: tenant.id, api: 'management', outcome }];
    expect(measured).toEqual([of(contoso, 'ok'), of(contoso, 'failed'), of(contoso, 'throttled'), of(tailspin, 'failed')]);
  });

  it('says when the cloud of the tenant is not set up', async () => {
    const { ask } = setUp(() => ({}));

    expect(await failure(ask({ ...contoso, cloud: 'custom' }))).toMatchObject({
      kind: 'rejectedRequest',
      code: 'cloudNotConfigured',
    });
  });

  it('gives error answers with a text that can be read twice, and no more than 64 KiB of it', async () => {
    const { ask } = setUp(() => ({ status: 400, body: 'x'.repeat(100_000) }));

    const answer = await ask();

    expect((await answer.text(1_000_000)).length).toBe(65_536);
    expect(await answer.text(1_000_000)).toBe(await answer.text(1_000_000));
  });

  it('lets failures of login and transport through', async () => {
    const { ask } = setUp(() => {
      throw new ConnectorError('x', { kind: 'unavailable', code: 'ECONNRESET' });
    });

    expect(await failure(ask())).toEqual({ kind: 'unavailable', code: 'ECONNRESET' });
  });

  describe('a refused token', () => {
    it('is replaced once', async () => {
      const { ask, http, credentials } = setUp((_, index) => (index === 0 ? { status: 401 } : { body: 'ok' }));

      expect(await (await ask()).text(10)).toBe('ok');
      expect(http.requests.map(({ headers }) => headers?.['authorization'])).toEqual([
        `Bearer ${contoso.id}-0`,
        `Bearer ${contoso.id}-1`,
      ]);
      expect(credentials.forgotten).toBe(1);
    });

    it('twice is the answer', async () => {
      const { ask, http } = setUp(() => ({ status: 401, body: 'no' }));

      const answer = await ask();

      expect([answer.status, await answer.text(10), http.requests.length]).toEqual([401, 'no', 2]);
    });

    it('of many calls at once is replaced once', async () => {
      const clock = new ManualClock();
      let logins = 0;
      const http = fakeHttp(({ url, headers }) => {
        if (!String(url).includes('/oauth2/'))
          return { status: headers?.['authorization']?.includes(token({ tid: contoso.id }, '1')) === true ? 401 : 200 };
        logins += 1;
        return { body: { token_type: 'Bearer', expires_in: 3600, access_token: token({ tid: contoso.id }, `${logins}`) } };
      });
      const secrets = fakeSecrets({ [contoso.secretName]: 'secret' });
      const credentials = createCredentials({ ...withoutRings, http, clouds: createClouds(), secrets, clock });
      const { send } = createTenantSend({ http, credentials, clouds: createClouds(), clock, telemetry: fakeTelemetry() });

      const answers = await Promise.all(Array.from({ length: 16 }, () => send(contoso, listing(), noAbort())));

      expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200));
      expect([logins, http.requests.length]).toEqual([2, 34]);
    });
  });

  describe('throttling', () => {
    it.each([
      ['403 with AF429', af429, 'AF429'],
      ['429', { status: 429 }, 'HTTP 429'],
      ['429 with AF429', { ...af429, status: 429 }, 'AF429'],
    ])('%s stops the tenant for at least a minute, and nobody else', async (_, reply: Reply, code) => {
      const { ask, http, clock } = setUp((__, index) => (index === 0 ? reply : { body: 'ok' }));

      expect(await failure(ask())).toEqual({ kind: 'throttled', code, retryAfterMs: 67_500 });
      await clock.advance(60_000);
      expect(await failure(ask())).toEqual({ kind: 'throttled', code, retryAfterMs: 7_500 });
      expect(await (await ask(tailspin)).text(10)).toBe('ok');
      expect(http.requests).toHaveLength(2);
      await clock.advance(7_500);

      expect(await (await ask()).text(10)).toBe('ok');
    });

    it('waits as long as Microsoft asks, within reason', async () => {
      const headers = [{ 'retry-after': '5' }, { 'retry-after': '999999' }, { 'retry-after': '-1' }];
      const { ask, clock } = setUp((_, index) => ({ ...af429, headers: headers[index] ?? {} }));
      const waits: unknown[] = [];

      for (let round = 0; round < headers.length; round += 1) {
        waits.push(await failure(ask()));
        await clock.advance(900_000);
      }

      expect(waits).toMatchObject([{ retryAfterMs: 5_000 }, { retryAfterMs: 900_000 }, { retryAfterMs: 270_000 }]);
    });

    it('reads a date by the clock of the server', async () => {
      const headers = { date: 'Sun, 22 Nov 2026 12:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 12:02:00 GMT' };
      const { ask } = setUp(() => ({ ...af429, headers }));

      expect(await failure(ask())).toMatchObject({ retryAfterMs: 119_500 });
    });

    it('waits longer each time in a row, and starts over after a success', async () => {
      const { ask, clock } = setUp((_, index) => (index === 3 ? {} : af429));
      const waits: number[] = [];

      for (let round = 0; round < 5; round += 1) {
        const outcome = await ask().catch((error: unknown) => (error as ConnectorError).failure);
        if ('retryAfterMs' in outcome) waits.push(outcome.retryAfterMs ?? 0);
        await clock.advance(900_000);
      }

      expect(waits).toEqual([67_500, 135_000, 270_000, 67_500]);
    });

    it('takes calls that were under way together for one', async () => {
      const { ask } = setUp(() => af429);

      const waits = await Promise.all([failure(ask()), failure(ask()), failure(ask())]);

      expect(waits).toMatchObject([{ retryAfterMs: 67_500 }, { retryAfterMs: 67_500 }, { retryAfterMs: 67_500 }]);
    });

    it('is not what any other 403 means', async () => {
      const { ask } = setUp(() => ({ status: 403, body: { error: { code: 'AF20010', message: 'x' } } }));

      expect((await ask()).status).toBe(403);
    });
  });

  describe('the budget', () => {
    it('lets a small burst through and spreads the rest evenly, each tenant for itself', async () => {
      const { ask, http, clock } = setUp(() => ({}), 600);
      const sent = (tenant: Tenant): number => http.requests.filter(({ url }) => String(url).includes(tenant.id)).length;

      const noisy = Array.from({ length: 200 }, () => ask());
      await clock.advance(0);
      expect(sent(contoso)).toBe(31);
      await ask(tailspin);
      expect(sent(tailspin)).toBe(1);
      await clock.advance(1_000);
      expect(sent(contoso)).toBe(41);
      await clock.advance(15_900);

      await Promise.all(noisy);
      expect(sent(contoso)).toBe(200);
    });

    it('ends a wait when the call is cancelled, and gives the turn back', async () => {
      const { ask, http, clock } = setUp(() => ({}), 60);
      for (let call = 0; call < 4; call += 1) await ask();
      const impatient = new AbortController();
      const waiting = Array.from({ length: 50 }, () => failure(ask(contoso, impatient.signal)));
      await settled();

      impatient.abort();
      expect(await waiting[49]).toEqual({ kind: 'cancelled', code: 'aborted' });
      const patient = ask();
      await clock.advance(1_000);

      expect((await patient).status).toBe(200);
      expect(http.requests).toHaveLength(5);
    });

    it('forgets tenants that have not called for a while', async () => {
      const clock = new ManualClock();
      const budget = new RequestBudget({ clock, requestsPerMinute: 2_000, random: () => 0 });
      for (let tenant = 0; tenant < 256; tenant += 1) await budget.turn(`${tenant}`, noAbort());
      await clock.advance(3_600_000);

      await budget.turn('one more', noAbort());

      expect(budget.size).toBe(1);
    });
  });

  describe('clocks', () => {
    it('tells the offset of the host, and warns once when it is large', async () => {
      const dates = ['10:00:00', '10:00:40', '10:00:41', '10:02:00', '10:00:05', 'junk', '09:50:00'];
      const { ask, clockOffsetMs, telemetry } = setUp((_, index) => ({
        headers: { date: `Sun, 22 Nov 2026 ${dates[index] ?? ''} GMT` },
      }));
      const offsets: number[] = [clockOffsetMs('management', 'commercial')];

      while (offsets.length <= dates.length) {
        await ask();
        offsets.push(clockOffsetMs('management', 'commercial'));
      }

      expect(offsets).toEqual([0, 500, 40_500, 41_500, 120_500, 5_500, 5_500, -599_500]);
      expect(telemetry.events).toEqual([
        { name: 'clockSkew', fields: { host: 'manage.office.com', offsetSeconds: 41 } },
        { name: 'clockSkew', fields: { host: 'manage.office.com', offsetSeconds: 121 } },
        { name: 'clockSkew', fields: { host: 'manage.office.com', offsetSeconds: -599 } },
      ]);
      expect(clockOffsetMs('graph', 'commercial')).toBe(0);
      expect(clockOffsetMs('management', 'custom')).toBe(0);
    });
  });
});
