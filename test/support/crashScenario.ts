import { checkHistory, watchWatermark } from './history';
import { ScriptedSource, scriptedUnit } from './scriptedSource';
import { tenantNamed } from './simulatedTenant';
import type { Plan } from './simulatedProcess';
import { isExpected, Simulation } from './simulation';
import type { Worker } from './simulation';
import { VirtualClock } from './virtualClock';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const start = new Date('2026-11-22T10:07:31Z');
const at = (ms: number): Date => new Date(start.getTime() + ms);
const lost: readonly string[] = ['expired', 'refused'];

/** A first run with back-fill (among it a unit of many batches, one that fails at first, and two that are lost), and what becomes available after it. */
export class CrashScenario {
  readonly simulation: Simulation;
  readonly source: ScriptedSource;
  readonly #watermarks: readonly string[];

  constructor() {
    const clock = new VirtualClock(start);
    this.source = new ScriptedSource(clock);
    this.source.unitsPerPage = 4;
    this.simulation = new Simulation(clock, [this.source], { outboxBytes: 6_000 });
    this.simulation.repairs = false;
    this.simulation.stores.sink.limitBytes = (hub) => (hub === this.source.hub ? 14_000 : 250_000);
    this.source.add(
      scriptedUnit('expired', at(-6 * dayMs), 3, { expires: at(-minuteMs) }),
      scriptedUnit('refused', at(-5 * dayMs), 3, { refused: { kind: 'refusedUrl', code: 'foreignHost', detail: 'host' } }),
      scriptedUnit('old', at(-4 * dayMs), 5),
      scriptedUnit('large', at(-2 * dayMs), 30, { bytes: 1_000 }),
      scriptedUnit('late', at(-30 * minuteMs), 4, {
        failure: (reads) => (reads === 0 ? { kind: 'contentMissing', code: 'AF20050' } : undefined),
      }),
      scriptedUnit('twin', at(-30 * minuteMs), 4),
      scriptedUnit('fresh', at(-minuteMs), 2),
      scriptedUnit('next', at(30_000), 6),
      scriptedUnit('hidden', at(-2 * hourMs), 3, { visibleFrom: at(70_000) }),
    );
    this.simulation.addTenant(tenantNamed('crashing'));
    this.#watermarks = watchWatermark(this.simulation, this.source);
  }

  /** The first minutes: two runs of the source, by a process that may die or freeze on the way. */
  async begin(plan?: Plan): Promise<Worker> {
    const worker = this.simulation.start(plan);
    await this.simulation.runFor(worker, 3 * minuteMs);
    return worker;
  }

  /** A process that works until everything has come to rest. */
  async settle(plan?: Plan, ms = 75 * minuteMs): Promise<Worker> {
    await this.simulation.clock.advance(minuteMs);
    const worker = this.simulation.start(plan);
    await this.simulation.runFor(worker, ms);
    return worker;
  }

  /** What is wrong with the history; empty when nothing is. */
  problems(workers: readonly Worker[], repeatedWrites: number): string[] {
    const { stores } = this.simulation;
    const gaps = stores.coverage.allGaps().map(({ unitId }) => unitId ?? 'span');
    const told = new Set(
      stores.sink
        .records('m365-operations')
        .filter(({ category }) => category === 'M365Connector.Gap')
        .map(({ properties }) => (properties as { readonly unit: string }).unit),
    );
    return [
      ...checkHistory(this.simulation, this.source, { wanted: ({ id }) => !lost.includes(id), repeatedWrites }),
      ...this.#watermarks,
      ...(gaps.sort().join() === lost.join() ? [] : [`gaps: ${gaps.join()}`]),
      ...lost.filter((id) => !told.has(id)).map((id) => `gap not told: ${id}`),
      ...workers.flatMap(({ errors }) => errors.filter((error) => !isExpected(error)).map((error) => `error: ${String(error)}`)),
      ...(stores.sourceRows.history.at(-1)?.unclean === true ? ['row: still unclean'] : []),
    ];
  }
}
