import type { Failure } from '../../src/domain/failure';
import { activityErrorKinds, classifyActivityError } from '../../src/microsoft/activityErrors';

const now = new Date('2026-11-22T10:00:00Z');
const tenant = 'c0a10c0a-1111-4111-8111-11111111111f';

const activity = (status: number, body: unknown, headers: Record<string, string> = {}): Failure =>
  classifyActivityError(
    { status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) },
    { permission: 'ActivityFeed.Read', now },
  );

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
