import { CrashScenario } from '../support/crashScenario';
import type { Worker } from '../support/simulation';

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
