import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentTypes } from '../local/microsoft365/tenant';
import { Backlog } from './backlog';
import { BenchOptionError, readBenchOptions } from './benchOptions';
import { DeliveryCheck } from './deliveryCheck';
import { quantile } from './scale';
import { median } from './throughputReport';

const folder = mkdtempSync(join(tmpdir(), 'bench-'));

afterAll(() => rmSync(folder, { recursive: true }));

function bench(...words: string[]): Promise<{ status: number; output: string; complaints: string }> {
  return new Promise((resolve) => {
    const parameters = ['--expose-gc', 'dist/bench.js', '--quick', '--json', '--data', folder, ...words];
    const child = execFile(process.execPath, parameters, (_error, output, complaints) =>
      resolve({ status: child.exitCode ?? -1, output, complaints }),
    );
  });
}

describe('npm run bench', () => {
  it('measures the connector and the baseline, and finds that everything was delivered', async () => {
    const { status, output } = await bench('--records', '2000');

    const result = JSON.parse(output.trim().split('\n').at(-1) ?? '') as {
      ok: boolean;
      cases: { connector: { recordsPerSecond: number }; baseline: object }[];
    };
    expect(status).toBe(0);
    expect(result.ok).toBe(true);
    expect(result.cases).toHaveLength(1);
    expect(result.cases[0]?.connector.recordsPerSecond).toBeGreaterThan(0);
    expect(output).toContain('yes, byte for byte');
  }, 120_000);

  it('measures the cold start, and that all functions were registered', async () => {
    const { output } = await bench('cold');

    const { result } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as {
      result: { functions: number; overBareMs: number; targetMs: number };
    };
    expect(result.functions).toBe(readdirSync('functions').length - 1);
    expect(result.overBareMs).toBeGreaterThan(0);
    expect(result.targetMs).toBe(250);
  }, 120_000);

  it('measures a directory over Graph, and fails when an object does not arrive as it was', async () => {
    const right = await bench('graph', '--records', '1500');
    const spoilt = await bench('graph', '--records', '1500', '--plant', 'alter');

    expect([right.status, spoilt.status]).toEqual([0, 1]);
    expect(right.output).toContain('Everything that was served was delivered.');
    expect(spoilt.complaints).toContain('0 missing, 1 altered');
  }, 120_000);

  it('fails when a record does not arrive', async () => {
    const { status, complaints } = await bench('memory', '--plant', 'drop');

    expect(status).toBe(1);
    expect(complaints).toContain('connector: 1 missing');
  }, 120_000);
});

describe('the check of what was delivered', () => {
  const backlog = new Backlog({
    tenantId: 'c0a10c0a-0000-4000-8000-000000000001',
    domain: 'contoso.onmicrosoft.com',
    records: 1_000,
    seed: 1,
    from: new Date('2026-11-20T00:00:00Z'),
    to: new Date('2026-11-22T00:00:00Z'),
  });

  function eventOf(contentId: string, body: Buffer): { body: Buffer; applicationProperties: Record<string, unknown> } {
    const records = JSON.parse(body.toString('latin1')) as unknown[];
    const texts = body
      .toString('latin1')
      .slice(1, -1)
      .split(/,(?=\{"CreationTime")/);
    expect(texts).toHaveLength(records.length);
    const wrapped = texts.map((text) => `{"id":"x","properties":${text}}`).join(',');
    return { body: Buffer.from(`{"records":[${wrapped}]}`, 'latin1'), applicationProperties: { unit: contentId } };
  }

  const events = backlog.blobs.map((blob) => eventOf(blob.contentId, backlog.body(blob)));

  function checked(plant?: 'drop' | 'alter' | 'double') {
    const check = new DeliveryCheck(backlog, 'records', plant);
    for (const event of events) check.take(event);
    return check.count();
  }

  it('counts every record once when all arrive as they were published', () => {
    expect(checked()).toMatchObject({ delivered: 1_000, missing: 0, duplicates: 0, altered: 0, unknown: 0 });
  });

  it.each([
    ['drop', { missing: 1 }],
    ['alter', { altered: 1, missing: 0 }],
    ['double', { duplicates: 1, missing: 0 }],
  ] as const)('notices a planted fault: %s', (plant, found) => {
    expect(checked(plant)).toMatchObject(found);
  });

  it('notices a record that is delivered as part of another blob', () => {
    const check = new DeliveryCheck(backlog, 'records');

    check.take({ body: events[0]?.body ?? Buffer.alloc(0), applicationProperties: { unit: backlog.blobs[1]?.contentId } });

    expect(check.count()).toMatchObject({ unknown: backlog.blobs[0]?.records, missing: 1_000 });
  });

  it('publishes records of realistic sizes, in blobs of every content type', () => {
    const large = new Backlog({
      ...{ tenantId: 't', domain: 'd', seed: 1 },
      records: 20_000,
      from: new Date(0),
      to: new Date(1e9),
    });

    const bytes = large.blobs.slice(0, 20).map((blob) => large.body(blob).length / blob.records);

    expect(median(bytes)).toBeGreaterThan(1_800);
    expect(median(bytes)).toBeLessThan(2_500);
    expect(new Set(large.blobs.map(({ contentType }) => contentType)).size).toBe(contentTypes.length);
  });
});

describe('the options of the benchmark', () => {
  it('measures all cases when nothing is asked for, and what was asked for otherwise', () => {
    expect(readBenchOptions([])).toMatchObject({
      measurement: 'throughput',
      records: [100_000, 500_000],
      latencyMs: [0, 50],
      repeat: 1,
    });
    expect(readBenchOptions(['memory', '--records', '5000'])).toMatchObject({ measurement: 'memory', records: [5_000] });
    expect(readBenchOptions(['--help'])).toBeUndefined();
  });

  it.each([[['speed']], [['--records', '1k']], [['--throttle', '90']], [['--plant', 'tree']], [['--repeat', '2,3']], [['--no']]])(
    'refuses %j',
    (words) => {
      expect(() => readBenchOptions(words)).toThrow(BenchOptionError);
    },
  );
});

describe('medians and quantiles', () => {
  it('takes the middle, and the value below which a share lies', () => {
    expect([median([3, 1, 2]), median([1, 2, 3, 4])]).toEqual([2, 2.5]);
    expect([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 0.99)]).toEqual([2, 4]);
  });
});
