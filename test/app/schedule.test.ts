import fc from 'fast-check';
import { collectMessage } from '../../src/app/collect';
import type { CollectOptions } from '../../src/app/collectPorts';
import { maintain } from '../../src/app/maintain';
import { handlePoison } from '../../src/app/poison';
import { rearm, scheduleNow, scheduleTick } from '../../src/app/schedule';
import { parseCollectMessage } from '../../src/app/collectMessage';
import type { CollectMessage } from '../../src/domain/schedule';
import type { SourceRow } from '../../src/domain/sourceState';
import { checkHistory } from '../support/history';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { Simulation } from '../support/simulation';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const start = new Date('2026-11-22T10:07:31Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const at = (ms: number): Date => new Date(start.getTime() + ms);
const forever = new AbortController().signal;

function simulate(
  options: Partial<CollectOptions> = {},
  tenant = tenantNamed('scheduled'),
): { simulation: Simulation; source: ScriptedSource } {
  const clock = new VirtualClock(start);
  const source = new ScriptedSource(clock);
  const simulation = new Simulation(clock, [source], options);
  simulation.addTenant(tenant);
  return { simulation, source };
}

const lastRow = ({ stores }: Simulation): SourceRow => {
  const row = stores.sourceRows.history.at(-1);
  if (row === undefined) throw new Error('no row');
  return row;
};

describe('two workers', () => {
  it('with the same message: one works, the other leaves', async () => {
    const { simulation, source } = simulate();
    source.add(scriptedUnit('unit', at(-hourMs), 20, { readMs: 30_000 }));
    const [one, other] = [simulation.start(), simulation.start()];
    await simulation.await(one, scheduleTick(one.ports, forever));
    const [message] = simulation.stores.queue.messages();
    simulation.stores.queue.lose();
    if (message === undefined) throw new Error('no message');

    await simulation.clock.run(
      Promise.all([collectMessage(one.ports, message, forever), collectMessage(other.ports, message, forever)]),
    );
    await simulation.runFor(one, 30 * minuteMs);

    expect([one, other].map(({ process }) => process.telemetry.named('runFinished').length).sort()[0]).toBe(0);
    expect(source.reads).toEqual(['unit']);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('with a message that comes again while it is worked on: the other leaves at once', async () => {
    const { simulation, source } = simulate();
    source.add(scriptedUnit('unit', at(-hourMs), 20, { readMs: 30_000 }));
    const [one, other] = [simulation.start(), simulation.start()];
    await simulation.await(one, scheduleTick(one.ports, forever));
    const [message] = simulation.stores.queue.messages();
    simulation.stores.queue.lose();
    if (message === undefined) throw new Error('no message');
    const again = simulation.clock.sleep(10_000, forever).then(async () => collectMessage(other.ports, message, forever));

    await simulation.clock.run(Promise.all([collectMessage(one.ports, message, forever), again]));

    expect([one, other].map(({ process }) => process.telemetry.named('runFinished').length)).toEqual([1, 0]);
    expect(other.process.steps).toEqual([]);
    expect(source.reads).toEqual(['unit']);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('with the same tick: an entry is queued once', async () => {
    const { simulation } = simulate();
    const [one, other] = [simulation.start(), simulation.start()];

    const ticks = await simulation.clock.run(Promise.all([scheduleTick(one.ports, forever), scheduleTick(other.ports, forever)]));

    expect(ticks.map(({ queued }) => queued).sort()).toEqual([0, 1]);
    expect(simulation.stores.queue.messages()).toHaveLength(1);
  });
});

describe('a message', () => {
  it('that is stale, doubled or lost changes nothing in the end', async () => {
    const action = fc.constantFrom('tick', 'double', 'lose', 'old', 'die', 'minute', 'now', 'rearm', 'maintain');
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 14 }), fc.nat(12), async (actions, dieAt) => {
        const { simulation, source } = simulate();
        simulation.repairs = false;
        for (let index = 0; index < 12; index += 1) source.add(scriptedUnit(`unit${index}`, at((index - 4) * 9 * minuteMs), 3));
        const old: CollectMessage[] = [];
        let worker = simulation.start();
        for (const what of actions) {
          old.push(...simulation.stores.queue.messages());
          const row = lastRow(simulation);
          if (what === 'tick') await simulation.tick(worker);
          if (what === 'double')
            for (const message of simulation.stores.queue.messages()) await simulation.stores.queue.send(message, 0, forever);
          if (what === 'lose') simulation.stores.queue.lose();
          if (what === 'old') for (const message of old.slice(-3)) await simulation.stores.queue.send(message, 0, forever);
          if (what === 'die') {
            worker = simulation.start((_name, index) => (index === dieAt ? 'dieBefore' : 'go'));
            await simulation.tick(worker);
            worker = simulation.start();
          }
          if (what === 'now') await simulation.await(worker, scheduleNow(worker.ports, [row], forever));
          if (what === 'rearm') {
            const entry = { tenantId: row.tenantId, sourceId: row.sourceId, ticket: 0, dueAt: start.toISOString() };
            await simulation.await(worker, rearm(worker.ports, [entry], 1_000, forever));
          }
          if (what === 'maintain') await simulation.await(worker, maintain(worker.ports, forever));
          await simulation.clock.advance(minuteMs);
        }
        await simulation.runFor(simulation.start(), 2 * hourMs);

        expect(checkHistory(simulation, source, { repeatedWrites: actions.filter((what) => what === 'die').length })).toEqual([]);
        const stale = simulation.stores.schedule.entries().length;
        expect(stale).toBe(1);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it('with more sources than the budget allows puts the rest back on the queue', async () => {
    const clock = new VirtualClock(start);
    const sources = Array.from({ length: 6 }, (_, index) => new ScriptedSource(clock, `scripted.feed${index}`));
    const simulation = new Simulation(clock, sources, { budgetMs: 60_000, sourcesAtOnce: 2 });
    simulation.addTenant(tenantNamed('wide'));
    for (const source of sources)
      for (let index = 0; index < 4; index += 1)
        source.add(scriptedUnit(`${source.id}.${index}`, at(-(index + 1) * minuteMs), 2, { readMs: 50_000 }));
    const worker = simulation.start();
    await simulation.await(worker, scheduleTick(worker.ports, forever));
    const received = simulation.stores.queue.receive(600_000);
    if (received === undefined) throw new Error('no message');

    const began = clock.now().getTime();
    await simulation.await(worker, collectMessage(worker.ports, received.message, forever));
    received.done();

    expect(received.message.entries).toHaveLength(6);
    expect(clock.now().getTime() - began).toBeLessThan(90_000);
    expect(simulation.stores.queue.messages().flatMap(({ entries }) => entries).length).toBe(4);
    await simulation.runFor(worker, hourMs);
    for (const source of sources) expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('that is not ours is refused with a reason that does not repeat it', () => {
    const good = {
      v: 1,
      entries: [
        { tenantId: tenantNamed('x').id.toUpperCase(), sourceId: 'activity.exchange', ticket: 3, dueAt: start.toISOString() },
      ],
    };
    const wrong = [
      null,
      'text',
      {},
      { ...good, v: 2 },
      { ...good, url: 'https://evil.example' },
      { v: 1, entries: [] },
      { v: 1, entries: [{ ...good.entries[0], tenantId: 'evil' }] },
    ];

    expect(parseCollectMessage(good)).toMatchObject({ message: { entries: [{ tenantId: tenantNamed('x').id }] } });
    for (const message of wrong) {
      const parsed = parseCollectMessage(message);
      expect(parsed).toHaveProperty('cause');
      expect(JSON.stringify(parsed)).not.toContain('evil');
    }
  });

  it('that failed too often is recorded, and its sources are armed again', async () => {
    const { simulation, source } = simulate();
    source.add(scriptedUnit('unit', at(-hourMs), 1));
    const worker = simulation.start();
    await simulation.await(worker, scheduleTick(worker.ports, forever));
    const [message] = simulation.stores.queue.messages();
    simulation.stores.queue.lose();

    await simulation.await(worker, handlePoison(worker.ports, simulation.stores.poison, message, forever));
    await simulation.await(worker, handlePoison(worker.ports, simulation.stores.poison, 'bm90IG91cnM=', forever));

    expect(simulation.stores.poison.recorded.map(({ entries }) => entries.length)).toEqual([1, 0]);
    expect(worker.process.telemetry.named('poisonMessage')).toHaveLength(2);
    await simulation.runFor(worker, 20 * minuteMs);
    expect(simulation.stores.sink.records(source.hub)).toHaveLength(1);
    await simulation.runFor(worker, hourMs);
    expect(checkHistory(simulation, source)).toEqual([]);
  });
});

describe('the queue', () => {
  it('that is full is not filled further', async () => {
    const { simulation, source } = simulate({ queueDepthLimit: 1 });
    const worker = simulation.start();
    await simulation.await(worker, scheduleTick(worker.ports, forever));

    await simulation.clock.advance(20 * minuteMs);
    const { queued } = (await simulation.await(worker, scheduleTick(worker.ports, forever))) ?? { queued: -1 };

    expect(queued).toBe(0);
    expect(worker.process.telemetry.named('queueFull')).toHaveLength(1);
    expect(source.listed).toEqual([]);
  });
});

describe('polling', () => {
  it('that is disabled runs only on request', async () => {
    const { simulation, source } = simulate({}, tenantNamed('asking', { polling: { kind: 'disabled' } }));
    source.add(scriptedUnit('first', at(-hourMs), 1), scriptedUnit('second', at(minuteMs), 1));
    const worker = simulation.start();
    await simulation.runFor(worker, 5 * hourMs);
    const before = simulation.stores.sink.records(source.hub).map(({ id }) => id);

    await simulation.await(worker, scheduleNow(worker.ports, [lastRow(simulation)], forever));
    await simulation.runFor(worker, 5 * minuteMs);

    expect(before).toEqual(['first#0']);
    expect(checkHistory(simulation, source, { liveEntries: 0 })).toEqual([]);
  });

  it('at a fixed interval keeps to it', async () => {
    const { simulation, source } = simulate({}, tenantNamed('regular', { polling: { kind: 'every', seconds: 600 } }));

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
    const { simulation, source } = simulate({ unitsInFlight: 1 });
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
    expect(entriesWhilePaused).toBe(0);
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('that is removed while it is collected stops, and leaves nothing on the schedule', async () => {
    const { simulation, source } = simulate({ unitsInFlight: 1 });
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
    const { simulation, source } = simulate();
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
    const { simulation, source } = simulate({}, tenantNamed('elsewhere', { cloud: 'china' }));

    await simulation.runFor(simulation.start(), 30 * hourMs);

    expect(lastRow(simulation).state.name).toBe('notAvailable');
    expect(source.listed).toEqual([]);
    expect(simulation.stores.schedule.entries()).toHaveLength(1);
    expect(simulation.stores.sink.records('m365-operations')).toHaveLength(1);
  });

  it('whose look-up fails does not keep others from being collected', async () => {
    const { simulation, source } = simulate();
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
  it('gives a source its row and its schedule entry back, and removes entries of tenants that are gone', async () => {
    const { simulation, source } = simulate();
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
    const { simulation, source } = simulate();
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
});
