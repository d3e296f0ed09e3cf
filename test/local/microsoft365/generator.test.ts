import { contoso, fabrikam, startTestBed, type TestBed } from './client';
import { defaultTenants } from './defaultTenants';
import { createRandom } from './random';
import { buildRecord } from './records/operation';
import { operations } from './records/operations';
import { contentTypes } from './tenant';
import type { TruthRecord } from './truthLog';

const tenant = { tenantId: contoso.tenantId, domain: 'contoso.onmicrosoft.com', sensitive: false };

async function withBed<T>(options: Parameters<typeof startTestBed>[0], use: (bed: TestBed) => T | Promise<T>): Promise<T> {
  const bed = await startTestBed(options);
  try {
    return await use(bed);
  } finally {
    await bed.stop();
  }
}

describe('operations of the simulated Microsoft 365', () => {
  it('are at least 40, over five content types', () => {
    const names = contentTypes.flatMap((type) => operations[type].map(({ operation, workload }) => `${workload} ${operation}`));

    expect(new Set(names).size).toBeGreaterThanOrEqual(40);
    for (const type of contentTypes) expect(operations[type].length).toBeGreaterThanOrEqual(5);
  });

  it.each(contentTypes)('make valid records of 1 to 8 KB for %s', (contentType) => {
    const createdMs = Date.parse('2026-11-22T12:00:00Z');
    for (const row of operations[contentType]) {
      for (let i = 0; i < 60; i++) {
        const { id, text } = buildRecord(row, tenant, createdMs, createRandom('sizes', row.operation, i));
        const record = JSON.parse(text) as Record<string, unknown>;
        const bytes = Buffer.byteLength(text);

        expect(record).toMatchObject({
          Id: id,
          Operation: row.operation,
          RecordType: row.recordType,
          OrganizationId: tenant.tenantId,
          CreationTime: expect.stringMatching(/^2026-11-22T1[01]:\d\d:\d\d$/) as unknown,
        });
        expect([row.operation, bytes, bytes >= 1024 && bytes <= 8192]).toEqual([row.operation, bytes, true]);
      }
    }
  });

  it('cover what makes records hard to pass on unchanged', () => {
    const texts = contentTypes.flatMap((type) =>
      operations[type].flatMap((row) =>
        Array.from({ length: 20 }, (_, i) => buildRecord(row, tenant, 0, createRandom('hard', row.operation, i)).text),
      ),
    );
    const all = texts.join('\n');

    for (const piece of ['\\u0000', '\\/', '\\n', '\\\\"', '山', 'محمد', '🦊', '\\u5c71', '\\ud83e'])
      expect(all).toContain(piece);
    expect(texts.some((text) => /[:[]\d{16,19}[,}\]]/.test(text))).toBe(true);
    expect(texts.filter((text) => JSON.stringify(JSON.parse(text)) !== text).length).toBeGreaterThan(texts.length / 10);
  });
});

describe('generator of the simulated Microsoft 365', () => {
  const shaOf = ({ contentId, sha256 }: TruthRecord) => `${contentId} ${sha256}`;

  it('makes the same for the same seed and clock, in whatever steps, and something else for another seed', async () => {
    const run = (seed: number, steps: number) =>
      withBed({ seed }, ({ microsoft, clock }) => {
        for (let i = 0; i < steps; i++) {
          clock.advance(600_000 / steps);
          microsoft.generate();
        }
        return [...microsoft.truth.available({ tenantId: contoso.tenantId })].map(shaOf);
      });

    const [one, two, other] = [await run(7, 1), await run(7, 40), await run(8, 1)];

    expect(one.length).toBeGreaterThan(600);
    expect(two).toEqual(one);
    expect(other.some((line) => one.includes(line))).toBe(false);
  });

  it.each([
    ['busy', 20, 60],
    ['steady', 2, 5],
    ['quiet', 1 / 60, 1 / 30],
    ['auditOff', 0, 0],
  ] as const)('keeps the pace of mood %s', async (mood, least, most) => {
    const minutes = mood === 'quiet' ? 60 : 5;
    const perSecond = await withBed({ tenants: [{ ...contoso, mood }] }, ({ microsoft, clock }) => {
      for (let minute = 0; minute < minutes; minute++) {
        clock.advance(60_000);
        microsoft.generate();
      }
      return [...microsoft.truth.available()].length / (60 * minutes);
    });

    expect(perSecond).toBeGreaterThanOrEqual(least * 0.9);
    expect(perSecond).toBeLessThanOrEqual(most * 1.25);
  });

  it('repeats a small share of records and says so', async () => {
    const records = await withBed({ tenants: [{ ...contoso, mood: 'busy' }] }, ({ microsoft, clock }) => {
      clock.advance(120_000);
      microsoft.generate();
      return [...microsoft.truth.available()];
    });
    const seen = new Set<string | undefined>();
    const repeated = records.filter(({ id }) => seen.size === seen.add(id).size);

    expect(repeated.length).toBeGreaterThan(0);
    expect(repeated.length).toBeLessThan(records.length * 0.03);
    expect(records.filter(({ microsoftRepeat }) => microsoftRepeat)).toEqual(repeated);
  });

  it('back-fills past hours, thinly', async () => {
    const records = await withBed({ tenants: [{ ...contoso, mood: 'busy' }, fabrikam] }, ({ microsoft }) => {
      microsoft.backfill(24, { maxRecordsPerTenant: 500 });
      return [...microsoft.truth.available({ tenantId: contoso.tenantId })];
    });
    const hours = new Set(records.map(({ visibleFrom }) => visibleFrom.toISOString().slice(0, 13)));

    expect(records.length).toBeGreaterThan(200);
    expect(records.length).toBeLessThan(1000);
    expect(hours.size).toBeGreaterThan(4);
  });

  it('runs on a timer until stopped', async () => {
    await withBed({}, ({ microsoft, clock }) => {
      const blobs = () => microsoft.truth.counts().reduce((sum, count) => sum + count.blobs, 0);
      jest.useFakeTimers();
      try {
        microsoft.startGenerating(1000);
        clock.advance(60_000);
        jest.advanceTimersByTime(999);
        expect(blobs()).toBe(0);
        jest.advanceTimersByTime(1);
        const made = blobs();
        microsoft.stopGenerating();
        clock.advance(60_000);
        jest.advanceTimersByTime(5000);

        expect(made).toBeGreaterThan(0);
        expect(blobs()).toBe(made);
      } finally {
        jest.useRealTimers();
      }
    });
  });

  it('stays bounded when the clock jumps by days', async () => {
    const count = await withBed({ tenants: [{ ...contoso, mood: 'busy' }] }, ({ microsoft, clock }) => {
      clock.advance(3 * 24 * 3_600_000);
      microsoft.generate();
      return [...microsoft.truth.available()].length;
    });

    expect(count).toBeGreaterThan(10_000);
    expect(count).toBeLessThan(30_000);
  });
});

describe('default tenants of the simulated Microsoft 365', () => {
  it('begin with four healthy ones, then one of each trouble', () => {
    const tenants = defaultTenants(50, 7);

    expect(tenants.slice(0, 11).map(({ mood }) => mood)).toEqual([
      ...['busy', 'steady', 'quiet', 'steady', 'auditOff', 'noConsent', 'noPermission', 'subscriptionDisabled'],
      ...['secretExpired', 'disabledService', 'dlpWithoutPermission'],
    ]);
    expect(new Set(tenants.flatMap(({ tenantId, clientId, name }) => [tenantId, clientId, name])).size).toBe(150);
    expect(defaultTenants(50, 7)).toEqual(tenants);
    expect(tenants.every(({ secret }) => secret.startsWith('fake-secret-'))).toBe(true);
  });
});
