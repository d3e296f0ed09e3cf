import type { Failure } from '../../src/domain/failure';
import { describedCodes, describeFailure } from '../../src/app/describe';
import { activityErrorKinds, classifyActivityError } from '../../src/microsoft/activityErrors';
import { classifyLoginError, loginErrors } from '../../src/microsoft/loginErrors';
import { retryAfterMs } from '../../src/microsoft/retryAfter';

const now = new Date('2026-11-22T10:00:00Z');
const tenant = '11111111-1111-4111-8111-111111111111';

const activity = (status: number, body: unknown, headers: Record<string, string> = {}): Failure =>
  classifyActivityError(
    { status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) },
    { permission: 'ActivityFeed.Read', now },
  );
const login = (status: number, body: unknown, headers: Record<string, string> = {}): Failure =>
  classifyLoginError({ status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) }, 'management', now);

describe('activity errors', () => {
  const afCodes: readonly (readonly [string, number, Failure['kind']])[] = [
    ['AF10001', 401, 'permissionMissing'],
    ['AF20001', 400, 'rejectedRequest'],
    ['AF20002', 400, 'rejectedRequest'],
    ['AF20003', 400, 'rejectedRequest'],
    ['AF20010', 403, 'tenantMismatch'],
    ['AF20011', 400, 'auditOff'],
    ['AF20012', 400, 'serviceMissing'],
    ['AF20013', 400, 'rejectedRequest'],
    ['AF20020', 400, 'rejectedRequest'],
    ['AF20021', 400, 'rejectedRequest'],
    ['AF20022', 400, 'subscriptionMissing'],
    ['AF20023', 400, 'subscriptionDisabled'],
    ['AF20024', 400, 'rejectedRequest'],
    ['AF20030', 400, 'windowRefused'],
    ['AF20031', 400, 'pageRefused'],
    ['AF20050', 404, 'contentMissing'],
    ['AF20051', 400, 'contentExpired'],
    ['AF20052', 400, 'rejectedRequest'],
    ['AF20053', 400, 'rejectedRequest'],
    ['AF20054', 400, 'rejectedRequest'],
    ['AF20055', 400, 'windowRefused'],
    ['AF429', 403, 'throttled'],
    ['AF50000', 500, 'unavailable'],
  ];

  it('are all in this test', () => {
    expect(afCodes.map(([code]) => code)).toEqual(Object.keys(activityErrorKinds));
  });

  it.each(afCodes)('%s with HTTP %i is %s, whatever status it comes with and wherever it stands', (code, status, kind) => {
    for (const body of [
      { error: { code, message: 'Text.' } },
      { error: { code: '', message: `Something [${code}] happened.` } },
      { error: { code: `StartSubscription [CorrId=1] ${code}`, message: '' } },
      { error: { code: code.slice(0, 3), message: `${code.slice(3)}: cut in the middle` } },
      { Message: `${code}: text` },
    ])
      for (const seen of [status, 200, 400, 403, 500]) expect(activity(seen, body)).toMatchObject({ kind, code });
  });

  it('name who switched a subscription off', () => {
    const by = (message: string) => activity(400, { error: { code: 'AF20023', message } });

    expect(by('The subscription was disabled by a tenant admin.')).toMatchObject({ by: 'tenant admin' });
    expect(by('The subscription was disabled by service admin')).toMatchObject({ by: 'service admin' });
    expect(by('')).toMatchObject({ by: 'an administrator' });
  });

  it('name the permission that is missing', () => {
    expect(activity(401, { error: { code: 'AF10001', message: 'x' } })).toMatchObject({ permission: 'ActivityFeed.Read' });
  });

  it('recognise a tenant without audit log in a dump that is cut into two', () => {
    const dump = `StartSubscription [CorrId=1a][TenantId=${tenant},ContentType=Audit] Microsoft.Office.Compliance.Audit.DataServiceException: Tenant ${tenant} does not exist.\r\n   at Microsoft.Office`;
    const at = dump.indexOf('does not');

    expect(activity(400, { error: { code: dump.slice(0, at - 20), message: dump.slice(at - 20) } })).toEqual({
      kind: 'auditOff',
      code: 'HTTP 400',
    });
  });

  it.each<[string, number, unknown, Failure]>([
    ['429 without a code', 429, '', { kind: 'throttled', code: 'HTTP 429' }],
    ['429 with a code of another meaning', 429, { error: { code: 'X', message: '' } }, { kind: 'throttled', code: 'HTTP 429' }],
    [
      '401 without a code',
      401,
      { Message: 'Authorization has been denied for this request.' },
      { kind: 'unauthorized', code: 'HTTP 401', api: 'management' },
    ],
    ['an empty 401', 401, '', { kind: 'unauthorized', code: 'HTTP 401', api: 'management' }],
    [
      '403 without a code',
      403,
      { error: { code: 'Forbidden', message: 'No.' } },
      { kind: 'permissionMissing', code: 'HTTP 403', permission: 'ActivityFeed.Read' },
    ],
    ['403 of a gateway', 403, '<html>AF10001</html>', { kind: 'unavailable', code: 'HTTP 403' }],
    ['500', 500, { error: { code: 'Oops', message: 'x' } }, { kind: 'unavailable', code: 'HTTP 500' }],
    ['503 with HTML', 503, '<html>Service Unavailable</html>', { kind: 'unavailable', code: 'HTTP 503' }],
    ['408', 408, { error: 'timeout' }, { kind: 'unavailable', code: 'HTTP 408' }],
    ['400 with HTML', 400, '<!DOCTYPE html>', { kind: 'unavailable', code: 'HTTP 400' }],
    ['an empty 400', 400, '', { kind: 'unavailable', code: 'HTTP 400' }],
    ['an empty 200', 200, '', { kind: 'unavailable', code: 'HTTP 200' }],
    ['an unknown code with 500', 500, { error: { code: 'AF59999', message: 'x' } }, { kind: 'unavailable', code: 'AF59999' }],
    [
      'an unknown code with 400',
      400,
      { error: { code: 'AF29999', message: 'New.\nat x' } },
      { kind: 'rejectedRequest', code: 'AF29999', detail: 'New.' },
    ],
    [
      'an error that is no object',
      400,
      { error: 'bad' },
      { kind: 'rejectedRequest', code: 'HTTP 400', detail: 'Microsoft gave no reason.' },
    ],
    ['JSON that is null', 400, 'null', { kind: 'unavailable', code: 'HTTP 400' }],
  ])('%s', (_, status, body, expected) => {
    expect(activity(status, body)).toEqual(expected);
  });

  it('call a redirect unexpected', () => {
    expect(activity(302, '')).toMatchObject({ kind: 'unexpectedResponse', code: 'HTTP 302' });
  });

  it('call an error without a code in a 200 unexpected', () => {
    expect(activity(200, { error: { code: 'Odd', message: 'Odd.' } })).toMatchObject({
      kind: 'unexpectedResponse',
      detail: 'Odd.',
    });
  });

  it('keep only a short first line without queries of what Microsoft says', () => {
    const failure = activity(400, { error: { code: 'X', message: `Bad https://x/y?sig=secret ${'a'.repeat(1_000)}\nstack` } });

    expect(failure).toMatchObject({ detail: expect.not.stringMatching(/secret|stack/) as unknown });
    expect(JSON.stringify(failure).length).toBeLessThan(300);
  });

  it('read an error that was cut off by a limit', () => {
    expect(activity(400, '{"error":{"code":"AF20051","message":"Content requested with the k')).toEqual({
      kind: 'contentExpired',
      code: 'AF20051',
    });
  });

  it('hand on how long to wait', () => {
    expect(activity(403, { error: { code: 'AF429', message: 'x' } }, { 'retry-after': '7' })).toEqual({
      kind: 'throttled',
      code: 'AF429',
      retryAfterMs: 7_000,
    });
  });
});

describe('retryAfterMs', () => {
  it.each<[string | undefined, number | undefined]>([
    ['30', 30_000],
    ['1.5', 1_500],
    [' 5 ', 5_000],
    ['0', 1_000],
    ['999999', 900_000],
    ['Sun, 22 Nov 2026 10:02:00 GMT', 120_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 1_000],
    ['Sun, 22 Nov 2099 09:00:00 GMT', 900_000],
    ['-1', undefined],
    ['soon', undefined],
    ['1e3', undefined],
    ['2026', 900_000],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});

describe('login errors', () => {
  const expected: Readonly<Record<string, readonly number[]>> = {
    credentialRejected: [
      7000215, 7000222, 7000218, 70002, 700025, 700027, 700024, 700021, 700030, 5002723, 70021, 700211, 7002121, 700212, 700213,
      7002131, 700222, 700226, 700227, 700229, 7000226, 700236, 50011, 500113, 900971, 50020, 50034, 16000, 16003, 51004, 50014,
      90072, 50057, 50053, 50055, 50126, 50173, 50194, 54005,
    ],
    consentMissing: [65001, 65004, 700016, 90094, 90095, 90099],
    permissionMissing: [65005, 650056, 650057, 650054],
    serviceMissing: [500011, 500014, 50001, 650052],
    tenantUnknown: [90002, 90038, 900382, 900432, 900439],
    blockedByPolicy: [
      53003, 530032, 530035, 530034, 53011, 53000, 53001, 53002, 50097, 50072, 50074, 50076, 50079, 50105, 50158, 500021, 500022,
      500212, 500213, 70001, 7000112,
    ],
    throttled: [90055, 50196],
    unavailable: [90033, 50033, 50087, 90006, 90012, 90024, 90090, 50058],
    rejectedRequest: [50059, 50128, 90019, 70011, 700022, 700023, 9001023, 901002, 90014, 900144, 9002313, 1002016],
  };
  const rows = Object.entries(expected).flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const));

  it('are all in this test', () => {
    expect(rows.map(([code]) => code).sort()).toEqual([...loginErrors.keys()].sort());
  });

  it.each(rows)('AADSTS%i is %s', (number, kind) => {
    const code = `AADSTS${number}`;

    expect(login(400, { error: 'invalid_request', error_codes: [number], error_description: 'x' })).toMatchObject({ kind, code });
    expect(login(401, { error: 'x', error_description: `${code}: Something. Trace ID: 1` })).toMatchObject({ kind, code });
  });

  it.each<[string, number, unknown, Partial<Failure>]>([
    ['429', 429, '', { kind: 'throttled', code: 'HTTP 429' }],
    ['temporarily_unavailable', 400, { error: 'temporarily_unavailable' }, { kind: 'throttled', code: 'HTTP 400' }],
    ['500', 500, { error: 'server_error' }, { kind: 'unavailable', code: 'HTTP 500' }],
    ['HTML with 503', 503, '<html>', { kind: 'unavailable', code: 'HTTP 503' }],
    ['HTML with 400', 400, '<html>', { kind: 'unexpectedResponse', code: 'HTTP 400' }],
    [
      'a new code of invalid_client',
      401,
      { error: 'invalid_client', error_codes: [7999999] },
      { kind: 'credentialRejected', code: 'AADSTS7999999' },
    ],
    [
      'a new code of invalid_scope',
      400,
      { error: 'invalid_scope', error_codes: [1] },
      { kind: 'rejectedRequest', code: 'AADSTS1' },
    ],
    [
      'a new code with 500',
      500,
      { error: 'invalid_client', error_codes: [7999999] },
      { kind: 'unavailable', code: 'AADSTS7999999' },
    ],
    ['an error of a new name', 400, { error: 'constructor' }, { kind: 'credentialRejected', code: 'HTTP 400' }],
    [
      'codes that are no list',
      400,
      { error: 'consent_required', error_codes: 'x' },
      { kind: 'consentMissing', code: 'HTTP 400' },
    ],
  ])('%s', (_, status, body, failure) => {
    expect(login(status, body)).toMatchObject(failure);
  });

  it('hold a loop for five minutes', () => {
    expect(login(400, { error: 'invalid_request', error_codes: [50196] })).toMatchObject({ retryAfterMs: 300_000 });
  });

  it('keep nothing of what Microsoft wrote', () => {
    const body = {
      error: 'invalid_client',
      error_codes: [7000215],
      error_description: 'canary',
      trace_id: 'canary',
      claims: 'canary',
    };

    expect(JSON.stringify(login(401, body))).not.toContain('canary');
  });
});

describe('describeFailure', () => {
  const kinds: readonly Failure[] = [
    { kind: 'throttled', code: 'c', retryAfterMs: 120_000 },
    { kind: 'unavailable', code: 'c' },
    { kind: 'unexpectedResponse', code: 'c', detail: 'Detail.' },
    { kind: 'unauthorized', code: 'c', api: 'management' },
    { kind: 'credentialRejected', code: 'c', detail: 'd' },
    { kind: 'credentialMissing', code: 'c', detail: 'd' },
    { kind: 'consentMissing', code: 'c' },
    { kind: 'permissionMissing', code: 'c', permission: 'ActivityFeed.Read' },
    { kind: 'serviceMissing', code: 'c', detail: 'd' },
    { kind: 'tenantUnknown', code: 'c' },
    { kind: 'tenantMismatch', code: 'c' },
    { kind: 'blockedByPolicy', code: 'c', detail: 'd' },
    { kind: 'auditOff', code: 'c' },
    { kind: 'subscriptionMissing', code: 'c' },
    { kind: 'subscriptionDisabled', code: 'c', by: 'tenant admin' },
    { kind: 'windowRefused', code: 'c' },
    { kind: 'pageRefused', code: 'c' },
    { kind: 'contentMissing', code: 'c' },
    { kind: 'contentExpired', code: 'c' },
    { kind: 'refusedUrl', code: 'c', detail: '' },
    { kind: 'hubBusy', code: 'c' },
    { kind: 'hubRefused', code: 'c', hub: 'm365-audit' },
    { kind: 'storeUnavailable', code: 'c' },
    { kind: 'conflict', code: 'c' },
    { kind: 'cancelled', code: 'c' },
    { kind: 'rejectedRequest', code: 'c', detail: '' },
  ];

  it.each(kinds.map((failure) => [failure.kind, failure] as const))('says %s in whole sentences', (_, failure) => {
    const { title, nextStep } = describeFailure(failure);

    expect(title).toMatch(/^[A-Z].*\. \[c\]$/);
    expect(nextStep).toMatch(/^[A-Z].*\.$/);
  });

  it('has words of its own for each code of the Management Activity API, no two the same', () => {
    const codes = Object.keys(activityErrorKinds);
    const texts = codes.map((code) => {
      const { title, nextStep } = describeFailure(activity(400, { error: { code, message: 'x' } }));
      return `${title.replace(` [${code}]`, '')} ${nextStep}`;
    });

    expect(describedCodes).toEqual(expect.arrayContaining(codes));
    expect(new Set(texts).size).toBe(codes.length);
  });

  it('tells a wrong secret from an expired one', () => {
    const say = (number: number) => describeFailure(login(401, { error: 'invalid_client', error_codes: [number] }));

    expect(say(7000222).title).toBe('Microsoft refuses the client secret: it has expired. [AADSTS7000222]');
    expect(say(7000215).nextStep).toContain('Value, not its ID');
  });

  it('knows no words for codes it was never told, not even those every object has', () => {
    expect(describeFailure({ kind: 'unavailable', code: 'constructor' }).title).toBe(
      'Microsoft does not answer, or not completely. [constructor]',
    );
  });
});
