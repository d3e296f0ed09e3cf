import { createHmac } from 'node:crypto';
import { operatorRoles } from '../../src/domain/operator';
import type { OperatorRole } from '../../src/domain/operator';
import { routes } from '../../src/web/site';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const operatorClientId = '0b0b0b0b-0000-4000-8000-000000000001';
const customer = prospect(1);
let web: WebStack;
let home: string;
beforeAll(async () => {
  web = await startWebStack([customer], { OPERATOR_ACCESS: 'signedIn', OPERATOR_CLIENT_ID: operatorClientId });
  home = web.stack.environment['PUBLISHER_TENANT_ID'] ?? '';
  const { tenantId, clientId, secret } = customer;
  const visitor = web.visitor();
  const choose = await visitor.get(await web.invitation('Contoso'));
  const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
  const progress = await visitor.submit(form, { tenant: tenantId, clientId, secret });
  await web.advance(/[0-9a-f]{32}$/.exec(progress.url)?.[0] ?? '');
});
afterAll(async () => web.stop());
// What was asked before counts for this instance as a whole.
beforeEach(() => web.clock.jump(61_000));

/** A token of an operator, as it is unless something about it is changed. */
function token(roles: readonly OperatorRole[], changes: Readonly<Record<string, unknown>> = {}): string {
  const now = Math.floor(web.clock.now().getTime() / 1_000);
  return web.microsoft.identity.idTokens.sign({
    ver: '2.0',
    iss: `${web.microsoft.urls.login}/${home}/v2.0`,
    aud: operatorClientId,
    tid: home,
    oid: '0b0b0b0b-1111-4111-8111-000000000001',
    sub: 'operator',
    iat: now,
    nbf: now,
    exp: now + 3_600,
    roles,
    ...changes,
  });
}

const nowSeconds = (): number => Math.floor(web.clock.now().getTime() / 1_000);

const claimsOf = (text: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const withHeader = (header: Readonly<Record<string, unknown>>): string =>
  web.microsoft.identity.idTokens.sign(claimsOf(token(operatorRoles)), header);

function signedWithPublicKey(): string {
  const { idTokens } = web.microsoft.identity;
  const content = `${encoded({ alg: 'HS256', typ: 'JWT', kid: idTokens.kid })}.${encoded(claimsOf(token(operatorRoles)))}`;
  return `${content}.${createHmac('sha256', idTokens.publicPem()).update(content).digest('base64url')}`;
}

function withOtherClaims(): string {
  const [header = '', , signature = ''] = token(['Reader']).split('.');
  return `${header}.${encoded({ ...claimsOf(token(operatorRoles)), oid: 'somebody' })}.${signature}`;
}

function ofPersonalAccounts(): string {
  const tid = '9188040d-6c67-4c5b-b112-36a304b66dad';
  return token(operatorRoles, { tid, iss: `${web.microsoft.urls.login}/${tid}/v2.0` });
}

const pathOf = (path: readonly string[]): string =>
  `/${path.map((part) => (part === ':id' ? customer.tenantId : part)).join('/')}`;

async function visit(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const visitor = web.visitor();
  const reader = { authorization: `Bearer ${token(['Onboarder'])}` };
  const first = await visitor.send('GET', '/invite', { headers: reader });
  const formToken = /name="formToken" value="([^"]+)"/.exec(first.body)?.[1] ?? '';
  return method === 'POST'
    ? visitor.send(method, path, { form: { formToken, ...fields }, headers })
    : visitor.send(method, path, { headers });
}

const guarded = routes.filter(({ access }) => access !== 'public');

describe('default deny', () => {
  const refusals: readonly (readonly [string, () => Readonly<Record<string, string>>])[] = [
    ['B20 no token', () => ({})],
    ['no JWT', () => ({ authorization: 'Bearer abc' })],
    ['another audience', () => bearer(token(operatorRoles, { aud: '99999999-9999-4999-8999-999999999999' }))],
    [
      'another tenant',
      () =>
        bearer(token(operatorRoles, { tid: customer.tenantId, iss: `${web.microsoft.urls.login}/${customer.tenantId}/v2.0` })),
    ],
    [
      'the issuer of another tenant',
      () => bearer(token(operatorRoles, { iss: `${web.microsoft.urls.login}/${customer.tenantId}/v2.0` })),
    ],
    ['an expired token', () => bearer(token(operatorRoles, { exp: Math.floor(web.clock.now().getTime() / 1_000) - 600 }))],
    ['a token that is not signed', () => bearer(`${token(operatorRoles).split('.').slice(0, 2).join('.')}.`)],
    ['a token that says it is not signed', () => bearer(`${withHeader({ alg: 'none' }).split('.').slice(0, 2).join('.')}.`)],
    ['a token that says it is not signed, with a signature', () => bearer(withHeader({ alg: 'none' }))],
    ['a token that is signed with the public key as a password', () => bearer(signedWithPublicKey())],
    ['a token with a key that nobody published', () => bearer(withHeader({ kid: 'unknown' }))],
    ['a token that brings its own key', () => bearer(withHeader({ kid: 'mine', jku: 'https://evil.example/keys', jwk: {} }))],
    ['a token of another person with this signature', () => bearer(withOtherClaims())],
    ['a token that is not valid yet', () => bearer(token(operatorRoles, { nbf: nowSeconds() + 3_600 }))],
    ['a token from tomorrow', () => bearer(token(operatorRoles, { iat: nowSeconds() + 86_400 }))],
    ['a token that never expires', () => bearer(token(operatorRoles, { exp: undefined }))],
    ['a token of version 1', () => bearer(token(operatorRoles, { ver: '1.0' }))],
    ['a token longer than 16 KB', () => bearer(token(operatorRoles, { more: 'x'.repeat(20_000) }))],
    ['a token of the tenant that all personal accounts are in', () => bearer(ofPersonalAccounts())],
    [
      'a token in the address',
      () => ({ referer: `https://x.example/?token=${token(operatorRoles)}`, cookie: `token=${token(operatorRoles)}` }),
    ],
    [
      'B21 headers of built-in authentication that anybody can write',
      () => ({
        'x-ms-client-principal': Buffer.from(JSON.stringify({ claims: [{ typ: 'roles', val: 'Onboarder' }] })).toString('base64'),
        'x-ms-client-principal-id': 'me',
        'x-ms-client-principal-name': 'admin',
        'x-ms-token-aad-id-token': 'abc.def.ghi',
      }),
    ],
    ['B32 a function key', () => ({ 'x-functions-key': 'key' })],
  ];

  it.each(refusals)('answers 401 on every route of the operator to %s', async (_, headers) => {
    const answers = await Promise.all(guarded.map(async ({ method, path }) => visit(method, pathOf(path), headers())));

    expect(answers.map(({ status }) => status)).toEqual(guarded.map(() => 401));
    expect(answers.map(({ body }) => body).join('')).not.toContain('Contoso<');
  });

  it.each(operatorRoles)('lets %s do what the role is for, and nothing else', async (role) => {
    const before = await web.connector.tenantPorts.tenants.find(customer.tenantId, signal);
    const denied = guarded.filter(({ access }) => access !== 'Reader' && access !== role);

    const answers = await Promise.all(
      denied.map(async ({ method, path }) => visit(method, pathOf(path), bearer(token([role])), { confirm: 'Contoso' })),
    );
    const first = await visit('GET', '/', bearer(token([role])));

    expect(answers.map(({ status }) => status)).toEqual(denied.map(() => 403));
    expect(first.status).toBe(200);
    expect(await web.connector.tenantPorts.tenants.find(customer.tenantId, signal)).toEqual(before);
  });

  it('answers 403 to a signed-in person without a role', async () => {
    const answers = await Promise.all(guarded.map(async ({ method, path }) => visit(method, pathOf(path), bearer(token([])))));

    expect(answers.map(({ status }) => status)).toEqual(guarded.map(() => 403));
  });

  it('knows no other addresses', async () => {
    const visitor = web.visitor();
    const answers = await Promise.all(
      ['/tenants', '/admin', '/.env', '/invite/x', '/tenants/x/y/z', '/auth', '/%2e%2e/', '/assets/../style.css'].map(
        async (path) => visitor.send('GET', path),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
  });
});

const bearer = (text: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${text}` });

describe('an operator', () => {
  it('is known by the token that built-in authentication hands on, once its signature is checked', async () => {
    const answer = await visit('GET', '/', { 'x-ms-token-aad-id-token': token(['Reader']) });

    expect([answer.status, textOf(answer)]).toEqual([200, expect.stringContaining('Contoso')]);
  });

  it.each([
    ['pause', 'paused'],
    ['resume', 'active'],
  ])('can %s a tenant, and it is recorded who did', async (action, status) => {
    const answer = await visit('POST', `/tenants/${customer.tenantId}/${action}`, bearer(token(['Onboarder'])));

    const found = await web.connector.tenantPorts.tenants.find(customer.tenantId, signal);
    const [latest] = await web.connector.onboardPorts.changes.newest(customer.tenantId, 1, signal);
    expect([answer.status, found?.tenant.status]).toEqual([200, status]);
    expect(latest).toMatchObject({
      what: action === 'pause' ? 'paused' : 'resumed',
      who: `${home}/0b0b0b0b-1111-4111-8111-000000000001`,
    });
  });

  it('gets a link to send, which opens', async () => {
    const answer = await visit('POST', '/invite', bearer(token(['Onboarder'])), { customer: '<b>Fabrikam</b>' });
    const link = /\/onboard\/[0-9a-f]{64}/.exec(answer.body)?.[0] ?? '';
    const opened = await web.visitor().get(link);

    expect([answer.status, opened.status]).toEqual([200, 200]);
    expect(opened.body).toContain('&lt;b&gt;Fabrikam&lt;/b&gt;');
    expect(opened.body).not.toContain('<b>Fabrikam');
  });

  it('removes a tenant only after typing its name', async () => {
    const path = `/tenants/${customer.tenantId}/remove`;
    const wrong = await visit('POST', path, bearer(token(['Onboarder'])), { confirm: 'contoso' });
    const still = await web.connector.tenantPorts.tenants.find(customer.tenantId, signal);
    const right = await visit('POST', path, bearer(token(['Onboarder'])), { confirm: 'Contoso' });

    expect([wrong.status, still === undefined, right.status]).toEqual([400, false, 303]);
    expect(await web.connector.tenantPorts.tenants.find(customer.tenantId, signal)).toBeUndefined();
  });
});

describe('forms', () => {
  const onboarder = () => bearer(token(['Onboarder']));

  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['from another site', { origin: 'https://evil.example' }, 403],
    ['without an origin', { origin: '' }, 403],
    ['that are JSON', { 'content-type': 'application/json' }, 415],
    ['that are plain text', { 'content-type': 'text/plain' }, 415],
  ])('are not taken %s', async (_, headers, status) => {
    const answer = await visit('POST', '/invite', { ...onboarder(), ...headers }, { customer: 'Fabrikam' });

    expect(answer.status).toBe(status);
  });

  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['without their token', { formToken: '' }, 403],
    ['with the token of another browser', { formToken: 'A'.repeat(43) }, 403],
    ['longer than 32 KB', { customer: 'x'.repeat(40_000) }, 413],
  ])('are not taken %s', async (_, fields, status) => {
    const answer = await visit('POST', '/invite', onboarder(), { customer: 'Fabrikam', ...fields });

    expect(answer.status).toBe(status);
  });
});

describe('every answer', () => {
  it('allows no script but our own, no frame, no other host, and is not kept', async () => {
    const answers = [
      await web.visitor().get('/'),
      await web.visitor().get('/nowhere'),
      await visit('GET', '/', bearer(token(['Reader']))),
    ];

    for (const { headers } of answers) {
      expect(headers['Content-Security-Policy']).toContain("default-src 'none'");
      expect(headers['Content-Security-Policy']).toContain("script-src 'self';");
      expect(headers['Content-Security-Policy']).toContain("frame-ancestors 'none'");
      expect(headers['Content-Security-Policy']).not.toMatch(/unsafe|\*/);
      expect(headers).toMatchObject({
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'same-origin',
        'Cache-Control': 'no-store',
      });
    }
  });

  it('sets a cookie for this host alone, that no script reads', async () => {
    const { headers } = await web.visitor().send('GET', await web.invitation());

    expect(headers['Set-Cookie']).toMatch(/^__Host-m365c=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax/);
  });

  it('comes more slowly to one address that asks too often, and not to others', async () => {
    // The time stands still, so that what is allowed again does not depend on how long the questions take.
    const standing = jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    const visitor = web.visitor();
    const from = (address: string) => ({ headers: { 'x-forwarded-for': `made.up, ${address}` } });
    const statuses: number[] = [];
    for (let turn = 0; turn < 260; turn += 1) statuses.push((await visitor.send('GET', '/nowhere', from('192.0.2.1'))).status);
    const other = await visitor.send('GET', '/nowhere', from('192.0.2.2'));
    standing.mockRestore();

    expect([statuses[0], statuses.at(-1), other.status]).toEqual([404, 429, 404]);
  });
});
