import type { Failure } from '../../src/domain/failure';
import { checkHistory } from '../support/history';
import { scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';
import { at, dayMs, hourMs, minuteMs, simulateFeed, told } from '../support/feedSimulation';

const missing: Failure = { kind: 'contentMissing', code: 'AF20050' };

describe('a listing that fails', () => {
  it('leaves the watermark before the window that failed, and is done again', async () => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('unlucky'));
    for (let hours = 0; hours < 160; hours += 3) source.add(scriptedUnit(`unit${hours}`, at(-hours * hourMs - 1_000), 1));
    source.listFailure = (page) =>
      page % 3 === 0 && simulation.clock.now() < at(2 * hourMs) ? { kind: 'unavailable', code: '503' } : undefined;

    await simulation.runFor(simulation.start(), 5 * hourMs);

    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    expect(simulation.stores.sourceRows.history.some(({ state }) => state.name === 'degraded')).toBe(true);
  });

  it('by ending before its end is not taken for complete', async () => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('unlucky'));
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
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
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
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
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
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
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

describe('a clock that is wrong', () => {
  it.each([-2 * hourMs, 2 * hourMs])('by %i ms does no harm when the offset is known', async (offset) => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('unlucky'));
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
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
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
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
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
    const { simulation, source } = simulateFeed(tenantNamed('unlucky'));
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
