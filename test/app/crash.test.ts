import { CrashScenario } from '../support/crashScenario';
import type { Fate } from '../support/simulatedProcess';

const deaths: readonly Fate[] = ['dieBefore', 'dieUnanswered', 'dieAnswered'];

/** The durable steps of the scenario when nothing happens. */
async function calmSteps(): Promise<readonly string[]> {
  const scenario = new CrashScenario();
  const worker = await scenario.begin();
  return worker.process.steps;
}

async function dieAt(index: number, death: Fate): Promise<readonly string[]> {
  const scenario = new CrashScenario();
  const first = await scenario.begin((_name, step) => (step === index ? death : 'go'));
  const second = await scenario.settle();
  return first.process.isDead ? scenario.problems([first, second], 1) : ['the process did not die'];
}

async function dieTwice(one: number, other: number, death: Fate): Promise<readonly string[]> {
  const scenario = new CrashScenario();
  const first = await scenario.begin((_name, step) => (step === one ? death : 'go'));
  const second = await scenario.settle((_name, step) => (step === other ? death : 'go'));
  const third = await scenario.settle();
  return scenario.problems([first, second, third], 2);
}

describe('a crash', () => {
  it('is not needed for anything: the scenario itself is sound', async () => {
    const scenario = new CrashScenario();
    const first = await scenario.begin();
    const second = await scenario.settle();

    expect(scenario.problems([first, second], 0)).toEqual([]);
    expect(first.process.steps.filter((name) => name === 'sink.write').length).toBeGreaterThan(3);
  });

  it('at any step, before, in or after it, loses nothing and repeats at most one batch', async () => {
    const steps = await calmSteps();
    const failures: Record<string, readonly string[]> = {};

    for (const [index, name] of steps.entries())
      for (const death of deaths) {
        const problems = await dieAt(index, death);
        if (problems.length > 0) failures[`${death} ${index} ${name}`] = problems;
      }

    expect(failures).toEqual({});
  }, 120_000);

  it('twice in a row loses nothing and repeats at most two batches', async () => {
    const { length } = await calmSteps();
    const failures: Record<string, readonly string[]> = {};

    for (let one = 0; one < length; one += 5)
      for (let other = (one * 7) % 4; other < length; other += 9) {
        const death = deaths[(one + other) % deaths.length] ?? 'dieBefore';
        const problems = await dieTwice(one, other, death);
        if (problems.length > 0) failures[`${death} ${one}, ${other}`] = problems;
      }

    expect(failures).toEqual({});
  }, 120_000);
});
