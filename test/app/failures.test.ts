import type { CollectOptions } from '../../src/app/collectPorts';
import type { Failure } from '../../src/domain/failure';
import { checkHistory, watchWatermark } from '../support/history';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { Simulation } from '../support/simulation';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

const start = new Date('2026-11-22T10:07:31Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const at = (ms: number): Date => new Date(start.getTime() + ms);
const missing: Failure = { kind: 'contentMissing', code: 'AF20050' };

function simulate(options: Partial<CollectOptions> = {}): {
  simulation: Simulation;
  source: ScriptedSource;
  watermarks: string[];
} {
  const clock = new VirtualClock(start);
  const source = new ScriptedSource(clock);
  const simulation = new Simulation(clock, [source], options);
  simulation.addTenant(tenantNamed('unlucky'));
  return { simulation, source, watermarks: watchWatermark(simulation, source) };
}

/** What the operations hub was told, of one category. */
function told(simulation: Simulation, category: string): Record<string, unknown>[] {
  const all = simulation.stores.sink
    .records('m365-operations')
    .filter((record) => record.category === `M365Connector.${category}`);
  return all.map(({ properties }) => properties as Record<string, unknown>);
}

describe('a unit that cannot be read', () => {
  it('rests, is tried again with growing waits, and is delivered when it heals', async () => {
    const { simulation, source } = simulate();
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
    const { simulation, source } = simulate();
    const failure = (reads: number): Failure | undefined => (reads < 3 ? missing : undefined);
    source.add(scriptedUnit('torn', at(-hourMs), 40, { bytes: 300, failure, failAfter: 20 }));

    await simulation.runFor(simulation.start(), 2 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(simulation.stores.ledger.all()[0]).toMatchObject({ delivered: { records: 40 }, attempts: 3, state: 'done' });
  });

  it('is tried until Microsoft drops it, and then is a gap: recorded, counted and told', async () => {
    const { simulation, source } = simulate();
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
    const { simulation, source } = simulate();
    source.add(
      scriptedUnit('expired', at(-hourMs), 7, { failure: () => ({ kind: 'contentExpired', code: 'AF20051' }) }),
      scriptedUnit('healthy', at(-hourMs), 2),
    );

    await simulation.runFor(simulation.start(), 5 * minuteMs);

    expect(simulation.stores.coverage.allGaps().map(({ unitId }) => unitId)).toEqual(['expired']);
    expect(checkHistory(simulation, source, { wanted: ({ id }) => id !== 'expired' })).toEqual([]);
  });

  it('by a fault of ours does not keep its neighbours from being delivered', async () => {
    const { simulation, source } = simulate();
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
    const { simulation, source } = simulate();
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
    const { simulation, source } = simulate();
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
    const { simulation, source } = simulate();
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
  it('is a gap from the start, also when its time cannot be right', async () => {
    const { simulation, source } = simulate();
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

describe('a listing that fails', () => {
  it('leaves the watermark before the window that failed, and is done again', async () => {
    const { simulation, source, watermarks } = simulate();
    for (let hours = 0; hours < 160; hours += 3) source.add(scriptedUnit(`unit${hours}`, at(-hours * hourMs - 1_000), 1));
    source.listFailure = (page) =>
      page % 3 === 0 && simulation.clock.now() < at(2 * hourMs) ? { kind: 'unavailable', code: '503' } : undefined;

    await simulation.runFor(simulation.start(), 5 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    expect(simulation.stores.sourceRows.history.some(({ state }) => state.name === 'degraded')).toBe(true);
  });

  it('by ending before its end is not taken for complete', async () => {
    const { simulation, source, watermarks } = simulate();
    for (let index = 0; index < 10; index += 1) source.add(scriptedUnit(`unit${index}`, at(-index * minuteMs - 1_000), 1));
    source.alter = (listing) => (simulation.clock.now() > at(hourMs) ? listing : { units: listing.units });
    const worker = simulation.start();

    await simulation.runFor(worker, 30 * minuteMs);
    expect(simulation.stores.sourceRows.history.at(-1)?.cursor.listedTo).toBeUndefined();
    expect(simulation.stores.sourceRows.history.at(-1)?.failedRuns).toBeGreaterThan(2);
    await simulation.runFor(worker, 2 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
  });

  it('for want of consent says so, looks again more and more seldom, and starts by itself', async () => {
    const { simulation, source } = simulate();
    source.add(scriptedUnit('waiting', at(-hourMs), 2));
    source.prepareFailure = () =>
      simulation.clock.now() < at(5 * hourMs) ? { kind: 'consentMissing', code: 'AADSTS65001' } : undefined;
    const worker = simulation.start();

    await simulation.runFor(worker, 4 * hourMs);
    expect(simulation.stores.sourceRows.history.at(-1)?.state).toMatchObject({
      name: 'needsAttention',
      failure: { code: 'AADSTS65001' },
    });
    expect(worker.process.telemetry.named('runFinished').length).toBeLessThan(9);
    await simulation.runFor(worker, 3 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(told(simulation, 'StateChange').map(({ state }) => state)).toEqual(['Needs attention', 'Collecting']);
  });
});

describe('a span that can no longer be listed', () => {
  it('is a gap, told once, and its hours are not called complete', async () => {
    const { simulation, source } = simulate();
    source.add(
      scriptedUnit('before', at(-hourMs), 2),
      scriptedUnit('lost', at(2 * hourMs), 2),
      scriptedUnit('after', at(9 * dayMs - hourMs), 2),
    );
    await simulation.runFor(simulation.start(), 10 * minuteMs);
    const listedTo = simulation.stores.sourceRows.history.at(-1)?.cursor.listedTo;
    await simulation.clock.advance(9 * dayMs);
    const downUntil = simulation.clock.now();

    await simulation.runFor(simulation.start(), 5 * hourMs);

    const oldest = new Date(downUntil.getTime() - 7 * dayMs + 5 * minuteMs);
    expect(simulation.stores.coverage.allGaps()).toMatchObject([
      { from: new Date(listedTo ?? ''), to: oldest, cause: 'notListedInTime' },
    ]);
    expect(told(simulation, 'Gap')).toHaveLength(1);
    const coverage = told(simulation, 'Coverage');
    for (const hour of ['2026-11-22T11:00:00Z', '2026-11-24T09:00:00Z'])
      expect(coverage.filter((one) => one['hour'] === hour)).toMatchObject([{ complete: false }]);
    expect(coverage.filter((one) => one['hour'] === '2026-11-25T09:00:00Z')).toMatchObject([{ complete: true, unitsListed: 0 }]);
    expect(checkHistory(simulation, source, { wanted: ({ id }) => id !== 'lost' })).toEqual([]);
  });

  it('grows while listing fails, without anything being told twice', async () => {
    const { simulation, source } = simulate();
    await simulation.runFor(simulation.start(), 10 * minuteMs);
    await simulation.clock.advance(9 * dayMs);
    source.listFailure = () =>
      simulation.clock.now() < at(9 * dayMs + 2 * hourMs) ? { kind: 'unavailable', code: '503' } : undefined;

    await simulation.runFor(simulation.start(), 5 * hourMs);

    const gaps = simulation.stores.coverage.allGaps().sort((a, b) => a.from.getTime() - b.from.getTime());
    expect(gaps.length).toBeGreaterThan(1);
    gaps.slice(1).forEach((gap, index) => expect(gap.from).toEqual(gaps[index]?.to));
    expect(checkHistory(simulation, source)).toEqual([]);
  });
});

describe('a hub that is busy', () => {
  it.each(['hubBusy', 'silence'] as const)('(%s) stops reading, holds little in memory, and loses nothing', async (kind) => {
    const { simulation, source, watermarks } = simulate({ outboxBytes: 20_000, unitsInFlight: 3 });
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
    const { simulation, source } = simulate();
    source.add(scriptedUnit('unit', at(-hourMs), 30, { bytes: 900 }));
    simulation.stores.sink.fail = (hub, write) =>
      hub === source.hub && write % 2 === 1 ? { kind: 'hubBusy', code: '50002' } : undefined;

    await simulation.runFor(simulation.start(), 10 * minuteMs);

    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('counts what it took before it became busy', async () => {
    const { simulation, source } = simulate({ budgetMs: 60_000, unitsInFlight: 1 });
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
    const { simulation, source } = simulate();
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

describe('a clock that is wrong', () => {
  it.each([-2 * hourMs, 2 * hourMs])('by %i ms does no harm when the offset is known', async (offset) => {
    const { simulation, source, watermarks } = simulate();
    source.add(scriptedUnit('old', new Date(at(offset).getTime() - 6 * dayMs), 2), scriptedUnit('new', at(offset - minuteMs), 2));
    // What Microsoft's clock says is what the source sees; ours is behind or ahead of it by the offset.
    const worker = simulation.start(undefined, { clockOffsetMs: () => offset });

    await simulation.runFor(worker, 3 * hourMs);

    expect(worker.process.telemetry.named('runFinished').every(({ failure }) => failure === undefined)).toBe(true);
    expect(new Set(simulation.stores.sink.records(source.hub).map(({ id }) => id)).size).toBe(4);
    expect(watermarks).toEqual([]);
    // The week is listed again once a day, not with every run.
    expect(source.listed.filter(({ from }) => from.getTime() < at(offset).getTime() - 5 * dayMs).length).toBeLessThan(4);
  });
});

describe('a row that was lost or spoilt', () => {
  it('deleted: everything is listed again, nothing is sent again, and what was pending is found', async () => {
    const { simulation, source } = simulate();
    source.add(
      scriptedUnit('sick', at(-hourMs), 2, { failure: (_reads, now) => (now < at(hourMs) ? missing : undefined) }),
      scriptedUnit('healthy', at(-dayMs), 2),
    );
    await simulation.runFor(simulation.start(), 30 * minuteMs);

    simulation.stores.sourceRows.deleteRow(tenantNamed('unlucky').id, source.id);
    simulation.stores.sourceRows.history.length = 0;
    await simulation.runFor(simulation.start(), 3 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('deleted: also a pending unit that is no longer listed is found', async () => {
    const { simulation, source } = simulate();
    const failure = (_reads: number, now: Date): Failure | undefined => (now < at(2 * hourMs) ? missing : undefined);
    source.add(scriptedUnit('aged', at(-7 * dayMs + 20 * minuteMs), 2, { failure, expires: at(dayMs) }));
    await simulation.runFor(simulation.start(), 10 * minuteMs);
    await simulation.clock.advance(hourMs);

    simulation.stores.sourceRows.deleteRow(tenantNamed('unlucky').id, source.id);
    simulation.stores.sourceRows.history.length = 0;
    await simulation.runFor(simulation.start(), 4 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('with a watermark in the future: it is refused, told, and everything is listed again', async () => {
    const { simulation, source } = simulate();
    const worker = simulation.start();
    await simulation.runFor(worker, 5 * minuteMs);
    const row = await simulation.stores.sourceRows.find(tenantNamed('unlucky').id, source.id, new AbortController().signal);
    if (row === undefined) throw new Error('no row');
    await simulation.stores.sourceRows.save(
      { ...row, cursor: { ...row.cursor, listedTo: at(400 * dayMs).toISOString() } },
      new AbortController().signal,
    );
    simulation.stores.sourceRows.history.length = 0;
    source.add(scriptedUnit('meanwhile', at(-dayMs), 2), scriptedUnit('next', at(20 * minuteMs), 2));

    await simulation.runFor(worker, hourMs);

    expect(worker.process.telemetry.named('watermarkRefused')).toHaveLength(1);
    expect(simulation.stores.sink.records(source.hub)).toHaveLength(4);
  });
});
