import type { ActPorts } from '../../src/app/actPorts';
import { decideAction } from '../../src/app/decideAction';
import { ActWorld, approver, machines, people, surviving } from '../support/actWorld';
import type { CallFate } from '../support/actWorld';
import { actionProblems } from '../support/actInvariants';

const { signal } = new AbortController();

interface Scenario {
  readonly action: string;
  readonly target: string;
  readonly approved: boolean;
}

const scenarios: readonly Scenario[] = [
  { action: 'containUser', target: people.plain.id, approved: false },
  { action: 'isolateDevice', target: machines.one.id, approved: true },
];

/** One action from the request to its end, with a process of its own for each of its parts. */
async function play(scenario: Scenario, process: (world: ActWorld) => ActPorts): Promise<ActWorld> {
  const world = new ActWorld();
  world.latencyMs = () => 200;
  const { action, target, approved } = scenario;
  const body = { action, target };
  await surviving(world.ask(process(world), body));
  // Whoever asked did not hear an answer, and asks again with the same key.
  await world.ask(world.process(), body);
  const [row] = world.actions.list();
  if (row === undefined) throw new Error('There is no action.');
  if (approved) {
    const decision = { tenantId: row.tenantId, id: row.id, decision: 'approve' } as const;
    await surviving(world.clock.run(decideAction(process(world), approver, decision, signal)));
    if (world.row(row.id).state === 'approval') await world.clock.run(decideAction(world.process(), approver, decision, signal));
  }
  await world.settle(86_400_000, () => process(world));
  return world;
}

/** The number of calls the scenario takes when nothing happens. */
async function calmCalls(scenario: Scenario): Promise<readonly string[]> {
  const calls: string[] = [];
  await play(scenario, (world) =>
    world.process((name) => {
      calls.push(name);
      return 'go';
    }),
  );
  return calls;
}

/** Kills the process that makes the nth call of all, and the one that makes the nth call after that, if asked to. */
function dyingAt(deaths: readonly number[], how: Exclude<CallFate, 'go'>): (world: ActWorld) => ActPorts {
  let count = -1;
  return (world) => world.process(() => (deaths.includes((count += 1)) ? how : 'go'));
}

describe('a crash while acting', () => {
  it.each(scenarios)('at any call, before or after it, leaves one effect and the whole story: $action', async (scenario) => {
    const calls = await calmCalls(scenario);
    expect(calls.length).toBeGreaterThan(20);
    const failures: Record<string, readonly string[]> = {};

    for (const [index, name] of calls.entries())
      for (const how of ['dieBefore', 'dieAfter'] as const) {
        const world = await play(scenario, dyingAt([index], how));
        const problems = actionProblems(world);
        if (problems.length > 0) failures[`${how} ${index} ${name}`] = problems;
      }

    expect(failures).toEqual({});
  });

  it.each(scenarios)('twice in a row leaves one effect and the whole story: $action', async (scenario) => {
    const { length } = await calmCalls(scenario);
    const failures: Record<string, readonly string[]> = {};

    for (let one = 0; one < length; one += 2)
      for (const gap of [1, 3, 7]) {
        const how = (one + gap) % 4 < 2 ? 'dieBefore' : 'dieAfter';
        const problems = actionProblems(await play(scenario, dyingAt([one, one + gap], how)));
        if (problems.length > 0) failures[`${how} ${one}, ${one + gap}`] = problems;
      }

    expect(failures).toEqual({});
  });
});
