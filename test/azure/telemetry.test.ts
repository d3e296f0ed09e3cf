import { jsonLinesTelemetry, redact } from '../../src/azure/telemetry';

const clock = { now: () => new Date('2026-11-22T12:00:00.000Z') };
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL21hbmFnZS5vZmZpY2UuY29tIn0.c2lnbmF0dXJl_-A';

describe('jsonLinesTelemetry', () => {
  it('writes one line of JSON per event', () => {
    const lines: [string, string][] = [];
    const telemetry = jsonLinesTelemetry((level, line) => lines.push([level, line]), clock);

    telemetry.event('runFinished', 'warning', { tenant: 't', records: 5, complete: false, cause: undefined, text: 'two\nlines' });

    expect(lines).toEqual([
      [
        'warning',
        '{"time":"2026-11-22T12:00:00.000Z","severity":"warning","event":"runFinished","tenant":"t","records":5,"complete":false,"text":"two\\nlines"}',
      ],
    ]);
  });

  it('never writes what looks like a secret', () => {
    const lines: string[] = [];
    const telemetry = jsonLinesTelemetry((_, line) => lines.push(line), clock);

    telemetry.event('failed', 'error', { detail: `Authorization: Bearer ${jwt}`, [`name`]: `client_secret=hush~1&grant_type=x` });

    expect(lines.join()).not.toMatch(/eyJ|hush/);
  });

  it('does not let fields pass for the event itself', () => {
    const lines: string[] = [];
    jsonLinesTelemetry((_, line) => lines.push(line), clock).event('failed', 'error', {
      event: 'fine',
      severity: 'info',
      time: 'never',
    });

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'failed', severity: 'error', time: '2026-11-22T12:00:00.000Z' });
  });
});

describe('redact', () => {
  it.each([
    [`token ${jwt} end`, 'eyJ'],
    [`cut off ${jwt.slice(0, 40)}`, 'eyJ'],
    ['Authorization: Bearer abc.def-ghi', 'abc.def'],
    ['authorization: bearer  0.ABCdef', '0.ABC'],
    ['client_secret=a~b.c&scope=x', 'a~b'],
    ['{"client_secret":"hush~hush"}', 'hush'],
    ['{"access_token": "opaque-value"}', 'opaque'],
    ['Endpoint=sb://x/;SharedAccessKeyName=root;SharedAccessKey=c2VjcmV0PQ==;EntityPath=h', 'c2VjcmV0'],
    ['AccountName=a;AccountKey=Eby8vdM02xNOcqFlqUwJ==;', 'Eby8'],
    ['https://a.blob.core.windows.net/c/b?sv=2024&sig=Zm9v%2Fbar&se=2026', 'Zm9v'],
    ['SharedAccessSignature sr=sb%3a%2f%2fx&sig=abcdef&se=1&skn=root', 'abcdef'],
    ['client_assertion=eyJ0eXAi.x.y', 'eyJ0'],
  ])('removes the secret from %j', (text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toMatch(/\[(token|removed)\]/);
  });

  it.each([
    ['Unexpected token in "UserId":"adele.vance@contoso.onmicrosoft.com"', 'adele', '[address]'],
    ['signed in from 203.0.113.77:443', '203.0.113.77', '[ip]'],
    ['from 2001:db8:85a3:0:0:8a2e:370:7334 today', '2001', '[ip]'],
    ['from [2001:db8::8a2e:7334]', 'db8', '[ip]'],
  ])('removes the person from %j', (text, person, instead) => {
    expect(redact(text)).not.toContain(person);
    expect(redact(text)).toContain(instead);
  });

  it.each(['{"UserId":"zoë', 'zoë', '{"UserId":zoë}', '[{"a":1},{"UserId":"Zoë Müller","b":}]'])(
    'removes what JSON.parse quotes of %j',
    (text) => {
      const said = (): string => {
        try {
          return String(JSON.parse(text));
        } catch (error) {
          return String(error);
        }
      };

      expect(redact(said())).not.toMatch(/zo|UserId/i);
      expect(redact(said())).toContain('JSON');
    },
  );

  it('leaves ordinary text alone', () => {
    const text =
      'listing content: throttled [AF429] for tenant 11111111-1111-4111-8111-111111111111, AADSTS7000215, the sign and the design, at 2026-11-22T10:11:12.131Z from 127.0.0.1:10000 in node_modules/@azure/identity';

    expect(redact(text)).toBe(text);
  });

  it('stays quick and short whatever comes', () => {
    const began = process.cpuUsage();

    const results = [
      'eyJ'.repeat(1_000_000),
      'Bearer '.repeat(200_000),
      'sig='.repeat(200_000),
      'x'.repeat(3_000_000),
      'a@'.repeat(200_000),
      '1:'.repeat(200_000),
    ].map(redact);

    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000);
    for (const result of results) expect(result.length).toBeLessThan(5_000);
  });
});
