import { measuredSink } from '../../src/azure/measuredSink';
import { summingMeter } from '../../src/azure/meter';
import { MemoryTelemetry } from '../support/memorySink';

const tenant = 'c0a10c0a-1111-4111-8111-11111111111f';

function meterAt(start: number) {
  const telemetry = new MemoryTelemetry();
  const time = { ms: start };
  return { telemetry, time, meter: summingMeter(telemetry, { now: () => new Date(time.ms) }) };
}

describe('summingMeter', () => {
  it('tells one event for each metric and set of dimensions, once a minute', () => {
    const { telemetry, time, meter } = meterAt(0);
    for (let value = 1; value <= 100; value += 1) meter.measure('requestMs', value, { tenant, api: 'graph', outcome: 'ok' });
    meter.measure('requestMs', 5, { tenant, api: 'graph', outcome: 'throttled' });

    time.ms = 59_999;
    meter.tell();
    const early = telemetry.named('measured').length;
    time.ms = 60_000;
    meter.tell();
    meter.tell(true);

    expect(early).toBe(0);
    const [ok, throttled, ...more] = telemetry.named('measured');
    expect(more).toEqual([]);
    expect(ok).toMatchObject({ metric: 'requestMs', tenant, api: 'graph', outcome: 'ok', count: 100, sum: 5_050, most: 100 });
    expect(ok?.['p50']).toBeGreaterThanOrEqual(50);
    expect(ok?.['p50']).toBeLessThanOrEqual(60);
    expect(ok?.['p95']).toBeGreaterThanOrEqual(95);
    expect(ok?.['p95']).toBeLessThanOrEqual(100);
    expect(throttled).toMatchObject({ outcome: 'throttled', count: 1, sum: 5, p50: 5, p95: 5, most: 5 });
  });

  it('does not grow with the number of tenants for ever, and loses no measurement', () => {
    const { telemetry, meter } = meterAt(0);
    for (let index = 0; index < 5_000; index += 1) meter.measure('requestMs', 1, { tenant: `tenant${index}`, outcome: 'ok' });
    meter.tell(true);

    const told = telemetry.named('measured');
    expect(told.length).toBeLessThanOrEqual(2_001);
    expect(told.reduce((sum, { count }) => sum + Number(count), 0)).toBe(5_000);
    expect(told.find((fields) => fields['tenant'] === undefined)).toMatchObject({ count: 3_000 });
  });

  it('takes whatever it is given', () => {
    const { telemetry, meter } = meterAt(0);
    for (const value of [-5, Number.NaN, Number.POSITIVE_INFINITY, 0]) meter.measure('queueWaitMs', value, { queue: 'collect' });
    meter.tell(true);

    expect(telemetry.named('measured')).toMatchObject([{ count: 4, sum: 0, p50: 0, p95: 0, most: 0 }]);
  });
});

describe('measuredSink', () => {
  it('measures writes that succeed and writes that fail, and passes both on', async () => {
    const measured: unknown[] = [];
    let now = 0;
    const busy = new Error('busy');
    let fails = false;
    const sink = measuredSink(
      {
        batchLimitBytes: async () => Promise.resolve(1_000),
        write: async () => {
          now += 25;
          return fails ? Promise.reject(busy) : Promise.resolve();
        },
      },
      { measure: (metric, value, { hub, outcome }) => measured.push([metric, value, hub, outcome]) },
      () => now,
    );
    const signal = new AbortController().signal;

    await sink.write([], signal);
    fails = true;
    await expect(sink.write([], signal)).rejects.toBe(busy);

    expect(await sink.batchLimitBytes('any', signal)).toBe(1_000);
    expect(measured).toEqual([
      ['hubSendMs', 25, undefined, 'ok'],
      ['hubSendMs', 25, undefined, 'failed'],
    ]);
  });
});
