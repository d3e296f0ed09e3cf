import { checkHistory } from '../support/history';
import { at, hourMs, minuteMs, simulateFeed } from '../support/feedSimulation';
import { scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';

describe('collecting', () => {
  it('delivers every record exactly once, back-fill and new content alike', async () => {
    const { simulation, source, watermarks } = simulateFeed(tenantNamed('calm'));
    for (let hours = 0; hours < 7 * 24 - 1; hours += 5)
      source.add(scriptedUnit(`old${hours}`, at(-hours * hourMs + 1), (hours % 7) * 9));
    for (let minutes = 0; minutes < 300; minutes += 7)
      source.add(scriptedUnit(`new${minutes}`, at(minutes * minuteMs), minutes % 5));
    source.add(scriptedUnit('large', at(-3 * hourMs), 200));
    const worker = simulation.start();

    await simulation.runFor(worker, 6 * hourMs);

    expect(worker.errors).toEqual([]);
    expect(checkHistory(simulation, source)).toEqual([]);
    expect(watermarks).toEqual([]);
    expect(new Set(source.reads).size).toBe(source.reads.length);
    expect(simulation.clock.sleepers).toBe(0);
  });
});
