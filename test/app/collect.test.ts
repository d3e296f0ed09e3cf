import { checkHistory, watchWatermark } from '../support/history';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { isExpected, Simulation } from '../support/simulation';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

const start = new Date('2026-11-22T10:07:31Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const ago = (ms: number): Date => new Date(start.getTime() - ms);
const later = (ms: number): Date => new Date(start.getTime() + ms);

function simulate(): { simulation: Simulation; source: ScriptedSource; watermarks: string[] } {
  const clock = new VirtualClock(start);
  const source = new ScriptedSource(clock);
  const simulation = new Simulation(clock, [source]);
  simulation.addTenant(tenantNamed('calm'));
  return { simulation, source, watermarks: watchWatermark(simulation, source) };
}

describe('collecting', () => {
  it('delivers every record exactly once, back-fill and new content alike', async () => {
    const { simulation, source, watermarks } = simulate();
    for (let hours = 0; hours < 7 * 24 - 1; hours += 5)
      source.add(scriptedUnit(`old${hours}`, ago(hours * hourMs + 1), (hours % 7) * 9));
    for (let minutes = 0; minutes < 300; minutes += 7)
      source.add(scriptedUnit(`new${minutes}`, later(minutes * minuteMs), minutes % 5));
    source.add(scriptedUnit('large', ago(3 * hourMs), 200));
    const worker = simulation.start();

    await simulation.runFor(worker, 6 * hourMs);

    expect(worker.errors).toEqual([]);
    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    expect(new Set(source.reads).size).toBe(source.reads.length);
    expect(simulation.clock.sleepers).toBe(0);
    expect(isExpected(new Error('bug'))).toBe(false);
  });
});
