import { checkHistory } from '../support/history';
import { scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';
import { at, hourMs, minuteMs, simulateFeed, told } from '../support/feedSimulation';

describe('a hub that is busy', () => {
  it.each(['hubBusy', 'silence'] as const)('(%s) stops reading, holds little in memory, and loses nothing', async (kind) => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('unlucky'), { outboxBytes: 20_000, unitsInFlight: 3 });
    for (let index = 0; index < 40; index += 1)
      source.add(scriptedUnit(`unit${index}`, at(-index * hourMs - 1_000), 12, { bytes: 900 }));
    const until = at(6 * hourMs);
    const { sink } = simulation.stores;
    const now = (): Date => simulation.clock.now();
    if (kind === 'hubBusy')
      sink.fail = (hub) => (hub === source.hub && now() < until ? { kind: 'hubBusy', code: '50002' } : undefined);
    else
      sink.hold = async (hub, signal) =>
        hub === source.hub && now() < until ? simulation.clock.sleep(hourMs, signal).catch(() => undefined) : undefined;
    const worker = simulation.start();

    await simulation.runFor(worker, 2 * hourMs);
    const runs = worker.process.telemetry.named('runFinished').length;
    expect(new Set(source.reads).size).toBeLessThanOrEqual(8);
    expect(source.reads.length).toBeLessThanOrEqual(8 * (runs + 1));
    expect(simulation.stores.sourceRows.history.at(-1)?.state.failure?.kind).toBe('hubBusy');
    expect(simulation.stores.ledger.all()).toHaveLength(40);
    await simulation.runFor(worker, 10 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    expect(worker.errors).toEqual([]);
  });

  it('for a moment only is retried, and the records are sent once', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    source.add(scriptedUnit('unit', at(-hourMs), 30, { bytes: 900 }));
    simulation.stores.sink.fail = (hub, write) =>
      hub === source.hub && write % 2 === 1 ? { kind: 'hubBusy', code: '50002' } : undefined;

    await simulation.runFor(simulation.start(), 10 * minuteMs);

    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('counts what it took before it became busy', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'), { budgetMs: 60_000, unitsInFlight: 1 });
    simulation.stores.sink.limitBytes = (hub) => (hub === source.hub ? 14_000 : 250_000);
    const worker = simulation.start();
    await simulation.runFor(worker, 5 * minuteMs);
    for (let index = 0; index < 10; index += 1)
      source.add(scriptedUnit(`unit${index}`, at(6 * minuteMs + index), 12, { bytes: 900 }));
    let writes = 0;
    simulation.stores.sink.fail = (hub) => {
      const busy = hub === source.hub && (writes += 1) > 3 && simulation.clock.now() < at(hourMs);
      return busy ? { kind: 'hubBusy', code: '50002' } : undefined;
    };

    await simulation.runFor(worker, 10 * minuteMs);

    expect(simulation.stores.sink.records(source.hub).length).toBeGreaterThan(0);
    expect(checkHistory(simulation, source).filter((problem) => problem.startsWith('coverage'))).toEqual([]);
    expect(simulation.stores.sourceRows.history.at(-1)?.recordsTotal).toBe(simulation.stores.sink.records(source.hub).length);
    await simulation.runFor(worker, 3 * hourMs);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('for facts only does not stop the data; they are told later', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    source.add(
      scriptedUnit('expired', at(-hourMs), 7, { failure: () => ({ kind: 'contentExpired', code: 'AF20051' }) }),
      scriptedUnit('healthy', at(-hourMs), 2),
    );
    simulation.stores.sink.fail = (hub) =>
      hub === 'm365-operations' && simulation.clock.now() < at(2 * hourMs)
        ? { kind: 'hubRefused', code: 'denied', hub }
        : undefined;
    const worker = simulation.start();

    await simulation.runFor(worker, hourMs);
    expect(told(simulation, 'Gap')).toEqual([]);
    await simulation.runFor(worker, 2 * hourMs);

    expect(told(simulation, 'Gap')).toHaveLength(1);
    expect(told(simulation, 'StateChange').at(-1)).toMatchObject({ state: 'Collecting' });
    expect(checkHistory(simulation, source, { wanted: ({ id }) => id !== 'expired' })).toEqual([]);
  });
});
