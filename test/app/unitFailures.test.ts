import type { Failure } from '../../src/domain/failure';
import { checkHistory } from '../support/history';
import { scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';
import { at, dayMs, hourMs, minuteMs, simulateFeed, told } from '../support/feedSimulation';

const missing: Failure = { kind: 'contentMissing', code: 'AF20050' };

describe('a unit that cannot be read', () => {
  it('rests, is tried again with growing waits, and is delivered when it heals', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    source.add(
      scriptedUnit('sick', at(-hourMs), 7, {
        failure: (_reads, now) => (now < at(3 * hourMs) ? missing : undefined),
        failAfter: 5,
      }),
      scriptedUnit('healthy', at(-hourMs), 2),
    );
    const worker = simulation.start();

    await simulation.runFor(worker, 20 * minuteMs);
    expect(simulation.stores.sink.records('m365-audit').map(({ id }) => id)).toEqual(['healthy#0', 'healthy#1']);
    expect(simulation.stores.sourceRows.history.at(-1)).toMatchObject({
      state: { name: 'degraded', failure: { code: 'unitsResting' } },
      pendingUnits: 1,
    });
    await simulation.runFor(worker, 4 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(source.reads.filter((id) => id === 'sick').length).toBeLessThan(16);
    expect(simulation.stores.coverage.allGaps()).toEqual([]);
    expect(simulation.stores.sourceRows.history.at(-1)?.state.name).toBe('collecting');
  });

  it('delivers a part before it fails, and is taken up after that part', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    const failure = (reads: number): Failure | undefined => (reads < 3 ? missing : undefined);
    source.add(scriptedUnit('torn', at(-hourMs), 40, { bytes: 300, failure, failAfter: 20 }));

    await simulation.runFor(simulation.start(), 2 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(simulation.stores.ledger.all()[0]).toMatchObject({ delivered: { records: 40 }, attempts: 3, state: 'done' });
  });

  it('is tried until Microsoft drops it, and then is a gap: recorded, counted and told', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    source.add(
      scriptedUnit('lost', at(-hourMs), 7, { failure: () => missing, expires: at(5 * hourMs) }),
      scriptedUnit('healthy', at(-hourMs), 2),
    );
    const worker = simulation.start();

    await simulation.runFor(worker, 4 * hourMs);
    expect(simulation.stores.coverage.allGaps()).toEqual([]);
    await simulation.runFor(worker, 3 * hourMs);

    expect(simulation.stores.coverage.allGaps()).toMatchObject([{ unitId: 'lost', from: at(-hourMs), to: at(5 * hourMs) }]);
    expect(told(simulation, 'Gap')).toMatchObject([{ unit: 'lost', source: source.id }]);
    expect(
      worker.process.telemetry.events.filter(({ name, severity }) => name === 'gapRecorded' && severity === 'error'),
    ).toHaveLength(1);
    expect(simulation.stores.sourceRows.history.at(-1)).toMatchObject({
      gapsTotal: 1,
      pendingUnits: 0,
      state: { name: 'collecting' },
    });
    expect(
      told(simulation, 'Coverage')
        .filter(({ hour }) => hour === '2026-11-22T09:00:00Z')
        .at(-1),
    ).toMatchObject({ unitsLost: 1, unitsDelivered: 1, complete: false });
    expect(checkHistory(simulation, source, { wanted: ({ id }) => id !== 'lost' })).toEqual([]);
  });

  it('because it has expired is a gap at once, and only it', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    source.add(
      scriptedUnit('expired', at(-hourMs), 7, { failure: () => ({ kind: 'contentExpired', code: 'AF20051' }) }),
      scriptedUnit('healthy', at(-hourMs), 2),
    );

    await simulation.runFor(simulation.start(), 5 * minuteMs);

    expect(simulation.stores.coverage.allGaps().map(({ unitId }) => unitId)).toEqual(['expired']);
    expect(checkHistory(simulation, source, { wanted: ({ id }) => id !== 'expired' })).toEqual([]);
  });

  it('by a fault of ours does not keep its neighbours from being delivered', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    source.add(
      scriptedUnit('poisonous', at(-hourMs), 7, { failure: () => new TypeError('bug') }),
      scriptedUnit('healthy', at(-hourMs), 2),
    );
    const worker = simulation.start();

    await simulation.runFor(worker, 5 * minuteMs);

    expect(simulation.stores.sink.records('m365-audit').map(({ id }) => id)).toEqual(['healthy#0', 'healthy#1']);
    expect(worker.process.telemetry.named('unitFault').length).toBeGreaterThan(0);
    expect(simulation.stores.ledger.all().find(({ unit }) => unit.id === 'poisonous')?.state).toBe('pending');
  });

  it('is tried again also when polling is disabled, whichever run it failed in', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    simulation.stores.tenants.put(tenantNamed('unlucky', { polling: { kind: 'disabled' } }));
    const failing = (times: number) => (reads: number) => (reads < times ? missing : undefined);
    source.add(
      scriptedUnit('twice', at(-hourMs), 2, { failure: failing(2) }),
      // Listed by the second run, it is due before the first one is due again.
      scriptedUnit('once', at(-hourMs), 2, { failure: failing(1), visibleFrom: at(25_000) }),
      scriptedUnit('often', at(-hourMs), 2, { failure: failing(5) }),
    );

    await simulation.runFor(simulation.start(), hourMs, 10_000);

    expect(checkHistory(simulation, source, { liveEntries: 0 })).toEqual([]);
  });

  it('rests as long as it has to although others are tried before', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    simulation.stores.tenants.put(tenantNamed('unlucky', { polling: { kind: 'disabled' } }));
    const failing = (times: number) => (reads: number) => (reads < times ? missing : undefined);
    source.add(
      scriptedUnit('twice', at(-hourMs), 2, { failure: failing(2) }),
      scriptedUnit('once', at(-hourMs), 2, { failure: failing(1), visibleFrom: at(25_000) }),
    );

    await simulation.runFor(simulation.start(), hourMs, 10_000);

    expect(source.reads).toEqual(['twice', 'twice', 'once', 'once', 'twice']);
    expect(checkHistory(simulation, source, { liveEntries: 0 })).toEqual([]);
  });

  it('is a gap also when it was left pending while the connector was down until long after it expired', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    source.add(scriptedUnit('left', at(-hourMs), 2, { failure: () => missing }), scriptedUnit('healthy', at(-hourMs), 2));
    const first = simulation.start((name, index) => (name === 'coverage.saveHours' && index > 8 ? 'dieBefore' : 'go'));
    await simulation.runFor(first, hourMs);
    const before = simulation.stores.ledger.all().find(({ unit }) => unit.id === 'left')?.state;

    await simulation.clock.advance(12 * dayMs);
    await simulation.runFor(simulation.start(), 3 * hourMs);

    expect(before).toBe('pending');
    expect(simulation.stores.ledger.all().map(({ state }) => state)).not.toContain('pending');
    expect(
      simulation.stores.coverage
        .allGaps()
        .map(({ unitId }) => unitId)
        .sort(),
    ).toEqual(['left', undefined]);
  });
});

describe('a unit that Microsoft describes in a way that cannot be used', () => {
  it('is a gap from the also when its time cannot be right', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
    const refused: Failure = { kind: 'refusedUrl', code: 'foreignHost', detail: 'the host is another' };
    source.add(scriptedUnit('foreign', at(-hourMs), 1, { refused }), scriptedUnit('undated', at(-hourMs), 3, { undated: true }));

    await simulation.runFor(simulation.start(), 5 * minuteMs);

    expect(simulation.stores.coverage.allGaps().map(({ unitId }) => unitId)).toEqual(['foreign']);
    expect(source.reads).toEqual(['undated']);
    expect(told(simulation, 'Coverage').filter(({ undated }) => undated === true)).toMatchObject([
      { unitsDelivered: 1, complete: true },
    ]);
    expect(checkHistory(simulation, source, { wanted: ({ id }) => id !== 'foreign' })).toEqual([]);
  });
});
