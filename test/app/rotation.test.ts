import type { CredentialRing } from '../../src/domain/credential';
import { makeDue } from '../../src/app/rotate';
import { canary, CredentialWorld, Died, unanswered } from '../support/credentialWorld';
import type { AroundStep } from '../support/credentialWorld';

/** What becomes of one step: the process dies before, after or just after it; the answer is lost, it never arrives, or it is applied late. */
const mishaps = ['diesBefore', 'diesUnanswered', 'diesUnrecorded', 'answerLost', 'neverArrived', 'appliedLate'] as const;
type Mishap = (typeof mishaps)[number];

const minutesOfRotation = 30;
/** The timer fires hourly at first, then not at all for most of the day, then hourly again. */
const hoursOfGrace = [1, 1, 1, 19, 1, 1, 1];
/** Later than a credential that was asked for is waited for. */
const lateMs = 270_000;

/** A mishap at one step, by its number, or at the first few of a name. */
type Mischief = { readonly mishap: Mishap } & ({ readonly number: number } | { readonly step: string; readonly times: number });

/** Lets a mishap happen; keeps the names of all steps. */
class Steps {
  readonly names: string[] = [];
  readonly #at: Mischief | undefined;
  readonly #world: CredentialWorld;
  #late: readonly { readonly at: number; readonly apply: () => Promise<unknown> }[] = [];
  #diesNext = false;

  constructor(world: CredentialWorld, at?: Mischief) {
    this.#world = world;
    this.#at = at;
    world.around = this.#around;
  }

  /** Applies what was late, when its time has come. */
  async passed(): Promise<void> {
    const now = this.#world.clock.now().getTime();
    const due = this.#late.filter(({ at }) => at <= now);
    this.#late = this.#late.filter(({ at }) => at > now);
    for (const { apply } of due) await apply().catch(() => undefined);
  }

  readonly #around: AroundStep = async (name, go) => {
    if (this.#diesNext) {
      this.#diesNext = false;
      throw new Died();
    }
    this.names.push(name);
    if (this.#at === undefined || !this.#isAt(this.#at, name)) return this.#checked(go);
    switch (this.#at.mishap) {
      case 'diesBefore':
        throw new Died();
      case 'diesUnanswered':
        await this.#checked(go);
        throw new Died();
      case 'diesUnrecorded': {
        const result = await this.#checked(go);
        this.#diesNext = true;
        return result;
      }
      case 'answerLost':
        await this.#checked(go);
        throw unanswered(name);
      case 'neverArrived':
        throw unanswered(name);
      case 'appliedLate':
        this.#late = [...this.#late, { at: this.#world.clock.now().getTime() + lateMs, apply: go }];
        throw unanswered(name);
    }
  };

  #isAt(at: Mischief, name: string): boolean {
    if ('number' in at) return at.number === this.names.length;
    return name === at.step && this.names.filter((each) => each === name).length <= at.times;
  }

  async #checked<Result>(go: () => Promise<Result>): Promise<Result> {
    const result = await go();
    await check(this.#world);
    return result;
  }
}

/** What has to hold at every moment. */
async function check(world: CredentialWorld): Promise<void> {
  const ring = await world.ring();
  if (!world.usable(ring)) throw new Error('The credential in use is not usable.');
  // The way back is there until it was given up.
  if (ring.rotation?.step === 'grace' && ring.previous !== undefined && !world.usable({ current: ring.previous }))
    throw new Error('The credential before is not usable, although the rotation may still be rolled back.');
  if (world.ours.length > 3) throw new Error(`There are ${world.ours.length} credentials of ours.`);
  const known = [ring.current, ring.previous, ring.staged].map((one) => one?.keyId);
  const oldest = world.clock.now().getTime() - 60 * 60_000;
  const orphan = world.ours.find(({ keyId, startMs }) => !known.includes(keyId) && startMs < oldest);
  if (orphan !== undefined) throw new Error('An orphan is older than an hour.');
}

function pointers(history: readonly CredentialRing[]): (string | undefined)[] {
  return history.map(({ current }) => current?.version).filter((version, index, all) => version !== all[index - 1]);
}

/** The pointer only ever went to a credential that had worked three times in a row, over a minute or more. */
function expectTried(history: readonly CredentialRing[]): void {
  const moved = history.findIndex(({ current }, index) => index > 0 && current?.version !== history[index - 1]?.current?.version);
  const before = history[moved - 1];
  const worked = (before?.rotation?.verifiedAt ?? []).map((at) => Date.parse(at));
  expect(before?.staged?.version).toBe(history[moved]?.current?.version);
  expect(worked.length).toBeGreaterThanOrEqual(3);
  expect((worked.at(-1) ?? 0) - (worked[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
}

interface Scenario {
  readonly propagationMs: number;
  readonly flapping?: number;
  readonly instances: number;
  readonly at?: { readonly number: number; readonly mishap: Mishap };
}

/** A world whose secret is due for rotation. */
async function dueWorld(propagationMs: number, flapping: number): Promise<CredentialWorld> {
  const world = new CredentialWorld();
  await world.beginWithOurs();
  await world.tick();
  world.passDays(91);
  world.application.mood.acceptedAfterMs = propagationMs;
  world.application.mood.flappingLogins = flapping;
  world.application.mood.listedAfterMs = propagationMs;
  return world;
}

async function play({ propagationMs, flapping = 0, instances, at }: Scenario): Promise<{ steps: Steps; world: CredentialWorld }> {
  const world = await dueWorld(propagationMs, flapping);
  const steps = new Steps(world, at);
  let seen = -1;
  const minute = async (number: number): Promise<void> => {
    await world.tick();
    await steps.passed();
    await check(world);
    // They start, and so read the pointer, at different times.
    if (world.instances.length < instances && number % 3 === 0) world.startInstance();
    // Between two changes a login says what the last one said, unless it is the hour of the next token.
    const changed = steps.names.length !== seen;
    seen = steps.names.length;
    await world.poll({ login: changed || number % 10 === 0 });
    world.pass(60 - (number % 7));
  };
  for (let number = 0; number < minutesOfRotation; number += 1) await minute(number);
  for (const hours of hoursOfGrace) {
    await minute(0);
    world.pass(hours * 3_600);
  }
  for (let number = 0; number < minutesOfRotation; number += 1) await minute(number);
  return { steps, world };
}

/** A rotation that is over: one credential of ours, in use; nothing is left behind and nothing was told that should not be. */
function expectDone(world: CredentialWorld, ring: CredentialRing): void {
  expect(world.ours.map(({ keyId }) => keyId)).toEqual([ring.current?.keyId]);
  expect(ring).toMatchObject({ current: { ours: true }, facts: [] });
  expect([ring.previous, ring.staged, ring.rotation]).toEqual([undefined, undefined, undefined]);
  expect(pointers(world.rings.history)).toHaveLength(2);
  expectTried(world.rings.history);
  expect(JSON.stringify([world.rings.history, world.lines, world.facts])).not.toMatch(canary);
}

describe('a rotation', () => {
  it('adds, tries, switches, keeps the old one for a day, and removes it', async () => {
    const { steps, world } = await play({ propagationMs: 45_000, instances: 2 });

    expectDone(world, await world.ring());
    expect(steps.names.filter((name) => !name.startsWith('rings'))).toEqual([
      'addPassword',
      'vault.add',
      'tellFacts',
      'removePassword',
      'vault.disable',
    ]);
    // Looked at when it was given, when it was due, and when the old one had been kept for a day.
    expect(world.events).toEqual(['credentialChecked', 'credentialChecked', 'rotationFinished', 'credentialChecked']);
  });

  // Microsoft's replicas hear of a new credential within three minutes; in between, some have and some have not.
  const spreads = [
    { propagationMs: 0, flapping: 0 },
    { propagationMs: 30_000, flapping: 0 },
    { propagationMs: 60_000, flapping: 4 },
    { propagationMs: 120_000, flapping: 0 },
    { propagationMs: 180_000, flapping: 0 },
  ];
  const counts = [1, 2, 3, 4, 5];
  describe.each(spreads)('with $propagationMs ms until everybody has heard of the new one', ({ propagationMs, flapping }) => {
    it.each(mishaps)('survives that at any step it %s, with one to five instances', async (mishap) => {
      for (const instances of counts) {
        const { steps } = await play({ propagationMs, flapping, instances });
        const undisturbed = steps.names.length;
        for (let number = 1; number <= undisturbed; number += 1) {
          const { world } = await play({ propagationMs, flapping, instances, at: { number, mishap } });
          expectDone(world, await world.ring());
          expect([world.instances.length, world.polls > 0]).toEqual([instances, true]);
        }
        expect(undisturbed).toBeGreaterThan(40);
      }
    });
  });

  const losses: readonly (readonly [string, string, Mishap])[] = [
    ['Microsoft’s answers', 'addPassword', 'answerLost'],
    ['processes that asked', 'addPassword', 'diesUnanswered'],
    ['processes that were answered', 'addPassword', 'diesUnrecorded'],
    ['requests to Microsoft, for minutes,', 'addPassword', 'appliedLate'],
    ['requests to Key Vault', 'vault.add', 'neverArrived'],
  ];
  describe.each(spreads)('that is asked for all the time, with $propagationMs ms', ({ propagationMs, flapping }) => {
    it.each(losses)('is done in the end, and nothing adds up, when %s are lost one to six times', async (_, step, mishap) => {
      for (let times = 1; times <= 6; times += 1) {
        const world = await dueWorld(propagationMs, flapping);
        const steps = new Steps(world, { step, times, mishap });
        const turn = async (): Promise<void> => {
          await makeDue(world.rotation(), world.tenant.secretName, world.signal).catch(() => false);
          await world.tick();
          await steps.passed();
          await check(world);
        };
        for (let second = 0; second < 3_600; second += 20) {
          await turn();
          world.pass(20);
        }
        // Beyond the six hours after which a rotation that was given up begins again, and the day for which the old one is kept.
        for (let turns = 0; turns < 120; turns += 1) {
          await turn();
          const step = (await world.ring()).rotation?.step;
          world.pass(step === 'adding' || step === 'verifying' ? 60 : 1_200);
        }

        expectDone(world, await world.ring());
        expect(steps.names.filter((name) => name === 'addPassword')).toHaveLength(times + 1);
      }
    });
  });
});
