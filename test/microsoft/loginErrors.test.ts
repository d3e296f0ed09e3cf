import type { Failure } from '../../src/domain/failure';
import { classifyLoginError, loginErrors } from '../../src/microsoft/loginErrors';

const now = new Date('2026-11-22T10:00:00Z');

const login = (status: number, body: unknown, headers: Record<string, string> = {}): Failure =>
  classifyLoginError({ status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) }, 'management', now);

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
