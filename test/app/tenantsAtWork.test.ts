import type { Simulation } from '../support/simulation';
import type { SourceRow } from '../../src/domain/sourceState';
import { newSourceRow } from '../../src/domain/sourceState';
import { collectMessage } from '../../src/app/collect';
import { probeId } from '../../src/app/probe';
import { maintain } from '../../src/app/maintain';
import { scheduleNow, scheduleTick } from '../../src/app/schedule';
import type { Source } from '../../src/domain/source';
import type { Failure } from '../../src/domain/failure';
import { checkHistory } from '../support/history';
import { scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';
import { at, hourMs, minuteMs, simulateFeed, start } from '../support/feedSimulation';

const forever = new AbortController().signal;

const lastRow = ({ stores }: Simulation): SourceRow => {
  const row = stores.sourceRows.history.at(-1);
  if (row === undefined) throw new Error('no row');
  return row;
};

describe('polling', () => {
  it('that is disabled runs only on request', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('asking', { polling: { kind: 'disabled' } }));
    source.add(scriptedUnit('first', at(-hourMs), 1), scriptedUnit('second', at(minuteMs), 1));
    const worker = simulation.start();
    await simulation.runFor(worker, 5 * hourMs);
    const before = simulation.stores.sink.records(source.hub).map(({ id }) => id);

    await simulation.await(worker, scheduleNow(worker.ports, [lastRow(simulation)], forever));
    await simulation.runFor(worker, 5 * minuteMs);

    expect(before).toEqual(['first#0']);
    expect(checkHistory(simulation, source, { liveEntries: 0 })).toEqual([]);
  });

  it('that is disabled, and is asked for while a run is under way, runs again when that is over', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('asking', { polling: { kind: 'disabled' } }), { unitsInFlight: 1 });
    for (let index = 0; index < 3; index += 1)
      source.add(scriptedUnit(`slow${index}`, at(-(index + 1) * minuteMs), 1, { readMs: 45_000 }));
    const [worker, other] = [simulation.start(), simulation.start()];
    const asking = simulation.clock.sleep(60_000, forever).then(async () => {
      source.add(scriptedUnit('new', at(minuteMs), 1));
      const row = lastRow(simulation);
      expect(row.leaseOwner).toBeDefined();
      await scheduleNow(worker.ports, [row], forever);
      const received = simulation.stores.queue.receive(minuteMs);
      if (received === undefined) throw new Error('no message');
      await collectMessage(other.ports, received.message, forever);
      received.done();
    });

    await simulation.runFor(worker, 5 * minuteMs);
    await asking;

    expect(simulation.stores.sink.records(source.hub).map(({ id }) => id)).toContain('new#0');
    expect(checkHistory(simulation, source, { liveEntries: 0 })).toEqual([]);
  });

  it('keeps what was asked for during a run even if it is found at the very time it comes back at', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('asking', { polling: { kind: 'disabled' } }));
    source.add(scriptedUnit('slow', at(-minuteMs), 1, { readMs: 45_000 }));
    const [worker, other] = [simulation.start(), simulation.start()];
    const asking = simulation.clock.sleep(30_000, forever).then(async () => {
      const { tenantId, sourceId, epoch: ticket } = lastRow(simulation);
      const dueAt = new Date(simulation.clock.now().getTime() + 15_000);
      await worker.ports.schedule.put(
        [{ shard: worker.ports.shardOf(tenantId), dueAt, tenantId, sourceId, ticket, backlog: false }],
        forever,
      );
      const entries = [{ tenantId, sourceId, ticket, dueAt: dueAt.toISOString() }];
      await collectMessage(other.ports, { v: 1, entries }, forever);
      expect(simulation.stores.schedule.entries().filter((entry) => entry.ticket === ticket)).toMatchObject([{ dueAt }]);
    });

    await simulation.runFor(worker, 5 * minuteMs);
    await asking;

    expect(worker.process.telemetry.named('runFinished')).toHaveLength(2);
  });

  it('asks for a token anew with each run, so that what was mended is seen', async () => {
    const { simulation } = simulateFeed(tenantNamed('regular', { polling: { kind: 'every', seconds: 600 } }));
    const asked: string[] = [];
    const worker = simulation.start(undefined, { askAnew: (tenantId) => asked.push(tenantId) });

    await simulation.runFor(worker, hourMs);

    const runs = worker.process.telemetry.named('runFinished').length;
    expect(runs).toBeGreaterThanOrEqual(5);
    expect(asked).toEqual(Array.from({ length: runs }, () => tenantNamed('regular').id));
  });

  it('asks for a token anew with each probe', async () => {
    const tenant = tenantNamed('regular');
    const { simulation, source } = simulateFeed(tenant);
    const asked: string[] = [];
    const progress: Source['progress'] = { kind: 'snapshot', snapshotEverySeconds: 3_600 };
    const get = (target: Source, name: string | symbol): unknown => (name === 'progress' ? progress : Reflect.get(target, name));
    const probed = new Proxy<Source>(source, { get });
    const sources = new Map([[source.id, probed]]);
    const worker = simulation.start(undefined, { sources, askAnew: (tenantId) => asked.push(tenantId) });
    const entries = [{ tenantId: tenant.id, sourceId: probeId, ticket: 0, dueAt: start.toISOString() }];

    await simulation.await(worker, collectMessage(worker.ports, { v: 1, entries }, forever));

    expect(asked).toEqual([tenant.id]);
  });

  it('at a fixed interval keeps to it', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('regular', { polling: { kind: 'every', seconds: 600 } }));

    await simulation.runFor(simulation.start(), 3 * hourMs);

    expect(
      simulation.stores.sourceRows.history.filter(({ leaseOwner }) => leaseOwner === undefined).length,
    ).toBeGreaterThanOrEqual(17);
    expect(simulation.stores.sourceRows.history.filter(({ leaseOwner }) => leaseOwner === undefined).length).toBeLessThanOrEqual(
      20,
    );
    expect(checkHistory(simulation, source)).toEqual([]);
  });
});

describe('a tenant', () => {
  it('that is paused ends its run within seconds, is left alone, and back-fills when it is resumed', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'), { unitsInFlight: 1 });
    for (let index = 0; index < 30; index += 1)
      source.add(scriptedUnit(`unit${index}`, at(-(index + 1) * minuteMs), 2, { readMs: 10_000 }));
    const tenant = tenantNamed('scheduled');
    const worker = simulation.start();
    const pausing = simulation.clock
      .sleep(60_000, forever)
      .then(() => simulation.stores.tenants.put({ ...tenant, status: 'paused', epoch: 2 }));

    await simulation.runFor(worker, 3 * minuteMs);
    await pausing;
    const reads = source.reads.length;
    await simulation.runFor(worker, 3 * hourMs);
    const paused = lastRow(simulation);
    const entriesWhilePaused = simulation.stores.schedule.entries().length;
    simulation.stores.tenants.put({ ...tenant, epoch: 3 });
    await simulation.await(worker, scheduleNow(worker.ports, [paused], forever));
    await simulation.runFor(worker, hourMs);

    expect(reads).toBeLessThan(10);
    expect(paused.state.name).toBe('paused');
    expect(worker.process.telemetry.named('stateChanged').filter(({ state }) => state === 'paused')).toEqual([
      { tenant: tenant.id, source: source.id, state: 'paused', before: expect.any(String) as string },
    ]);
    expect(entriesWhilePaused).toBe(0);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('that is resumed before its run has noticed the pause is collected again at once', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'), { unitsInFlight: 1 });
    for (let index = 0; index < 12; index += 1)
      source.add(scriptedUnit(`unit${index}`, at(-(index + 1) * minuteMs), 2, { readMs: 20_000 }));
    const tenant = tenantNamed('scheduled');
    const worker = simulation.start();
    simulation.repairs = false;
    const resuming = simulation.clock.sleep(60_000, forever).then(async () => {
      simulation.stores.tenants.put({ ...tenant, status: 'paused', epoch: 2 });
      await simulation.clock.sleep(15_000, forever);
      simulation.stores.tenants.put({ ...tenant, epoch: 3 });
      await scheduleNow(worker.ports, [lastRow(simulation)], forever);
    });

    await simulation.runFor(worker, 15 * minuteMs);
    await resuming;

    expect(source.reads.length).toBeGreaterThanOrEqual(12);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('that is removed while it is collected stops, and leaves nothing on the schedule', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'), { unitsInFlight: 1 });
    for (let index = 0; index < 30; index += 1)
      source.add(scriptedUnit(`unit${index}`, at(-(index + 1) * minuteMs), 2, { readMs: 10_000 }));
    const { id } = tenantNamed('scheduled');
    const worker = simulation.start();
    const removing = simulation.clock.sleep(60_000, forever).then(async () => {
      await simulation.stores.tenants.remove(id, forever);
      await simulation.stores.sourceRows.remove(id, forever);
    });

    await simulation.runFor(worker, 3 * minuteMs);
    await removing;
    const reads = source.reads.length;
    await simulation.runFor(worker, 3 * hourMs);

    expect(reads).toBeLessThan(10);
    expect(source.reads).toHaveLength(reads);
    expect(simulation.stores.schedule.entries()).toEqual([]);
    expect(await simulation.stores.sourceRows.ofTenant(id, forever)).toEqual([]);
    expect(worker.errors).toEqual([]);
  });

  it('that is removed between being looked up and being collected gets no row', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
    const { id } = tenantNamed('scheduled');
    const worker = simulation.start();
    await simulation.await(worker, scheduleTick(worker.ports, forever));
    const [message] = simulation.stores.queue.messages();
    if (message === undefined) throw new Error('no message');
    const find = worker.ports.tenants.find;
    const removing: typeof find = async (wanted, signal) => {
      const found = await find(wanted, signal);
      await simulation.stores.tenants.remove(wanted, signal);
      await simulation.stores.sourceRows.remove(wanted, signal);
      return found;
    };
    const ports = { ...worker.ports, tenants: { ...worker.ports.tenants, find: removing } };

    await simulation.await(worker, collectMessage(ports, message, forever));

    expect(await simulation.stores.sourceRows.ofTenant(id, forever)).toEqual([]);
    expect(simulation.stores.schedule.entries()).toEqual([]);
    expect(source.listed).toEqual([]);
  });

  it('in a cloud without the source is told so, and looked at once a day', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('elsewhere', { cloud: 'china' }));

    await simulation.runFor(simulation.start(), 30 * hourMs);

    expect(lastRow(simulation).state.name).toBe('notAvailable');
    expect(source.listed).toEqual([]);
    expect(simulation.stores.schedule.entries()).toHaveLength(1);
    expect(simulation.stores.sink.records('m365-operations')).toHaveLength(1);
  });

  it('whose look-up fails does not keep others from being collected', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
    simulation.addTenant(tenantNamed('neighbour'));
    source.add(scriptedUnit('unit', at(-hourMs), 1));
    const worker = simulation.start();
    const find = worker.ports.tenants.find;
    const ports = {
      ...worker.ports,
      tenants: {
        ...worker.ports.tenants,
        find: async (id: string, signal: AbortSignal) =>
          id === tenantNamed('scheduled').id ? Promise.reject(new Error('bug')) : find(id, signal),
      },
    };
    await simulation.await(worker, scheduleTick(ports, forever));
    const messages = simulation.stores.queue.messages();

    const results = await simulation.clock.run(
      Promise.allSettled(messages.map(async (message) => collectMessage(ports, message, forever))),
    );

    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    expect(simulation.stores.sink.records(source.hub).map(({ tenantId }) => tenantId)).toEqual([tenantNamed('neighbour').id]);
  });
});

describe('maintain', () => {
  it('tells of each tenant that it is there: how it is polled, how it stands, and since when it had no run', async () => {
    const tenant = tenantNamed('scheduled');
    const { simulation, source } = simulateFeed(tenant);
    source.add(scriptedUnit('unit', at(-hourMs), 1));
    const worker = simulation.start();
    const inventory = async () => {
      await simulation.await(worker, maintain(worker.ports, forever));
      return worker.process.telemetry
        .named('tenantInventory')
        .filter((fields) => fields['tenant'] === tenant.id)
        .at(-1);
    };
    await simulation.runFor(worker, 5 * minuteMs);

    const collected = await inventory();
    simulation.stores.tenants.put({ ...tenant, status: 'paused', epoch: 2 });
    const paused = await inventory();
    simulation.stores.tenants.put({
      ...tenant,
      epoch: 3,
      integrations: tenant.integrations.map((chosen) => ({ ...chosen, polling: { kind: 'every', seconds: 7_200 } })),
    });
    const rare = await inventory();

    expect(collected).toMatchObject({ status: 'active', sources: 1, polled: 1, pending: 0, gaps: 0, silentAfterSeconds: 7_200 });
    expect(collected?.['secondsSinceRun']).toBeLessThan(300);
    expect(paused).toMatchObject({ status: 'paused' });
    expect(rare).toMatchObject({ silentAfterSeconds: 21_600 });
    await simulation.await(worker, simulation.clock.sleep(3 * hourMs, forever));
    expect((await inventory())?.['secondsSinceRun']).toBeGreaterThan(10_000);
    expect(worker.process.telemetry.named('maintained').at(-1)).toMatchObject({ tenants: 1 });
  });

  it('brings what lists show up to date, and forgets tenants that are gone', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
    source.add(scriptedUnit('unit', at(-hourMs), 3));
    const { sourceRows } = simulation.stores;
    const worker = simulation.start();
    const gone = await sourceRows.create(newSourceRow(tenantNamed('gone').id, source.id, simulation.clock.now()), forever);
    await simulation.runFor(worker, 5 * minuteMs);
    const shown = async () => Array.fromAsync(sourceRows.glances(forever));
    const right = await shown();

    sourceRows.loseGlances();
    await sourceRows.renewGlance(gone.tenantId, [gone], forever);
    await simulation.await(worker, maintain(worker.ports, forever));

    expect(right).toMatchObject([{ tenantId: tenantNamed('scheduled').id, sources: [{ recordsTotal: 3 }] }]);
    expect(await shown()).toEqual(right);
    expect(await sourceRows.ofTenant(gone.tenantId, forever)).toEqual([]);
    const renewals = () => worker.process.steps.filter((step) => step === 'sourceRows.renewGlance').length;
    const before = renewals();
    await simulation.await(worker, maintain(worker.ports, forever));
    expect([before > 0, renewals()]).toEqual([true, before]);
  });

  it('gives a source its row and its schedule entry back, and removes entries of tenants that are gone', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
    const worker = simulation.start();
    await simulation.runFor(worker, 5 * minuteMs);
    await simulation.stores.schedule.remove(simulation.stores.schedule.entries(), forever);
    simulation.stores.sourceRows.deleteRow(tenantNamed('scheduled').id, source.id);
    simulation.stores.sourceRows.history.length = 0;
    await simulation.stores.schedule.put(
      [{ shard: 0, dueAt: at(9 * hourMs), tenantId: tenantNamed('gone').id, sourceId: source.id, ticket: 4, backlog: false }],
      forever,
    );

    const done = await simulation.await(worker, maintain(worker.ports, forever));
    const again = await simulation.await(worker, maintain(worker.ports, forever));
    source.add(scriptedUnit('unit', at(10 * minuteMs), 1));
    await simulation.runFor(worker, hourMs);

    expect([done, again]).toEqual([
      { repaired: 1, removed: 1 },
      { repaired: 0, removed: 0 },
    ]);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('deletes rows of the ledger only when Microsoft no longer lists their day, and coverage stays', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
    source.add(scriptedUnit('old', at(-hourMs), 2), scriptedUnit('new', at(8 * 24 * hourMs), 2));
    const worker = simulation.start();
    await simulation.runFor(worker, 5 * minuteMs);
    const before = simulation.stores.coverage.allHours();

    await simulation.runFor(worker, 8 * 24 * hourMs, 10 * minuteMs);
    const kept = simulation.stores.ledger.all().map(({ unit }) => unit.id);
    await simulation.runFor(worker, 2 * 24 * hourMs, 10 * minuteMs);

    expect(kept).toContain('old');
    expect(simulation.stores.ledger.all().map(({ unit }) => unit.id)).toEqual(['new']);
    expect(simulation.stores.coverage.allHours()).toEqual(expect.arrayContaining(before));
    expect(simulation.stores.sink.records(source.hub)).toHaveLength(4);
  }, 20_000);

  it('keeps the rows of a day together while one of its units is pending, so that its hours stay true', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
    const stuck = (_reads: number, now: Date): Failure | undefined =>
      now < at(11 * 24 * hourMs) ? { kind: 'contentMissing', code: 'AF20050' } : undefined;
    source.add(
      scriptedUnit('done', at(-hourMs), 2),
      scriptedUnit('stuck', at(-hourMs), 3, { failure: stuck, expires: at(13 * 24 * hourMs) }),
    );

    await simulation.runFor(simulation.start(), 11.5 * 24 * hourMs, 30 * minuteMs);

    expect(simulation.stores.coverage.allHours()).toMatchObject([{ hour: '2026-11-22T09', listed: 2, delivered: 2, records: 5 }]);
  }, 20_000);
});
