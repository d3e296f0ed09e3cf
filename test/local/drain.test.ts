import { setTimeout as wait } from 'node:timers/promises';
import type { Connector } from '../../src/composition';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';
import { Simulation } from '../support/simulation';
import { VirtualClock } from '../support/virtualClock';
import { drain } from './drain';

const start = new Date('2026-11-22T10:00:00Z');
const record = { tenantId: tenantNamed('calm').id, unit: 'blob', id: 'id1', sha256: 'x' };

async function begin() {
  const clock = new VirtualClock(start);
  const source = new ScriptedSource(clock);
  const simulation = new Simulation(clock, [source]);
  simulation.addTenant(tenantNamed('calm'));
  source.add(scriptedUnit('old', new Date(start.getTime() - 60_000), 2));
  const worker = simulation.start();
  await simulation.runFor(worker, 120_000);
  const { ports } = worker;
  const stores = { clock, collectPorts: ports, tenantPorts: { ...ports, collect: ports } } as unknown as Connector;
  return { stores, simulation };
}

describe('drain', () => {
  it('ends as soon as nothing is missing, also when the cheap look was wrong', async () => {
    const { stores } = await begin();
    const behind = [[record.tenantId], [], []];
    const missing = [[record], []];
    let refreshed = 0;

    const lines = await drain(
      {
        stores,
        behind: () => behind.shift() ?? [],
        missing: () => missing.shift() ?? [],
        refresh: async () => Promise.resolve(void (refreshed += 1)),
        withinMs: 10_000,
      },
      new AbortController().signal,
    );

    expect(lines).toEqual([]);
    expect([refreshed, missing]).toEqual([3, []]);
  });

  it('asks sources that wait for their next poll to look now', async () => {
    const { stores, simulation } = await begin();
    const before = simulation.stores.queue.messages().length;

    await drain(
      {
        stores,
        behind: () => (simulation.stores.queue.messages().length > before ? [] : [record.tenantId]),
        missing: () => [],
        refresh: async () => wait(0),
        withinMs: 10_000,
      },
      new AbortController().signal,
    );

    expect(simulation.stores.queue.messages().at(-1)?.entries).toMatchObject([{ tenantId: record.tenantId }]);
  });

  it('says what is missing and why when the time is up', async () => {
    const { stores } = await begin();

    const lines = await drain(
      {
        stores,
        behind: () => [record.tenantId],
        missing: () => [record, { ...record, id: 'id2' }],
        refresh: async () => wait(0),
        withinMs: -1,
      },
      new AbortController().signal,
    );

    expect(lines).toEqual([
      'Not everything arrived within 0 s:',
      '  calm: 2 records of 1 content blobs are missing.',
      expect.stringMatching(/^ {4}scripted\.feed: Collecting\. 1 of 1 content blobs .* Next run \d\d:\d\d:\d\d UTC\.$/),
    ]);
  });
});
