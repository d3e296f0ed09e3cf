import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startOtlpCollector } from '../support/otlpCollector';

const tenant = 'c0a10c0a-1111-4111-8111-11111111111f';

// Bundled and in a process of its own, as it is deployed: the libraries load modules on demand, which the test framework cannot.
const script = `
  const { openTelemetry } = require(process.argv[1]);
  const lost = [];
  const target = { url: process.argv[2], headers: { authorization: 'Key fake' } };
  const otlp = openTelemetry(target, { now: () => new Date('2026-11-22T12:00:00.000Z') }, (reason) => lost.push(reason));
  const tenant = '${tenant}';
  otlp.telemetry.event('hubBusy', 'warning', { tenant, attempt: 4, code: undefined, text: 'Bearer abc.def, adele@contoso.com' });
  otlp.meter.measure('requestMs', 120, { tenant, api: 'management', outcome: 'ok', hub: undefined });
  otlp.meter.measure('requestMs', 80, { tenant, api: 'management', outcome: 'ok' });
  otlp.close().then(() => {
    console.log(JSON.stringify(lost));
    process.exit(0);
  });
`;

describe('openTelemetry', () => {
  const folder = mkdtempSync(join(tmpdir(), 'opentelemetry-'));
  const bundle = join(folder, 'openTelemetry.cjs');
  let stop: () => void = () => undefined;

  beforeAll(() => {
    const source = 'src/azure/openTelemetry.ts';
    const options = ['--bundle', '--platform=node', '--format=cjs', '--log-level=warning', `--outfile=${bundle}`];
    execFileSync(process.execPath, ['node_modules/esbuild/bin/esbuild', source, ...options]);
  });
  afterEach(() => stop());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Sends an event and two measurements to an address; what was said to be lost. */
  const send = async (url: string): Promise<readonly string[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, bundle, url], { timeout: 60_000 });
    return JSON.parse(stdout) as string[];
  };

  it('sends events as log records and measurements as histograms, without what looks like a secret', async () => {
    const made = await startOtlpCollector();
    stop = made.close;

    expect(await send(made.url)).toEqual([]);

    const logs = made.received.find(({ path }) => path === '/otlp/v1/logs');
    const metrics = made.received.find(({ path }) => path === '/otlp/v1/metrics');
    expect([logs?.authorization, metrics?.authorization]).toEqual(['Key fake', 'Key fake']);
    expect(JSON.parse(logs?.body ?? '')).toMatchObject({
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                {
                  eventName: 'hubBusy',
                  severityText: 'warning',
                  body: { stringValue: 'hubBusy' },
                  attributes: [
                    { key: 'tenant', value: { stringValue: tenant } },
                    { key: 'attempt', value: { intValue: 4 } },
                    { key: 'text', value: { stringValue: 'Bearer [removed], [address]' } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    });
    expect(JSON.parse(metrics?.body ?? '')).toMatchObject({
      resourceMetrics: [
        { scopeMetrics: [{ metrics: [{ name: 'requestMs', unit: 'ms', histogram: { dataPoints: [{ count: 2, sum: 200 }] } }] }] },
      ],
    });
  });

  it('says what it could not send', async () => {
    const made = await startOtlpCollector(403);
    stop = made.close;

    const lost = await send(made.url);

    expect(lost).toHaveLength(2);
    expect(lost.join(' ')).not.toContain('fake');
    expect(made.received.map(({ path }) => path).toSorted()).toEqual(['/otlp/v1/logs', '/otlp/v1/metrics']);
  });

  it('does not wait longer than two seconds for a collector that does not answer', async () => {
    const silent = createServer(() => undefined);
    stop = () => void silent.close();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;

    const began = performance.now();
    await send(`http://127.0.0.1:${port}`);

    // Ten seconds is how long the libraries would wait.
    expect(performance.now() - began).toBeLessThan(9_000);
    silent.closeAllConnections();
  });
});
