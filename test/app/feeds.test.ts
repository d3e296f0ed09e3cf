import { checkHistory } from '../support/history';
import { at, dayMs, hourMs, minuteMs, simulateFeed, start } from '../support/feedSimulation';
import { scriptedRecord, scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';

describe('a calm feed', () => {
  it('sends nothing and writes little when nothing is new', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'));
    for (let index = 0; index < 40; index += 1) source.add(scriptedUnit(`unit${index}`, at(-index * hourMs - 1_000), 3));
    const worker = simulation.start();
    await simulation.runFor(worker, minuteMs);
    const [sent, written] = [simulation.stores.sink.batches.length, worker.process.steps.length];

    await simulation.runFor(worker, minuteMs);

    expect(simulation.stores.sink.batches).toHaveLength(sent);
    expect(worker.process.telemetry.named('runFinished')).toHaveLength(2);
    expect(worker.process.steps.slice(written)).toEqual([
      'schedule.claim',
      'queue.send',
      'sourceRows.save',
      'ledger.enlist',
      'sourceRows.save',
      'schedule.put',
      'sourceRows.save',
      'schedule.remove',
    ]);
    expect(new Set(source.reads).size).toBe(source.reads.length);
  });

  it('finds what appears late: within the hour, after hours, and after days', async () => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('quiet'));
    const lateness = [1, 30, 59, 61, 300, 1_200, 1_500, 3_000, 6_000, 8_500].map((minutes) => minutes * minuteMs);
    lateness.forEach((late, index) =>
      source.add(scriptedUnit(`late${index}`, at(index * 7 * minuteMs), 2, { visibleFrom: at(index * 7 * minuteMs + late) })),
    );
    const worker = simulation.start();

    await simulation.runFor(worker, 7 * dayMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    const records = simulation.stores.sink.batches.filter(({ hub }) => hub === 'm365-audit');
    lateness.forEach((late, index) => {
      const batch = records.find(({ events }) => events.some((event) => event.properties.unit === `late${index}`));
      const waited = (batch?.at.getTime() ?? Infinity) - at(index * 7 * minuteMs + late).getTime();
      expect(waited).toBeLessThan(late < hourMs ? 20 * minuteMs : late < 22 * hourMs ? 2 * hourMs : 26 * hourMs);
    });
  }, 20_000);

  it('delivers units that share a time, and units on every boundary of a window', async () => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('quiet'));
    for (let hours = -167; hours < 3; hours += 1)
      for (const twin of ['a', 'b'])
        for (const offset of [-1, 0, 999, 1_000])
          source.add(scriptedUnit(`${twin}${hours}.${offset}`, at(hours * hourMs + offset), 1));
    const worker = simulation.start();

    await simulation.runFor(worker, 5 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
  });

  it('polls less and less while nothing happens, and at once again when something does', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'));
    source.add(scriptedUnit('late', at(5 * hourMs), 1));
    const worker = simulation.start();

    await simulation.runFor(worker, 4 * hourMs);
    const runs = simulation.stores.sourceRows.history.filter(({ leaseOwner }) => leaseOwner === undefined);
    const waits = runs.slice(1).map((row) => (Date.parse(row.dueAt) - Date.parse(row.lastRunAt ?? '')) / minuteMs);
    await simulation.runFor(worker, 1.5 * hourMs);

    expect(waits.slice(0, 5)).toEqual([2, 4, 8, 15, 15].slice(0, 5).map((wait, index) => waits[index] ?? wait));
    expect(Math.max(...waits)).toBe(15);
    expect(waits.at(-1)).toBe(15);
    expect(simulation.stores.sourceRows.history.some(({ idleRuns, recordsTotal }) => recordsTotal === 1 && idleRuns === 0)).toBe(
      true,
    );
  });

  it('spreads a tenant over its partition keys without repeating anything', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'), { keysPerTenant: 3, outboxBytes: 4_000 });
    simulation.stores.sink.limitBytes = (hub) => (hub === source.hub ? 14_000 : 250_000);
    source.add(scriptedUnit('large', at(-hourMs), 60, { bytes: 500 }));
    const worker = simulation.start();

    await simulation.runFor(worker, 10 * minuteMs);

    const keys = new Set(
      simulation.stores.sink.batches.filter(({ hub }) => hub === source.hub).map(({ events }) => events[0]?.partitionKey),
    );
    expect(keys.size).toBe(3);
    expect(checkHistory(simulation, source)).toEqual([]);
  });
});

describe('a backlog', () => {
  it('of more units than fit into memory is worked off in one run, oldest first, the newest hour before it', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'), { unitsInMemory: 5, unitsInFlight: 2 });
    for (let hours = 0; hours < 120; hours += 1) source.add(scriptedUnit(`unit${hours}`, at(-hours * hourMs - 1_000), 2));
    const worker = simulation.start();

    await simulation.tick(worker);

    expect(source.reads[0]).toBe('unit0');
    expect(checkHistory(simulation, source)).toEqual([]);
    expect(worker.process.telemetry.named('runFinished')).toHaveLength(1);
  });

  it('that takes longer than the budget is continued by the next message until it is done', async () => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('quiet'), {
      unitsInMemory: 5,
      unitsInFlight: 2,
      budgetMs: 60_000,
    });
    for (let hours = 0; hours < 40; hours += 1)
      source.add(scriptedUnit(`unit${hours}`, at(-hours * hourMs - 1_000), 9, { readMs: 7_000, bytes: 900 }));
    const worker = simulation.start();

    await simulation.tick(worker);

    const runs = worker.process.telemetry.named('runFinished');
    expect(runs.length).toBeGreaterThan(2);
    expect(runs.slice(0, -1).every(({ more, state }) => more === true && state === 'catchingUp')).toBe(true);
    expect(runs.at(-1)).toMatchObject({ more: false, state: 'collecting', pending: 0 });
    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    expect(worker.errors).toEqual([]);
  });

  it('does not keep a listing that is too long for one run from moving the watermark', async () => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('quiet'), { budgetMs: 60_000, recheckMs: 900_000 });
    for (let hours = 0; hours < 160; hours += 2) source.add(scriptedUnit(`unit${hours}`, at(-hours * hourMs - 1_000), 1));
    source.beforeList = async (_window, signal) => simulation.clock.sleep(25_000, signal);
    const worker = simulation.start();

    await simulation.runFor(worker, 30 * minuteMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    expect(simulation.stores.sourceRows.history.at(-1)?.cursor).toMatchObject({ weekRelistedAt: expect.any(String) as string });
  });

  it('ends soon and cleanly when the host shuts down, and goes on in another process', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'));
    for (let hours = 0; hours < 30; hours += 1)
      source.add(scriptedUnit(`unit${hours}`, at(-hours * hourMs - 1_000), 9, { readMs: 5_000 }));
    const first = simulation.start();
    const stop = simulation.clock.sleep(12_000, new AbortController().signal).then(() => first.shutdown.abort());

    await simulation.tick(first);
    await stop;
    const stoppedAt = simulation.clock.now();
    const second = simulation.start();
    await simulation.runFor(second, 30 * minuteMs);

    expect(stoppedAt.getTime() - start.getTime()).toBeLessThan(15_000);
    expect(checkHistory(simulation, source)).toEqual([]);
  });
});

describe('a unit', () => {
  it('that reads differently when it is taken up again is sent whole', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'));
    simulation.stores.sink.limitBytes = (hub) => (hub === source.hub ? 14_000 : 250_000);
    const made = (word: string) => Array.from({ length: 30 }, (_, index) => scriptedRecord(`${word}#${index}`, at(0), 1_000));
    source.add({ id: 'changing', at: at(-hourMs), records: (reads) => (reads === 0 ? made('partial') : made('whole')) });
    const first = simulation.start((name) =>
      name === 'ledger.save' ? (first.process.steps.filter((step) => step === name).length === 2 ? 'dieAnswered' : 'go') : 'go',
    );

    await simulation.runFor(first, minuteMs);
    const second = simulation.start();
    await simulation.runFor(second, 30 * minuteMs);

    expect(first.process.isDead).toBe(true);
    expect(second.process.telemetry.named('unitChanged')).toHaveLength(1);
    const ids = simulation.stores.sink.records('m365-audit').map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('whole'))).toHaveLength(30);
    expect(ids.filter((id) => id.startsWith('partial')).length).toBeGreaterThan(0);
    expect(simulation.stores.ledger.all()[0]?.delivered.records).toBe(30);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('that got shorter than what was delivered is sent whole too', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'));
    simulation.stores.sink.limitBytes = (hub) => (hub === source.hub ? 14_000 : 250_000);
    const made = (count: number) => Array.from({ length: count }, (_, index) => scriptedRecord(`r#${index}`, at(0), 1_000));
    source.add({ id: 'shrinking', at: at(-hourMs), records: (reads) => made(reads === 0 ? 30 : 3) });
    const first = simulation.start((name) =>
      name === 'ledger.save' && first.process.steps.filter((step) => step === name).length === 2 ? 'dieAnswered' : 'go',
    );

    await simulation.runFor(first, minuteMs);
    await simulation.runFor(simulation.start(), 30 * minuteMs);

    expect(simulation.stores.ledger.all()[0]).toMatchObject({ state: 'done', delivered: { records: 3 } });
  });

  it('with a record too large for the hub sends a pointer to where the record is kept, and all its neighbours', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'));
    simulation.stores.sink.limitBytes = (hub) => (hub === source.hub ? 20_000 : 250_000);
    const sizes = [10, 9_000, 12_000, 200_000, 10];
    source.add({ id: 'mixed', at: at(-hourMs), records: sizes.map((size, index) => scriptedRecord(`r${index}`, at(0), size)) });
    const worker = simulation.start();

    await simulation.runFor(worker, minuteMs);

    const records = simulation.stores.sink.records('m365-audit');
    expect(records.map(({ id }) => id)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
    expect(records.map(({ properties }) => 'truncated' in (properties as object))).toEqual([false, false, true, true, false]);
    expect(simulation.stores.oversize.kept.size).toBe(2);
    expect(simulation.stores.ledger.all()[0]?.delivered.bytes).toBe(
      sizes.reduce((sum, size) => sum + scriptedRecord('r0', at(0), size).json.length, 0),
    );
  });

  it('with an id of absurd length is delivered under a hash of it', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('quiet'));
    const long = { ...scriptedRecord('x', at(0)), id: 'x'.repeat(60_000), operation: 'y'.repeat(60_000) };
    source.add({ id: 'absurd', at: at(-hourMs), records: [long] });

    await simulation.runFor(simulation.start(), minuteMs);

    expect(simulation.stores.sink.records('m365-audit')[0]?.id).toMatch(/^sha256:/);
  });
});
