import { GraphScenario, kindsOfSources } from '../support/graphScenario';
import type { Fate } from '../support/simulatedProcess';

const deaths: readonly Fate[] = ['dieBefore', 'dieUnanswered', 'dieAnswered'];
const kinds = Object.keys(kindsOfSources) as (keyof typeof kindsOfSources)[];

describe.each(kinds)('a source that is read by %s', (kind) => {
  it('delivers what there is once, and nothing when nothing changed', async () => {
    const scenario = new GraphScenario(kind);
    const first = await scenario.begin();
    const second = await scenario.settle();

    expect(scenario.problems([first, second], 0)).toEqual([]);
    expect(first.process.steps.filter((name) => name === 'sink.write').length).toBeGreaterThan(3);
    expect(first.process.steps.filter((name) => name === 'sent.append').length).toBeGreaterThan(3);
    const before = scenario.writes().flat().length;
    await scenario.settle(undefined, 15 * 60_000);
    const after = scenario.writes().flat().slice(before);
    expect(after.filter(({ snapshot }) => snapshot === undefined)).toEqual([]);
  });

  it('loses nothing and repeats at most one batch when the process dies at any step, before, in or after it', async () => {
    const calm = await new GraphScenario(kind).begin();
    const failures: Record<string, readonly string[]> = {};

    for (const [index, name] of calm.process.steps.entries()) {
      const death = deaths[index % deaths.length] ?? 'dieBefore';
      for (const one of name === 'sink.write' || name.startsWith('sent.') ? deaths : [death]) {
        const scenario = new GraphScenario(kind);
        const first = await scenario.begin((_name, step) => (step === index ? one : 'go'));
        const second = await scenario.settle();
        const problems = first.process.isDead ? scenario.problems([first, second], 1) : ['the process did not die'];
        if (problems.length > 0) failures[`${one} ${index} ${name}`] = problems;
      }
    }

    expect(failures).toEqual({});
  }, 240_000);
});
