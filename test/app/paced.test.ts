import { collectMessage } from '../../src/app/collect';
import { RunLimits } from '../../src/app/runLimits';
import { scheduleTick } from '../../src/app/schedule';
import { kindsOfSources } from '../support/graphScenario';
import { ScriptedGraph } from '../support/scriptedGraph';
import { tenantNamed } from '../support/simulatedTenant';
import { Simulation } from '../support/simulation';
import type { Worker } from '../support/simulation';
import { VirtualClock } from '../support/virtualClock';

const hourMs = 3_600_000;
const start = new Date('2026-11-22T10:07:31Z');
const forever = new AbortController().signal;
const sources = Object.values(kindsOfSources);
const things = 30;

/** A tenant whose Graph takes its time for every answer, as it does when its limits are used up. */
function slowGraph(answerMs: number): { readonly simulation: Simulation; readonly worker: Worker } {
  const clock = new VirtualClock(start);
  const graph = new ScriptedGraph(clock);
  for (let index = 0; index < things; index += 1) graph.put(`thing${index}`, new Date(start.getTime() - index * hourMs));
  const simulation = new Simulation(clock, sources, { budgetMs: 300_000 });
  simulation.addTenant(tenantNamed('slow', { integrations: [{ id: 'entraId', polling: { kind: 'adaptive' } }] }));
  const worker = simulation.start(undefined, {
    send: async (tenant, request, signal) => {
      await clock.sleep(answerMs, signal);
      return graph.send(tenant, request, signal);
    },
  });
  return { simulation, worker };
}

function sentOf({ stores }: Simulation): string[] {
  const records = stores.sink.recordsByBatch('m365-entities').flat();
  return records.flatMap(({ id, category }) => (category === 'MicrosoftGraph.Thing' ? [id.replace(/\/.*/, '')] : []));
}

describe('sources that wait for room in limits', () => {
  it('give their place to others after a while, and go on together in one message', async () => {
    const { simulation, worker } = slowGraph(9_000);
    await simulation.await(worker, scheduleTick(worker.ports, forever));
    const received = simulation.stores.queue.receive(600_000);
    if (received === undefined) throw new Error('no message');
    const began = simulation.clock.now().getTime();

    await simulation.await(worker, collectMessage(worker.ports, received.message, forever));
    received.done();

    expect(received.message.entries).toHaveLength(3);
    expect(simulation.clock.now().getTime() - began).toBeLessThan(90_000);
    const [left, ...others] = simulation.stores.queue.messages();
    expect(left?.entries.map(({ sourceId }) => sourceId).sort()).toEqual(sources.map(({ id }) => id).sort());
    expect(others).toEqual([]);
    expect(await worker.ports.queue.depth('paced', forever)).toBe(1);
  });

  it.each([9_000, 50_000, 110_000])('are read to their end, when an answer takes %i ms', async (answerMs) => {
    const { simulation, worker } = slowGraph(answerMs);

    await simulation.runFor(worker, 3 * hourMs);

    const sent = sentOf(simulation);
    const counts = Map.groupBy(sent, (id) => id);
    expect(counts.size).toBe(things);
    expect(worker.errors).toEqual([]);
    expect(simulation.stores.sourceRows.history.filter(({ unclean }) => !unclean).length).toBeGreaterThan(2);
  });
});

describe('the end of a run', () => {
  const limitsOf = (clock: VirtualClock, isUseful: () => boolean): RunLimits =>
    new RunLimits(clock, forever, { budgetMs: 20_000, graceMs: 5_000, longestMs: 300_000, isUseful });

  it('comes when the time is up and something of it is durable', async () => {
    const clock = new VirtualClock(start);
    const limits = limitsOf(clock, () => clock.now().getTime() >= start.getTime() + 72_000);

    await clock.advance(71_000);
    expect(limits.soft.aborted).toBe(false);
    await clock.advance(2_000);
    expect(limits.soft.aborted).toBe(true);

    await limits.end();
    expect(clock.sleepers).toBe(0);
  });

  it('comes at the latest when the longest time is over, and leaves nothing behind when it comes earlier', async () => {
    const clock = new VirtualClock(start);
    const [stuck, short] = [limitsOf(clock, () => false), limitsOf(clock, () => false)];

    await clock.advance(30_000);
    await short.end();
    await clock.advance(269_000);
    expect(stuck.soft.aborted).toBe(false);
    await clock.advance(2_000);

    expect(stuck.soft.aborted).toBe(true);
    await stuck.end();
    expect(clock.sleepers).toBe(0);
  });
});
