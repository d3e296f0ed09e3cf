import type { Source } from '../../src/domain/source';
import { graphDelta } from '../../src/microsoft/graphDelta';
import { graphSnapshot } from '../../src/microsoft/graphSnapshot';
import { graphWindow } from '../../src/microsoft/graphWindow';
import type { ReceivedRecord } from './memorySink';
import { ScriptedGraph } from './scriptedGraph';
import type { Plan } from './simulatedProcess';
import { tenantNamed } from './simulatedTenant';
import { isExpected, Simulation } from './simulation';
import type { Worker } from './simulation';
import { VirtualClock } from './virtualClock';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const start = new Date('2026-11-22T10:07:31Z');
const at = (ms: number): Date => new Date(start.getTime() + ms);

const facts = {
  title: 'Things',
  docs: 'https://learn.microsoft.com/graph/things',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'Thing.Read.All', why: 'Reads things.' }],
  anyLicenceOf: [],
  clouds: ['commercial'],
  category: 'MicrosoftGraph.Thing',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 60,
  pageSizes: [50, 10],
  limits: ['directory'],
} as const;

/** One source for each way of progress, over the same things. */
export const kindsOfSources = {
  timeWindow: graphWindow({
    ...facts,
    id: 'graph.thingWindows',
    path: '/things',
    filterBy: 'changedDateTime',
    versionField: 'changedDateTime',
    time: 'changedDateTime',
    backfillDays: 2,
    maxWindowHours: 24,
  }),
  delta: graphDelta({ ...facts, id: 'graph.thingDelta', path: '/things/delta', snapshotEverySeconds: 86_400 }),
  snapshot: graphSnapshot({ ...facts, id: 'graph.thingList', path: '/things', snapshotEverySeconds: 1_200 }),
} as const satisfies Record<string, Source>;

/** A first run over what is there, and what changes, goes and comes late after it. */
export class GraphScenario {
  readonly simulation: Simulation;
  readonly graph: ScriptedGraph;
  readonly source: Source;

  constructor(kind: keyof typeof kindsOfSources) {
    const clock = new VirtualClock(start);
    this.source = kindsOfSources[kind];
    this.graph = new ScriptedGraph(clock);
    this.simulation = new Simulation(clock, [this.source], { outboxBytes: 6_000 });
    this.simulation.repairs = false;
    this.simulation.stores.sink.limitBytes = (hub) => (hub === this.source.hub ? 14_000 : 250_000);
    const { graph } = this;
    for (let index = 0; index < 8; index += 1) graph.put(`old${index}`, at(-(index + 1) * hourMs));
    graph
      .put('changing', at(-2 * hourMs))
      .put('changing', at(45_000))
      .put('changing', at(4 * minuteMs));
    graph.put('late', at(-20 * minuteMs), { lateMs: 21 * minuteMs });
    graph.put('leaving', at(-3 * hourMs)).put('leaving', at(70_000), { removed: true });
    for (let index = 0; index < 5; index += 1) graph.put(`new${index}`, at(20_000 + index * 30_000));
    this.simulation.addTenant(tenantNamed('crashing', { integrations: [{ id: 'entraId', polling: { kind: 'adaptive' } }] }));
  }

  #start(plan?: Plan): Worker {
    return this.simulation.start(plan, { send: this.graph.send });
  }

  /** The first minutes, by a process that may die on the way. */
  async begin(plan?: Plan): Promise<Worker> {
    const worker = this.#start(plan);
    await this.simulation.runFor(worker, 4 * minuteMs);
    return worker;
  }

  /** A process that works until everything has come to rest. */
  async settle(plan?: Plan, ms = 45 * minuteMs): Promise<Worker> {
    await this.simulation.clock.advance(minuteMs);
    const worker = this.#start(plan);
    await this.simulation.runFor(worker, ms);
    return worker;
  }

  /** What was sent of the source, write by write. */
  writes(): ReceivedRecord[][] {
    return this.simulation.stores.sink.recordsByBatch(this.source.hub);
  }

  /** What is wrong with the history; empty when nothing is. */
  problems(workers: readonly Worker[], repeatedWrites: number): string[] {
    const { stores } = this.simulation;
    const records = this.writes().flat();
    const sent = new Set(
      records.flatMap(({ category, properties }) => {
        const { id = '', changedDateTime = '' } = properties as Partial<Record<'id' | 'changedDateTime', string>>;
        return category === this.source.category ? [`${id} ${changedDateTime}`] : [];
      }),
    );
    const wasThere = records.some(({ id, category }) => id === 'leaving' && category === this.source.category);
    const gone = records.some(
      ({ id, category, properties }) =>
        id === 'leaving' && (category === 'Connector.Removed' || Object.hasOwn(properties as object, '@removed')),
    );
    const row = stores.sourceRows.history.at(-1);
    return [
      // After a death, the source is due again in a quarter of an hour; a state that did not last as long need not be seen.
      ...this.graph.truth(start, 25 * minuteMs).flatMap((state) => (sent.has(state) ? [] : [`missing: ${state}`])),
      ...(this.source.progress.kind === 'timeWindow' || gone || !wasThere || repeatedWrites > 0
        ? []
        : ['not told that one is gone']),
      ...this.#repeated(repeatedWrites),
      ...this.#snapshotProblems(),
      ...stores.ledger.all().flatMap(({ state, unit }) => (state === 'done' ? [] : [`${state}: ${unit.id}`])),
      ...workers.flatMap(({ errors }) => errors.filter((error) => !isExpected(error)).map((error) => `error: ${String(error)}`)),
      ...(row?.unclean === true ? ['row: still unclean'] : []),
      ...(row?.leaseOwner === undefined ? [] : ['lease: still held']),
    ];
  }

  /** What is repeated must be the records of at most so many writes. */
  #repeated(most: number): string[] {
    const lastWrite = new Map<string, number>();
    const writes = new Set<number>();
    for (const [index, batch] of this.writes().entries())
      for (const { id, category, properties, snapshot } of batch) {
        const key = JSON.stringify([id, category, properties, snapshot]);
        const before = lastWrite.get(key);
        if (before !== undefined) writes.add(before);
        lastWrite.set(key, index);
      }
    return writes.size > most ? [`repeated: records of ${writes.size} writes`] : [];
  }

  /** The newest snapshot has the objects it says, and only those that are there. One that a process died in may name what left before it went on. */
  #snapshotProblems(): string[] {
    // Of the chain, only the beginning is a snapshot here, so that nothing but the chain itself can make up for what is lost.
    if (this.source.progress.kind === 'delta') return [];
    const records = this.writes().flat();
    const ended = records.findLast(({ operationName }) => operationName === 'SnapshotEnded');
    if (ended === undefined) return this.source.progress.kind === 'timeWindow' ? [] : ['no snapshot'];
    const { snapshot, objects, complete } = ended.properties as Readonly<Record<'snapshot' | 'objects' | 'complete', unknown>>;
    const ids = new Set(
      records.flatMap((record) => (record.snapshot === snapshot && record.category === this.source.category ? [record.id] : [])),
    );
    const present = this.graph.present().filter((id) => !ids.has(id));
    return [
      ...(ids.size === objects && complete === true ? [] : [`the snapshot says ${String(objects)} objects and has ${ids.size}`]),
      ...present.map((id) => `not in the snapshot: ${id}`),
      ...(ids.has('leaving') ? ['in the snapshot: leaving'] : []),
    ];
  }
}
