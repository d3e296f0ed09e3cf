import { CrashScenario } from '../support/crashScenario';
import { checkHistory } from '../support/history';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { Simulation } from '../support/simulation';
import type { Worker } from '../support/simulation';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

const minuteMs = 60_000;

async function calmSteps(): Promise<readonly string[]> {
  const worker = await new CrashScenario().begin();
  return worker.process.steps;
}

/** Freezes a process before a step, lets another take over for a while, thaws it, and lets both go on. */
async function freezeAt(
  index: number,
  pauseMs: number,
): Promise<{ readonly problems: readonly string[]; readonly frozen: Worker }> {
  const scenario = new CrashScenario();
  const { clock } = scenario.simulation;
  const frozen = await scenario.begin((_name, step) => (step === index ? 'freeze' : 'go'));
  const other = await scenario.settle(undefined, pauseMs);
  frozen.process.thaw();
  await clock.advance(20 * minuteMs);
  const last = await scenario.settle();
  return { problems: scenario.problems([frozen, other, last], 1), frozen };
}

describe('a run that sleeps while another takes over', () => {
  it.each([5, 12, 75])(
    'between any two steps, for %i minutes, stops when it wakes up, and repeats at most one batch',
    async (minutes) => {
      const steps = await calmSteps();
      const failures: Record<string, readonly string[]> = {};

      for (const [index, name] of steps.entries()) {
        const { problems, frozen } = await freezeAt(index, minutes * minuteMs);
        const sent = frozen.process.steps.slice(index + 1).filter((step) => step === 'sink.write').length;
        // A pause in which nobody took over may simply end.
        if (problems.length > 0) failures[`${index} ${name}`] = [...problems, `${sent} writes after the pause`];
      }

      expect(failures).toEqual({});
    },
    60_000,
  );
});

describe('a unit that an overtaken run finished after all', () => {
  it('is counted as delivered by the next run, though that has nothing to do with it', async () => {
    const clock = new VirtualClock('2026-11-22T10:07:31Z');
    const source = new ScriptedSource(clock).add(scriptedUnit('unit', new Date('2026-11-22T05:00:00Z'), 3));
    const simulation = new Simulation(clock, [source]);
    simulation.addTenant(tenantNamed('overtaken'));
    const frozen = simulation.start((name) => (name === 'ledger.save' ? 'freeze' : 'go'));
    await simulation.runFor(frozen, minuteMs);
    const healthy = simulation.stores.sink.fail;
    simulation.stores.sink.fail = (hub) => (hub === source.hub ? { kind: 'hubBusy', code: '50002' } : undefined);
    const other = simulation.start();
    await simulation.runFor(other, 25 * minuteMs);

    frozen.process.thaw();
    await clock.advance(minuteMs);
    simulation.stores.sink.fail = healthy;
    await simulation.runFor(other, 30 * minuteMs);

    expect(simulation.stores.ledger.all().map(({ state }) => state)).toEqual(['done']);
    expect(simulation.stores.sink.records(source.hub)).toHaveLength(3);
    expect(checkHistory(simulation, source)).toEqual([]);
  });
});
