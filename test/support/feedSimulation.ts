import type { CollectOptions } from '../../src/app/collectPorts';
import type { Tenant } from '../../src/domain/tenant';
import { watchWatermark } from './history';
import { ScriptedSource } from './scriptedSource';
import { Simulation } from './simulation';
import { VirtualClock } from './virtualClock';

/** When simulated feeds begin. */
export const start = new Date('2026-11-22T10:07:31Z');
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** The moment so long after the start; before it when negative. */
export const at = (ms: number): Date => new Date(start.getTime() + ms);

/** One tenant with one scripted feed, due at the start; `watermarks` collects what the watermark passed and should not have. */
export interface FeedSimulation {
  readonly simulation: Simulation;
  readonly source: ScriptedSource;
  readonly watermarks: readonly string[];
}

export function simulateFeed(tenant: Tenant, options: Partial<CollectOptions> = {}): FeedSimulation {
  const clock = new VirtualClock(start);
  const source = new ScriptedSource(clock);
  const simulation = new Simulation(clock, [source], options);
  simulation.addTenant(tenant);
  return { simulation, source, watermarks: watchWatermark(simulation, source) };
}

/** What the operations hub was told, of one category such as `Gap`. */
export function told(simulation: Simulation, category: string): Record<string, unknown>[] {
  const all = simulation.stores.sink
    .records('m365-operations')
    .filter((record) => record.category === `M365Connector.${category}`);
  return all.map(({ properties }) => properties as Record<string, unknown>);
}
