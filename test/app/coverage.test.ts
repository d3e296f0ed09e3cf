import { checkHistory } from '../support/history';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { Simulation } from '../support/simulation';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

const start = new Date('2026-11-22T10:07:31Z');
const hourMs = 3_600_000;
const at = (ms: number): Date => new Date(start.getTime() + ms);

interface Told {
  readonly hour: string;
  readonly unitsListed: number;
  readonly unitsDelivered: number;
  readonly records: number;
  readonly complete: boolean;
  readonly latenessSecondsP95?: number;
}

async function run(source: ScriptedSource, clock: VirtualClock, ms: number): Promise<{ simulation: Simulation; told: Told[] }> {
  const simulation = new Simulation(clock, [source]);
  simulation.addTenant(tenantNamed('proven', { stampName: true }));
  await simulation.runFor(simulation.start(), ms);
  const records = simulation.stores.sink
    .records('m365-operations')
    .filter(({ category }) => category === 'M365Connector.Coverage');
  return { simulation, told: records.map(({ properties }) => properties as Told) };
}

describe('coverage', () => {
  it('is told for every hour, empty ones included, once each while nothing changes', async () => {
    const clock = new VirtualClock(start);
    const source = new ScriptedSource(clock);
    for (let hours = -100; hours < 20; hours += 9) source.add(scriptedUnit(`unit${hours}`, at(hours * hourMs - 1_000), 3));

    const { simulation, told } = await run(source, clock, 24 * hourMs);

    const hours = told.map(({ hour }) => hour);
    const expected = Array.from(
      { length: 7 * 24 + 23 },
      (_, index) => new Date(Date.parse('2026-11-15T10:00:00Z') + index * hourMs),
    );
    expect(hours).toEqual(expected.map((hour) => hour.toISOString().replace('.000', '')));
    // Of the first hour, Microsoft did not hold everything any more.
    expect(told.map(({ complete }) => complete)).toEqual([false, ...expected.slice(1).map(() => true)]);
    expect(told.reduce((sum, { unitsDelivered }) => sum + unitsDelivered, 0)).toBe(
      source.units.filter(({ at: when }) => when < at(21 * hourMs)).length,
    );
    expect(checkHistory(simulation, source)).toEqual([]);
  });

  it('is told again for an hour that changed afterwards, with what is true then', async () => {
    const clock = new VirtualClock(start);
    const source = new ScriptedSource(clock).add(
      scriptedUnit('prompt', at(-5 * hourMs), 3),
      scriptedUnit('late', at(-5 * hourMs), 2, { visibleFrom: at(4 * hourMs) }),
    );

    const { told } = await run(source, clock, 8 * hourMs);

    const hour = told.filter((one) => one.hour === '2026-11-22T05:00:00Z');
    expect(hour.map(({ unitsListed, records }) => [unitsListed, records])).toEqual([
      [1, 3],
      [2, 5],
    ]);
    expect(hour.map(({ latenessSecondsP95 }) => latenessSecondsP95)).toEqual([32_768, 65_536]);
  });

  it('belongs to a tenant by id and, when asked for, by name', async () => {
    const clock = new VirtualClock(start);
    const { simulation } = await run(new ScriptedSource(clock).add(scriptedUnit('unit', at(-hourMs), 1)), clock, hourMs);

    const events = simulation.stores.sink.batches.flatMap((batch) => batch.events);
    for (const event of events) {
      expect(event.properties.tenantId).toBe(tenantNamed('proven').id);
      expect(event.body.toString()).toContain('"tenantName":"proven"');
    }
  });
});
