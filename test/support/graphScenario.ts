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
  delta: graphDelta({ ...facts, id: 'graph.thingDelta', path: '/things/delta', snapshotEverySeconds: 1_200 }),
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
    graph.put('changing', at(-2 * hourMs)).put('changing', at(45_000)).put('changing', at(4 * minuteMs));
    graph.put('late', at(-20 * minuteMs), { lateMs: 21 * minuteMs });
    graph.put('leaving', at(-3 * hourMs)).put('leaving', at(70_000), { removed: true });
    for (let index = 0; index < 5; index += 1) graph.put(`new${index}`, at(20_000 + index * 30_000));
    this.simulation.addTenant(
      tenantNamed('crashing', { integrations: [{ id: 'entraId', polling: { kind: 'adaptive' } }] }),
    );
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
    const lastOf = new Map(records.map(({ id, category }) => [id.split('/')[0] ?? '', category] as const));
    const gone = records.some(
      ({ id, category, properties }) =>
        id === 'leaving' && (category === 'Connector.Removed' || Object.hasOwn(properties as object, '@removed')),
    );
    const row = stores.sourceRows.history.at(-1);
    return [
      // Nobody looks while a process is dead; what is shorter than the time between two of them need not be seen.
      ...this.graph.truth(6 * minuteMs).flatMap((state) => (sent.has(state) ? [] : [`missing: ${state}`])),
      ...(this.source.progress.kind === 'timeWindow' || gone ? [] : ['not told that one is gone']),
      ...(lastOf.get('leaving') === undefined ? ['never seen what left'] : []),
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

  /** A snapshot that ended has as many objects as it says. */
  #snapshotProblems(): string[] {
    const records = this.writes().flat();
    return records.flatMap(({ category, operationName, properties }) => {
      if (category !== 'Connector.Snapshot' || operationName !== 'SnapshotEnded') return [];
      const { snapshot, objects } = properties as { readonly snapshot: string; readonly objects: number };
      const ids = new Set(
        records.flatMap((record) => (record.snapshot === snapshot && record.category === this.source.category ? [record.id] : [])),
      );
      return ids.size === objects ? [] : [`${snapshot} says ${objects} objects and has ${ids.size}`];
    });
  }
}
