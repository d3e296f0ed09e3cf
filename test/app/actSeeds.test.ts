import type { ActPorts } from '../../src/app/actPorts';
import { decideAction } from '../../src/app/decideAction';
import { failureOf } from '../../src/domain/failure';
import { createRandom } from '../local/microsoft365/random';
import type { Random } from '../local/microsoft365/random';
import { actionProblems } from '../support/actInvariants';
import { ActWorld, approver, machines, people, requester, surviving } from '../support/actWorld';

const runs = 1_000;
const { signal } = new AbortController();
const onUser = ['disableAccount', 'enableAccount', 'revokeSessions', 'containUser', 'confirmCompromised'];
const onDevice = ['isolateDevice', 'releaseDevice', 'scanDevice', 'collectPackage'];

/** A worker of a seeded run: dies now and then, or does not hear of a row that changed. */
function worker(world: ActWorld, random: Random, isRough: () => boolean): ActPorts {
  return world.process(() => {
    if (!isRough() || !random.chance(0.01)) return 'go';
    return random.chance(0.5) ? 'dieBefore' : 'dieAfter';
  });
}

/** Whoever asks gives up when something does not answer, and asks again with the same key. */
async function insisting(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await surviving(work());
    } catch (error) {
      const kind = failureOf(error)?.kind;
      if (kind !== 'unavailable' && kind !== 'throttled' && kind !== 'conflict') throw error;
    }
  }
}

/** An hour of rough weather: several actions on a few targets, each asked for again and again, by several at once; then everything heals. */
async function play(seed: number): Promise<ActWorld> {
  const random = createRandom(seed, 'act');
  const world = new ActWorld();
  let isRough = true;
  world.machines.lagMs = random.int(0, 20_000);
  world.users.lagMs = random.int(0, 20_000);
  world.latencyMs = () => (random.chance(0.05) ? random.int(0, 8_000) : random.int(0, 400));
  world.fateOfRequest = () => {
    if (!isRough || !random.chance(0.12)) return 'go';
    return random.pick(['lost', 'notArrived', 'throttled', 'fault'] as const);
  };
  if (random.chance(0.3)) world.machines.setMood(machines.one.id, 'offline');
  const wanted = Array.from({ length: random.int(2, 6) }, (_, index) => {
    const device = random.chance(0.5);
    const target = device ? random.pick([machines.one.id, machines.two.id]) : random.pick([people.plain.id, people.other.id]);
    return { key: `request-${seed}-${index}`, body: { action: random.pick(device ? onDevice : onUser), target } };
  });
  const make = (): ActPorts => worker(world, random, () => isRough);
  for (const { key, body } of wanted) {
    const times = random.int(1, 3);
    const given = { tenantId: world.tenant.id, key, body: { reason: 'an alert', dryRun: false, ...body } };
    const asking = Array.from({ length: times }, async () => insisting(async () => world.request(make(), requester, given)));
    await world.clock.run(Promise.all(asking));
    if (random.chance(0.5)) await world.settle(random.int(0, 120_000), make);
    if (random.chance(0.3)) world.disturbQueue(() => random.pick([0, 1, 2] as const));
    for (const { id, tenantId, state } of world.actions.list())
      if (state === 'approval')
        await world.clock.run(
          Promise.all(
            [1, 2].map(async () =>
              surviving(decideAction(make(), approver, { tenantId, id, decision: 'approve' }, signal).catch(ignoreRefusal)),
            ),
          ),
        );
  }
  await world.settle(random.int(0, 1_800_000), make);
  isRough = false;
  world.machines.setMood(machines.one.id, 'online');
  // A person, too, goes on where it went wrong.
  for (let round = 0; round < 3; round += 1) {
    await world.settle(2 * 86_400_000);
    for (const { id, tenantId, state } of world.actions.list()) {
      const decision =
        state === 'approval'
          ? 'approve'
          : state === 'failed' || state === 'partlyDone' || state === 'timedOut'
            ? 'retry'
            : undefined;
      const by = decision === 'approve' ? approver : requester;
      if (decision !== undefined) await world.clock.run(decideAction(world.process(), by, { tenantId, id, decision }, signal));
    }
  }
  return world;
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'InputError') throw error;
}

describe(`${runs} seeded runs of retries, duplicates, concurrency and crashes`, () => {
  it('have one effect for each key, in order on each target, with the whole story told', async () => {
    const failures: Record<string, readonly string[]> = {};
    for (let seed = 1; seed <= runs; seed += 1) {
      const problems = actionProblems(await play(seed), false);
      if (problems.length > 0) failures[seed] = problems;
    }

    expect(failures).toEqual({});
  });
});
