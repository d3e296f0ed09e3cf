import type { SourceRow } from '../../src/domain/sourceState';
import fc from 'fast-check';
import { collectMessage } from '../../src/app/collect';
import { maintain } from '../../src/app/maintain';
import { handlePoison } from '../../src/app/poison';
import { queueMessage, rearm, scheduleNow, scheduleTick } from '../../src/app/schedule';
import { parseCollectMessage } from '../../src/app/collectMessage';
import type { CollectMessage } from '../../src/domain/schedule';
import { checkHistory } from '../support/history';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { Simulation } from '../support/simulation';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';
import { at, hourMs, minuteMs, simulateFeed, start } from '../support/feedSimulation';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const forever = new AbortController().signal;

const lastRow = ({ stores }: Simulation): SourceRow => {
  const row = stores.sourceRows.history.at(-1);
  if (row === undefined) throw new Error('no row');
  return row;
};

describe('two workers', () => {
  it('with the same message: one works, the other leaves', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
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
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
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
    const { simulation } = simulateFeed(tenantNamed('scheduled'));
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
        const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
        simulation.repairs = false;
        for (let index = 0; index < 12; index += 1) source.add(scriptedUnit(`unit${index}`, at((index - 4) * 9 * minuteMs), 3));
        const old: CollectMessage[] = [];
        let worker = simulation.start();
        for (const what of actions) {
          old.push(...simulation.stores.queue.messages());
          const row = lastRow(simulation);
          if (what === 'tick') await simulation.tick(worker);
          if (what === 'double')
            for (const message of simulation.stores.queue.messages()) await queueMessage(worker.ports, message, forever);
          if (what === 'lose') simulation.stores.queue.lose();
          if (what === 'old') for (const message of old.slice(-3)) await queueMessage(worker.ports, message, forever);
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
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'));
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
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'), { queueDepthLimit: 1 });
    const worker = simulation.start();
    await simulation.await(worker, scheduleTick(worker.ports, forever));

    await simulation.clock.advance(20 * minuteMs);
    const { queued } = (await simulation.await(worker, scheduleTick(worker.ports, forever))) ?? { queued: -1 };

    expect(queued).toBe(0);
    expect(worker.process.telemetry.named('queueFull')).toMatchObject([{ lane: 'feeds' }]);
    expect(source.listed).toEqual([]);
  });

  it('of what goes at the pace of limits may be full, and long overdue, and the feeds are queued all the same', async () => {
    const { simulation, source } = simulateFeed(tenantNamed('scheduled'), { queueDepthLimit: 2 });
    source.add(scriptedUnit('unit', at(-hourMs), 1));
    const worker = simulation.start();
    const tenantId = tenantNamed('scheduled').id;
    const paced = Array.from({ length: 1_200 }, (_, index) => ({
      ...{ shard: worker.ports.shardOf(tenantId), tenantId, ticket: 0, backlog: false },
      ...{ sourceId: `limited.source${index}`, dueAt: at(-hourMs) },
    }));
    await worker.ports.schedule.put(paced, forever);
    for (const entry of paced.slice(0, 2)) {
      const message: CollectMessage = { v: 1, entries: [{ ...entry, dueAt: entry.dueAt.toISOString() }] };
      await worker.ports.queue.send('paced', message, forever);
    }

    const { queued } = (await simulation.await(worker, scheduleTick(worker.ports, forever))) ?? { queued: -1 };

    expect(queued).toBe(1);
    expect(await worker.ports.queue.depth('feeds', forever)).toBe(1);
    expect(await worker.ports.queue.depth('paced', forever)).toBe(2);
    expect(worker.process.telemetry.named('queueFull')).toMatchObject([{ lane: 'paced' }]);
  });
});
