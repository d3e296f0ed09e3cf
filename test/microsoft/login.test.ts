import type { Tenant } from '../../src/domain/tenant';
import { createClouds } from '../../src/microsoft/clouds';
import { createCredentials } from '../../src/microsoft/login';
import { readClaims } from '../../src/microsoft/tokenClaims';
import type { Reply } from './fakes';
import { contoso, failure, fakeHttp, fakeSecrets, ManualClock, noAbort, settled, token, withoutRings } from './fakes';

const minute = 60_000;
const refused = (code: number, error = 'invalid_client'): Reply => ({
  status: 401,
  body: { error, error_codes: [code], error_description: 'x' },
});
const granted = (mark: string, more: object = {}, tid = contoso.id): Reply => ({
  body: { token_type: 'Bearer', expires_in: 3599, access_token: token({ tid }, mark), ...more },
});

function setUp(reply: (index: number, body: URLSearchParams) => Reply | Promise<Reply>) {
  const clock = new ManualClock();
  const secrets = fakeSecrets({ [contoso.secretName]: 'se+cret&1' });
  const http = fakeHttp(({ body }, index) => reply(index, new URLSearchParams(body)));
  const credentials = createCredentials({ ...withoutRings, http, clouds: createClouds(), secrets, clock });
  const ask = (tenant: Tenant = contoso) => credentials.token(tenant, 'management', noAbort());
  return { clock, secrets, http, credentials, ask };
}

describe('login', () => {
  it('asks for the API of the tenant with the secret of the key vault', async () => {
    const { ask, http } = setUp(() => granted('a'));

    expect(await ask()).toBe(token({ tid: contoso.id }, 'a'));

    const [request] = http.requests;
    expect(request?.url).toBe(`https://login.microsoftonline.com/${contoso.id}/oauth2/v2.0/token`);
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: contoso.clientId,
      client_secret: 'se+cret&1',
      scope: 'https://manage.office.com/.default',
    });
  });

  it('asks the authority and the host of the cloud of the tenant', async () => {
    const { ask, http } = setUp(() => granted('a'));

    await ask({ ...contoso, cloud: 'dod' });

    expect(http.requests[0]?.url).toContain('https://login.microsoftonline.us/');
    expect(http.requests[0]?.body).toContain(encodeURIComponent('https://manage.protection.apps.mil/.default'));
  });

  it('asks once for many at a time, and once for an hour', async () => {
    const { ask, http, secrets, clock } = setUp((index) => granted(`${index}`));

    const tokens = await Promise.all(Array.from({ length: 50 }, () => ask()));
    await clock.advance(50 * minute);
    tokens.push(await ask());

    expect(new Set(tokens)).toEqual(new Set([token({ tid: contoso.id }, '0')]));
    expect(http.requests).toHaveLength(1);
    expect(secrets.reads).toBe(1);
  });

  it('keeps the tokens of APIs and tenants apart', async () => {
    const tailspin = { ...contoso, id: '44444444-4444-4444-8444-444444444444' };
    const { credentials, http } = setUp((index) => granted(`${index}`, {}, index === 2 ? tailspin.id : contoso.id));

    const tokens = [
      await credentials.token(contoso, 'management', noAbort()),
      await credentials.token(contoso, 'graph', noAbort()),
      await credentials.token(tailspin, 'management', noAbort()),
    ];

    expect(new Set(tokens).size).toBe(3);
    expect(http.requests.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual([
      'https://manage.office.com/.default',
      'https://graph.microsoft.com/.default',
      'https://manage.office.com/.default',
    ]);
  });

  it('renews in the background five minutes before the end', async () => {
    const { ask, http, clock } = setUp((index) => granted(`${index}`));
    const first = await ask();

    await clock.advance(55 * minute);
    const meanwhile = await ask();
    await settled();
    const after = await ask();

    expect(meanwhile).toBe(first);
    expect(after).toBe(token({ tid: contoso.id }, '1'));
    expect(http.requests).toHaveLength(2);
  });

  it('goes on with the token it has while the login service is down, until the token ends', async () => {
    const { ask, clock } = setUp((index) => (index === 0 ? granted('a') : { status: 503, body: '<html>' }));
    const first = await ask();

    for (let at = 55; at < 59; at += 1) {
      await clock.advance(at === 55 ? 55 * minute : minute);
      expect(await ask()).toBe(first);
      await settled();
    }
    await clock.advance(2 * minute);

    expect(await failure(ask())).toEqual({ kind: 'unavailable', code: 'HTTP 503' });
  });

  it('does not hammer a login that was refused', async () => {
    const { ask, http, clock } = setUp((index) => (index < 2 ? refused(7000222) : granted('a')));

    const first = await Promise.all([failure(ask()), failure(ask())]);
    await clock.advance(9_999);
    const second = await failure(ask());
    expect(http.requests).toHaveLength(1);
    await clock.advance(1);
    const third = await failure(ask());
    expect(http.requests).toHaveLength(2);
    await clock.advance(10_000);

    expect(await ask()).toBe(token({ tid: contoso.id }, 'a'));
    for (const one of [...first, second, third]) expect(one).toMatchObject({ kind: 'credentialRejected', code: 'AADSTS7000222' });
  });

  it('asks again at once for whom begins anew, and still waits where Microsoft said so', async () => {
    const { ask, http, credentials } = setUp((index) =>
      index === 0
        ? refused(65001, 'invalid_grant')
        : index === 1
          ? { status: 429, headers: { 'retry-after': '30' } }
          : granted('a'),
    );

    expect(await failure(ask())).toMatchObject({ kind: 'consentMissing' });
    expect(await failure(ask())).toMatchObject({ kind: 'consentMissing' });
    expect(http.requests).toHaveLength(1);
    credentials.askAnew(contoso.id);
    expect(await failure(ask())).toMatchObject({ kind: 'throttled' });
    credentials.askAnew(contoso.id);
    expect(await failure(ask())).toMatchObject({ kind: 'throttled' });
    expect(http.requests).toHaveLength(2);
  });

  it('waits as long as a throttled login asks', async () => {
    const { ask, http, clock } = setUp((index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '30' } } : granted('a'),
    );

    expect(await failure(ask())).toEqual({ kind: 'throttled', code: 'HTTP 429', retryAfterMs: 30_000 });
    await clock.advance(29_000);
    await failure(ask());
    expect(http.requests).toHaveLength(1);
    await clock.advance(1_000);

    expect(await ask()).toBe(token({ tid: contoso.id }, 'a'));
  });

  it('reads the secret again when it is refused, at most once a minute, and tries a newer one at once', async () => {
    const { credentials, clock, secrets, http, ask } = setUp((_, body) =>
      body.get('client_secret') === 'new' ? granted('b') : body.get('scope')?.includes('graph') ? granted('a') : refused(7000215),
    );
    await credentials.token(contoso, 'graph', noAbort());
    secrets.values[contoso.secretName] = 'new';

    expect(await failure(ask())).toMatchObject({ kind: 'credentialRejected' });
    expect(secrets.reads).toBe(1);
    await clock.advance(minute);

    expect(await ask()).toBe(token({ tid: contoso.id }, 'b'));
    expect(secrets.reads).toBe(2);
    expect(http.requests).toHaveLength(4);
  });

  it('says when there is no secret', async () => {
    const { ask, secrets, clock } = setUp(() => granted('a'));
    secrets.values[contoso.secretName] = '';

    expect(await failure(ask())).toEqual({ kind: 'credentialMissing', code: 'secretMissing', detail: contoso.secretName });
    secrets.values[contoso.secretName] = 'x';
    await clock.advance(10_000);
    expect(await ask()).toBe(token({ tid: contoso.id }, 'a'));
  });

  it('asks again after the token was forgotten, and reads the secret again when everything was', async () => {
    const { ask, credentials, http, secrets } = setUp((index) => granted(`${index}`));
    await ask();

    credentials.forget(contoso.id, 'management');
    await ask();
    expect([http.requests.length, secrets.reads]).toEqual([2, 1]);
    credentials.forget(contoso.id);
    await ask();

    expect([http.requests.length, secrets.reads]).toEqual([3, 2]);
  });

  it('does not use the token of an application the tenant no longer has', async () => {
    const { ask, http } = setUp((index) => granted(`${index}`));
    await ask();

    await ask({ ...contoso, clientId: '55555555-5555-4555-8555-555555555555', epoch: 2 });

    expect(http.requests).toHaveLength(2);
  });

  it('lets one caller give up without the others', async () => {
    let answer: ((reply: Reply) => void) | undefined;
    const { credentials } = setUp(() => new Promise((resolve) => (answer = resolve)));
    const impatient = new AbortController();

    const first = failure(credentials.token(contoso, 'management', impatient.signal));
    const second = credentials.token(contoso, 'management', noAbort());
    await settled();
    impatient.abort();
    expect(await first).toEqual({ kind: 'cancelled', code: 'aborted' });
    answer?.(granted('a'));

    expect(await second).toBe(token({ tid: contoso.id }, 'a'));
  });

  it.each([
    ['a number', 3599, 59],
    ['a number as text', '3600', 59],
    ['zero', 0, 4],
    ['negative', -1, 4],
    ['nonsense', 'soon', 4],
    ['missing', undefined, 4],
  ])('reads a lifetime that is %s', async (_, expires_in, goodForMinutes) => {
    const { ask, http, clock } = setUp((index) => (index === 0 ? granted('a', { expires_in }) : { status: 503 }));
    const first = await ask();

    await clock.advance(goodForMinutes * minute);
    expect(await ask()).toBe(first);
    await settled();
    await clock.advance(70_000);
    expect(await failure(ask())).toMatchObject({ kind: 'unavailable' });
    expect(http.requests.length).toBeGreaterThan(1);
  });

  it('believes no token for longer than a day', async () => {
    const { ask, clock } = setUp((index) => (index === 0 ? granted('a', { expires_in: 1e9 }) : { status: 503 }));
    await ask();

    await clock.advance(24 * 60 * minute);

    expect(await failure(ask())).toMatchObject({ kind: 'unavailable' });
  });

  it.each([
    ['another kind of token', granted('a', { token_type: 'pop' }), 'tokenType'],
    ['HTML', { body: '<html>Sign in</html>' }, 'notJson'],
    ['nothing', { body: '' }, 'notJson'],
    ['no token', { body: { token_type: 'Bearer', expires_in: 1 } }, 'noAccessToken'],
    ['an empty token', granted('a', { access_token: '' }), 'noAccessToken'],
    ['a token that would break a header', granted('a', { access_token: 'a\r\nb' }), 'noAccessToken'],
    ['a token that names no tenant', granted('a', { access_token: 'opaque' }), 'tokenWithoutTenant'],
    ['a redirect', { status: 302, headers: { location: 'https://evil.example' } }, 'HTTP 302'],
  ])('does not take %s for a success', async (_, reply, code) => {
    const { ask } = setUp(() => reply);

    expect(await failure(ask())).toMatchObject({ kind: 'unexpectedResponse', code });
  });

  it('does not use a token of another tenant', async () => {
    const { ask } = setUp(() => granted('a', {}, '99999999-9999-4999-8999-999999999999'));

    expect(await failure(ask())).toEqual({ kind: 'tenantMismatch', code: 'tid' });
  });

  it('keeps secrets and tokens out of its errors', async () => {
    const { ask } = setUp(() => refused(7000215));

    const error = await ask().catch((reason: unknown) => reason);

    expect(JSON.stringify({ error, text: String(error) })).not.toContain('cret&1');
  });
});

describe('readClaims', () => {
  it('tells the roles of a token, none when it has none, and nothing of what is no token', () => {
    expect(readClaims(token({ tid: 't', aud: 'a', roles: ['ActivityFeed.Read'] }))).toEqual({
      tid: 't',
      aud: 'a',
      roles: ['ActivityFeed.Read'],
    });
    expect(readClaims(token({ tid: 't' }))).toEqual({ tid: 't', roles: [] });
    for (const text of ['', 'a.b', 'a.b.c', `a.${Buffer.from('[]').toString('base64url')}.c`])
      expect(readClaims(text)).toBeUndefined();
  });
});
