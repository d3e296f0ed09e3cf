import { createHmac } from 'node:crypto';
import { without } from '../../src/domain/without';
import type { IdTokens } from '../local/microsoft365/identity/idTokens';
import { personalTenantId } from '../local/microsoft365/identity/people';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, Visitor, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const [customer, other] = [prospect(1), prospect(2)];
const admin = 'admin@customer1.onmicrosoft.com';
let web: WebStack;
beforeAll(async () => {
  web = await startWebStack([customer, other]);
});
afterAll(async () => web.stop());
afterEach(() => {
  web.microsoft.identity.changeClaims = undefined;
  web.microsoft.identity.replaceIdToken = undefined;
});

interface AtMicrosoft {
  readonly visitor: Visitor;
  readonly page: Seen;
  /** What Microsoft was asked. */
  readonly query: URLSearchParams;
  readonly state: string;
}

async function begin(): Promise<AtMicrosoft> {
  const visitor = web.visitor();
  const choose = await visitor.get(await web.invitation('Customer 1'));
  const page = await visitor.submit(choose, { integration: 'office365Audit', way: 'adminConsent' });
  const query = new URL(page.url).searchParams;
  return { visitor, page, query, state: query.get('state') ?? '' };
}

/** Signed in, and sent on to consent. */
async function beforeConsent(): Promise<AtMicrosoft> {
  const { visitor, page } = await begin();
  const consent = await visitor.submit(page, { account: admin });
  const query = new URL(consent.url).searchParams;
  return { visitor, page: consent, query, state: query.get('state') ?? '' };
}

/** What a refusal must not touch: the onboardings, the tenants, and Microsoft. */
async function untouched(): Promise<unknown> {
  const tenants = await Array.fromAsync(web.connector.tenantPorts.tenants.all(signal));
  return { onboardings: await web.onboardings(), tenants, calls: web.microsoft.requests.entries().length };
}

async function expectRefused(send: () => Promise<Seen>, status: number, code: string): Promise<void> {
  const before = await untouched();
  web.logged();

  const answer = await send();

  expect(answer.status).toBe(status);
  const log = web.logged().join('\n');
  expect(log).toContain(`"code":"${code}"`);
  expect(await untouched()).toEqual(before);
}

const callback = (parameters: string | Readonly<Record<string, string>>): string =>
  `/auth/callback?${typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString()}`;

describe('the callback', () => {
  it.each<[string, (state: string) => string, number, string]>([
    ['B1 no state', () => 'code=abc', 400, 'stateMissing'],
    ['B1 an empty state', () => 'state=&code=abc', 400, 'stateMissing'],
    ['B2 a state nobody knows', () => `state=${'0'.repeat(32)}&code=abc`, 400, 'stateUnknown'],
    ['B2 a state of another form', () => 'state=..%2f..&code=abc', 400, 'stateUnknown'],
    ['B8 state twice', (state) => `state=${state}&state=${state}&code=abc`, 400, 'repeatedParameter'],
    ['B8 tenant twice', (state) => `state=${state}&tenant=a&tenant=b&admin_consent=True`, 400, 'repeatedParameter'],
    ['B8 code twice', (state) => `state=${state}&code=a&code=b`, 400, 'repeatedParameter'],
    ['B10 64 KB', (state) => `state=${state}&x=${'y'.repeat(65_536)}`, 414, 'targetTooLong'],
    ['B10 1,000 parameters', (state) => `state=${state}${'&a=1'.repeat(1_000)}`, 400, 'tooManyParameters'],
    ['B10 NUL', (state) => `state=${state}&code=a%00b`, 400, 'encoding'],
    ['B10 a wrong percent sign', (state) => `state=${state}&code=%zz`, 400, 'encoding'],
    ['B10 overlong UTF-8', (state) => `state=${state}&code=%c0%af`, 400, 'encoding'],
  ])('refuses %s', async (_, parameters, status, code) => {
    const { visitor, state } = await begin();

    await expectRefused(async () => visitor.send('GET', callback(parameters(state))), status, code);
  });

  it('B2 refuses a state after ten minutes', async () => {
    const { visitor, state } = await begin();
    web.clock.jump(10 * 60_000 + 1_000);

    await expectRefused(async () => visitor.send('GET', callback({ state, code: 'abc' })), 400, 'stateExpired');
  });

  it('B2 takes a state once, also when two come at the same moment', async () => {
    const { visitor, state } = await begin();
    const error = { state, error: 'access_denied' };

    const both = await Promise.all([1, 2].map(async () => visitor.send('GET', callback(error))));
    const third = await visitor.send('GET', callback(error));

    expect(both.map(({ status }) => status).sort()).toEqual([303, 400]);
    expect([third.status, textOf(third)]).toEqual([400, expect.stringContaining('stateUsed')]);
  });

  it.each([
    ['no cookie', (): string => ''],
    ['the cookie of another browser', (): string => `__Host-m365c=${'A'.repeat(43)}`],
    ['two cookies of the name', (mine: string): string => `${mine}; __Host-m365c=${'A'.repeat(43)}`],
    ['the cookie under another name', (mine: string): string => mine.replace('__Host-', '')],
  ])('B3 refuses %s', async (_, cookie) => {
    const { visitor, state } = await begin();
    const mine = visitor.cookie;
    visitor.forgetCookies();

    await expectRefused(
      async () => visitor.send('GET', callback({ state, code: 'abc' }), { headers: { cookie: cookie(mine) } }),
      400,
      'otherBrowser',
    );
    // The one it belongs to can still use it.
    const right = await visitor.send('GET', callback({ state, error: 'access_denied' }), { headers: { cookie: mine } });
    expect(right.status).toBe(303);
  });

  it('B4 refuses consent for another tenant than the one that was proven, and records it', async () => {
    const { visitor, state } = await beforeConsent();
    web.microsoft.identity.applicationsOf(other.tenantId).delayMs = 0;

    await expectRefused(
      async () => visitor.send('GET', callback({ state, admin_consent: 'True', tenant: other.tenantId })),
      400,
      'tenantMismatch',
    );

    const changes = await web.connector.onboardPorts.changes.newest(customer.tenantId, 5, signal);
    expect(changes[0]).toMatchObject({ what: 'tenantMismatch' });
  });

  it.each([
    'x',
    '',
    customer.tenantId.toUpperCase().replace(/1/g, 'A'),
    `{${customer.tenantId}}`,
    'common',
    'organizations',
    ` ${customer.tenantId}`,
  ])('B5 refuses the tenant "%s"', async (tenant) => {
    const { visitor, state } = await beforeConsent();

    await expectRefused(
      async () => visitor.send('GET', callback({ state, admin_consent: 'True', tenant })),
      400,
      'tenantMalformed',
    );
  });

  it('B5 refuses the tenant of personal accounts', async () => {
    const { visitor, state } = await beforeConsent();

    await expectRefused(
      async () => visitor.send('GET', callback({ state, admin_consent: 'True', tenant: personalTenantId })),
      400,
      'tenantMismatch',
    );
  });

  it('B6 believes an error before it believes that consent was given', async () => {
    const { visitor, state } = await beforeConsent();
    const parameters = {
      state,
      admin_consent: 'True',
      tenant: customer.tenantId,
      error: 'consent_required',
      error_description: 'AADSTS65004: declined',
    };

    const page = await visitor.get(callback(parameters));

    expect(textOf(page)).toContain('You chose not to accept. Nothing was changed, and nothing is collected. [AADSTS65004]');
    expect(await web.connector.tenantPorts.tenants.find(customer.tenantId, signal)).toBeUndefined();
  });

  it.each(['true', 'TRUE', '1', '', undefined])('B7 does not take admin_consent=%s for consent', async (marker) => {
    const { visitor, state } = await beforeConsent();
    const parameters = { state, tenant: customer.tenantId, ...(marker === undefined ? {} : { admin_consent: marker }) };

    await expectRefused(async () => visitor.send('GET', callback(parameters)), 400, 'consentUnclear');
  });

  it('B7 takes no marker for proof: without a token there is no tenant', async () => {
    const { visitor, state } = await beforeConsent();

    // Nobody consented: the address was made up by whoever sits at this browser.
    const page = await visitor.get(callback({ state, admin_consent: 'True', tenant: customer.tenantId }));
    const id = /\/onboarding\/([0-9a-f]{32})/.exec(page.url)?.[1] ?? '';
    const row = await web.advance(id);

    expect([row?.step, row?.done.tenant]).toEqual(['login', undefined]);
    expect(await web.connector.tenantPorts.tenants.find(customer.tenantId, signal)).toBeUndefined();
  });

  it('B9 shows nothing of what Microsoft, or somebody else, writes as a description, and logs none of it', async () => {
    const { visitor, state } = await begin();
    const description = `<script>alert(1)</script>\r\nSet-Cookie: a=b ${'x'.repeat(5_000)} secret-marker`;
    web.logged();

    const page = await visitor.get(callback({ state, error: '"><img src=x onerror=alert(1)>', error_description: description }));

    expect(page.body).not.toMatch(/<img|alert\(1\)|secret-marker/);
    expect(web.logged().join('')).not.toMatch(/secret-marker|alert/);
    expect(textOf(page)).toContain('[unknown]');
  });

  it.each(['POST', 'HEAD', 'OPTIONS', 'PUT', 'TRACE'])('B11 does not take %s', async (method) => {
    const { visitor, state } = await begin();

    await expectRefused(async () => visitor.send(method, callback({ state, code: 'abc' })), 405, 'method');
  });

  it('B11 builds no address from the headers of a request', async () => {
    const visitor = web.visitor();
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-original-host': 'evil.example',
      forwarded: 'host=evil.example',
    };
    const choose = await visitor.send('GET', await web.invitation(), { headers });
    const token = /name="formToken" value="([^"]+)"/.exec(choose.body)?.[1] ?? '';
    const form = { formToken: token, integration: 'office365Audit', way: 'adminConsent' };

    const sent = await visitor.send('POST', new URL(choose.url).pathname, { form, headers });

    expect([sent.status, new URL(sent.headers['Location'] ?? '').searchParams.get('redirect_uri')]).toEqual([
      303,
      `${web.stack.publicUrl}/auth/callback`,
    ]);
    expect(JSON.stringify([choose, sent])).not.toContain('evil.example');
  });

  it('B12 refuses a code that was made for another sign-in', async () => {
    const [one, two] = [await begin(), await begin()];
    const issued = await codeFor(one);

    const page = await two.visitor.get(callback({ state: two.state, code: issued }));

    expect(textOf(page)).toContain('AADSTS501481');
    expect(textOf(page)).toContain('Go to Microsoft');
  });

  it('B12 sends a challenge of S256, and a state and a nonce of 128 random bits', async () => {
    const [one, two] = [await begin(), await begin()];

    expect(one.query.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) expect(one.query.get(name)).not.toBe(two.query.get(name));
    for (const name of ['state', 'nonce']) expect(one.query.get(name)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('B19 goes nowhere that a parameter names', async () => {
    const { visitor, state } = await begin();

    const sent = await visitor.send(
      'GET',
      callback({ state, error: 'access_denied', returnUrl: '//evil.example', redirect_uri: 'javascript:alert(1)' }),
    );

    expect(sent.headers['Location']).toMatch(/^\/onboarding\/[0-9a-f]{32}$/);
  });
});

/** The code that Microsoft would hand to that browser, taken from it. */
async function codeFor({ page, query, state }: AtMicrosoft): Promise<string> {
  const answer = await fetch(page.url, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ account: admin }) });
  const to = new URL(answer.headers.get('location') ?? '');
  expect([to.searchParams.get('state'), query.get('state')]).toEqual([state, state]);
  return to.searchParams.get('code') ?? '';
}

type Change = (claims: Record<string, unknown>) => Record<string, unknown>;
type Forge = (claims: Record<string, unknown>, tokens: IdTokens) => string;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

describe('the ID token', () => {
  /** Signs in with a token that was tampered with: refused, and nobody is let in. */
  async function expectTokenRefused(code: string): Promise<void> {
    const { visitor, page } = await begin();
    web.logged();

    const answer = await visitor.submit(page, { account: admin });

    expect([answer.status, textOf(answer)]).toEqual([400, expect.stringContaining(`[token:${code}]`)]);
    expect(web.logged().join('\n')).toContain(`"code":"token:${code}"`);
    expect(await web.connector.tenantPorts.tenants.find(customer.tenantId, signal)).toBeUndefined();
    const newest = (await web.onboardings()).sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
    expect([newest?.step, newest?.tenantId]).toEqual(['signIn', undefined]);
  }

  it.each<[string, string, Forge]>([
    [
      'B13 no signature (alg none)',
      'ERR_JOSE_ALG_NOT_ALLOWED',
      (claims) => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`,
    ],
    [
      'B13 HS256 with the public key',
      'ERR_JOSE_ALG_NOT_ALLOWED',
      (claims, tokens) => {
        const content = `${encode({ alg: 'HS256', typ: 'JWT', kid: tokens.kid })}.${encode(claims)}`;
        return `${content}.${createHmac('sha256', tokens.publicPem()).update(content).digest('base64url')}`;
      },
    ],
    ['B13 a key nobody published', 'ERR_JWKS_NO_MATCHING_KEY', (claims, tokens) => tokens.sign(claims, { kid: 'unknown' })],
    [
      'B13 a signature that does not fit',
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      (claims, tokens) => {
        const [head, , signature] = tokens.sign(claims).split('.');
        return `${head ?? ''}.${encode({ ...claims, oid: '99999999-9999-4999-8999-999999999999' })}.${signature ?? ''}`;
      },
    ],
    ['no JWT at all', 'tid', () => 'abc'],
    ['16 KB and more', 'tooLong', (claims, tokens) => tokens.sign({ ...claims, filler: 'x'.repeat(20_000) })],
  ])('refuses %s', async (_, code, forge) => {
    web.microsoft.identity.replaceIdToken = forge;

    await expectTokenRefused(code);
  });

  it('B13 never asks an address, nor takes a key, that a token names', async () => {
    web.microsoft.identity.replaceIdToken = (claims, tokens) =>
      tokens.sign(claims, {
        kid: 'theirs',
        jku: 'https://evil.example/keys',
        x5u: 'https://evil.example/x',
        jwk: { kty: 'oct', k: 'AAAA' },
      });

    // Were the address asked, the refusal would be that it does not answer.
    await expectTokenRefused('ERR_JWKS_NO_MATCHING_KEY');
  });

  it.each<[string, string, Change]>([
    ['B14 another audience', 'aud', (claims) => ({ ...claims, aud: '99999999-9999-4999-8999-999999999999' })],
    [
      'B14 the issuer of another tenant',
      'iss',
      (claims) => ({ ...claims, iss: String(claims['iss']).replace(customer.tenantId, other.tenantId) }),
    ],
    ['B14 an issuer of version 1', 'iss', (claims) => ({ ...claims, iss: `https://sts.windows.net/${customer.tenantId}/` })],
    ['B14 an issuer that only begins right', 'iss', (claims) => ({ ...claims, iss: `${String(claims['iss'])}.evil.example` })],
    ['B14 version 1', 'ver', (claims) => ({ ...claims, ver: '1.0' })],
    ['B14 no tenant', 'tid', (claims) => without(claims, 'tid')],
    ['B15 expired', 'exp', (claims) => ({ ...claims, exp: nowSeconds() - 3_600 })],
    ['B15 not valid yet', 'nbf', (claims) => ({ ...claims, nbf: nowSeconds() + 3_600 })],
    ['B15 made tomorrow', 'iat', (claims) => ({ ...claims, iat: nowSeconds() + 86_400, exp: nowSeconds() + 90_000 })],
    ['B15 no end', 'exp', (claims) => without(claims, 'exp')],
    ['B15 no nonce', 'nonce', (claims) => without(claims, 'nonce')],
    ['B15 another nonce', 'nonce', (claims) => ({ ...claims, nonce: '0'.repeat(32) })],
    ['B16 an access token of an application', 'idtyp', (claims) => ({ ...claims, idtyp: 'app' })],
    ['B16 an access token of a person', 'idtyp', (claims) => ({ ...claims, scp: 'User.Read' })],
    ['B17 a guest', 'guest', (claims) => ({ ...claims, idp: `https://sts.windows.net/${other.tenantId}/` })],
    ['no object id', 'oid', (claims) => without(claims, 'oid')],
  ])('refuses %s', async (_, code, change) => {
    // The clock of the connector has jumped ahead in other tests.
    const ahead = web.clock.now().getTime() - Date.now();
    web.microsoft.settings.serverClockOffsetMs = ahead;
    web.microsoft.identity.changeClaims = change;
    try {
      await expectTokenRefused(code);
    } finally {
      web.microsoft.settings.serverClockOffsetMs = 0;
    }
  });

  it.each([
    ['four minutes slow', -4 * 60_000],
    ['four minutes fast', 4 * 60_000],
  ])('allows for a clock that is %s', async (_, offset) => {
    const ahead = web.clock.now().getTime() - Date.now();
    web.microsoft.settings.serverClockOffsetMs = ahead + offset;
    try {
      const { visitor, page } = await begin();
      const answer = await visitor.submit(page, { account: admin });
      expect(answer.url).toContain('/adminconsent');
    } finally {
      web.microsoft.settings.serverClockOffsetMs = 0;
    }
  });

  it('B17 knows the tenant by its token alone: an administrator of one cannot bring in another', async () => {
    const link = await web.invitation('Customer 1', customer.tenantId);
    const visitor = web.visitor();
    const picker = await visitor.submit(await visitor.get(link), { integration: 'office365Audit', way: 'adminConsent' });

    const answer = await visitor.submit(picker, { account: 'admin@customer2.onmicrosoft.com' });

    expect(textOf(answer)).toContain('This invitation is for another organisation');
    expect(await web.connector.tenantPorts.tenants.find(other.tenantId, signal)).toBeUndefined();
  });
});
