import { joinLine } from '../../src/app/changeAction';
import { decideAction } from '../../src/app/decideAction';
import type { Decision } from '../../src/app/decideAction';
import { forgetActed } from '../../src/app/forgetActed';
import type { RequestedAction } from '../../src/app/requestAction';
import type { ActionRow } from '../../src/domain/actionRow';
import type { Operator } from '../../src/domain/operator';
import { ActWorld, approver, machines, people, requester } from '../support/actWorld';

const { signal } = new AbortController();

function rowOf(asked: RequestedAction): ActionRow {
  if (asked.dryRun) throw new Error('It was a dry run.');
  return asked.row;
}

async function begin(
  world: ActWorld,
  action: string,
  target: string,
  more: Readonly<Record<string, unknown>> = {},
  key = `key-${action}`,
): Promise<ActionRow> {
  return rowOf(await world.ask(world.process(), { action, target, ...more }, { key }));
}

async function decide(
  world: ActWorld,
  { id, tenantId }: ActionRow,
  decision: Decision,
  by: Operator = approver,
): Promise<ActionRow> {
  return world.clock.run(decideAction(world.process(), by, { tenantId, id, decision }, signal));
}

const kinds = (row: ActionRow): string[] => row.story.map(({ kind }) => kind);

describe('acting on a user', () => {
  it('disables an account, sees it, and tells the whole story to audit and hub', async () => {
    const world = new ActWorld();
    const { id } = await begin(world, 'disableAccount', people.plain.id);

    await world.settle();

    const row = world.row(id);
    expect(row.state).toBe('verified');
    expect(kinds(row)).toEqual(['requested', 'started', 'intended', 'sent', 'stepDone', 'verified']);
    expect(world.users.isEnabled(people.plain.id)).toBe(false);
    expect([...world.changes.kept.values()].map(({ what }) => what)).toEqual(kinds(row).map((kind) => `action.${kind}`));
    expect(world.sink.batches.flatMap(({ events }) => events).length).toBeGreaterThan(0);
    expect(world.events.at(-1)).toMatchObject({
      name: 'actionFinished',
      fields: { outcome: 'verified', action: 'disableAccount' },
    });
  });

  it('takes over what is so already, and sends nothing', async () => {
    const world = new ActWorld();
    await begin(world, 'disableAccount', people.plain.id);
    await world.settle();
    const before = world.sent.length;

    const { id } = await begin(world, 'disableAccount', people.plain.id, {}, 'another-key');
    await world.settle();

    expect(world.row(id).steps[0]?.adopted).toBe(true);
    expect(world.sent).toHaveLength(before);
  });

  it('disables first, then revokes; a refusal in the middle is partly done, and only the rest is tried again', async () => {
    const world = new ActWorld();
    let refuse = true;
    world.fateOfRequest = ({ url }) => (refuse && url.endsWith('revokeSignInSessions') ? 'notArrived' : 'go');
    const { id } = await begin(world, 'containUser', people.plain.id);

    await world.settle();
    expect(world.row(id).state).toBe('partlyDone');
    expect(world.row(id).steps.map(({ state }) => state)).toEqual(['done', 'intended']);
    refuse = false;
    await decide(world, world.row(id), 'retry', requester);
    await world.settle();

    expect(world.row(id).state).toBe('verified');
    expect(world.sent.filter((line) => line.startsWith('PATCH'))).toHaveLength(1);
    expect(world.users.effects.map(({ what }) => what)).toEqual(['disable', 'revoke']);
  });

  it('does not call done what the directory sync undoes', async () => {
    const world = new ActWorld();
    const { id } = await begin(world, 'containUser', people.synced.id);

    await world.settle();

    expect(world.row(id).state).toBe('partlyDone');
    expect(world.row(id).steps[0]?.failure).toMatchObject({ code: 'reverted' });
    expect(world.users.effects.map(({ what }) => what)).toEqual(['disable', 'revoke']);
  });

  it('says so when Microsoft does not let an application touch an administrator', async () => {
    const world = new ActWorld();
    const row = await begin(world, 'disableAccount', people.administrator.id);
    expect(row.approval?.causes).toEqual(['privileged']);
    await decide(world, row, 'approve');

    await world.settle();

    expect(world.row(row.id).steps[0]?.failure).toMatchObject({ code: 'privilegedTarget' });
  });

  it('says so when only who has a role for the unit of the user may change the user', async () => {
    const world = new ActWorld();
    const { id } = await begin(world, 'disableAccount', people.restricted.id);
    await world.settle();

    expect(world.row(id).steps[0]?.failure).toMatchObject({ kind: 'actionRefused', code: 'restrictedTarget' });
    expect(world.users.effects).toEqual([]);
  });

  it('confirms a user as compromised who was never at risk', async () => {
    const world = new ActWorld();
    const { id } = await begin(world, 'confirmCompromised', people.other.id);
    await world.settle();

    expect(world.row(id).state).toBe('verified');
  });
});

describe('acting on a device', () => {
  it('isolates after another person agreed, waits for the machine, and releases', async () => {
    const world = new ActWorld();
    world.machines.setMood(machines.one.id, 'offline');
    const isolate = await begin(world, 'isolateDevice', machines.one.id);
    await world.settle(60_000);
    expect(world.sent).toEqual([]);
    await decide(world, isolate, 'approve');
    await world.settle(3_600_000);
    expect(world.row(isolate.id).state).toBe('waiting');

    world.machines.setMood(machines.one.id, 'online');
    await world.settle(3_600_000);
    expect(world.row(isolate.id).state).toBe('verified');
    expect(world.machines.isIsolated(machines.one.id)).toBe(true);

    const release = await begin(world, 'releaseDevice', machines.one.id);
    await world.settle();
    expect(world.row(release.id).state).toBe('verified');
    expect(world.machines.isIsolated(machines.one.id)).toBe(false);
    expect(world.machines.effects.map(({ what }) => what)).toEqual(['Isolate', 'Unisolate']);
  });

  it('adopts an isolation that somebody else asked for, and one that Microsoft refuses as a duplicate', async () => {
    const world = new ActWorld();
    world.machines.setMood(machines.one.id, 'offline');
    world.machines.lagMs = 20_000;
    world.machines.answer(
      'POST',
      `/api/machines/${machines.one.id}/isolate`,
      new URLSearchParams(),
      '{"Comment":"portal","IsolationType":"Full"}',
    );
    const row = await begin(world, 'isolateDevice', machines.one.id);
    await decide(world, row, 'approve');
    await world.settle(600_000);
    world.machines.setMood(machines.one.id, 'online');
    await world.settle();

    expect(world.row(row.id)).toMatchObject({ state: 'verified', steps: [{ adopted: true }] });
    expect(world.machines.effects).toHaveLength(1);
  });

  it('never sends the opposite while something is on its way', async () => {
    const world = new ActWorld();
    world.machines.setMood(machines.one.id, 'offline');
    world.machines.answer(
      'POST',
      `/api/machines/${machines.one.id}/isolate`,
      new URLSearchParams(),
      '{"Comment":"portal","IsolationType":"Full"}',
    );
    const { id } = await begin(world, 'releaseDevice', machines.one.id);
    await world.settle(1_800_000);
    expect(kinds(world.row(id))).toContain('blocked');
    expect(world.sent).toEqual([]);

    world.machines.setMood(machines.one.id, 'online');
    await world.settle();
    expect(world.row(id).state).toBe('verified');
    expect(world.machines.isIsolated(machines.one.id)).toBe(false);
    expect(world.machines.crossed).toEqual([]);
  });

  it('can be cancelled while it waits for the device, at Microsoft too', async () => {
    const world = new ActWorld();
    world.machines.setMood(machines.one.id, 'offline');
    const { id } = await begin(world, 'scanDevice', machines.one.id);
    await world.settle(600_000);
    await decide(world, world.row(id), 'cancel', requester);
    await world.settle();

    expect(world.row(id).state).toBe('cancelled');
    expect(world.machines.actionsOf(machines.one.id)[0]?.status).toBe('Cancelled');
  });

  it('ends a stuck one when its time is up, and takes it back at Microsoft', async () => {
    const world = new ActWorld();
    world.machines.setMood(machines.one.id, 'stuck');
    const { id } = await begin(world, 'collectPackage', machines.one.id);
    await world.settle();

    expect(world.row(id).state).toBe('timedOut');
    expect(world.machines.actionsOf(machines.one.id)[0]?.status).toBe('Cancelled');
  });

  it.each([
    ['did not arrive', 'notArrived', 1],
    ['arrived, and was not answered', 'lost', 2],
  ] as const)(
    'waits for what came of its own call, which %s, before it takes over what another did',
    async (_how, fate, releases) => {
      const world = new ActWorld();
      const { id: machine } = machines.one;
      const isolation = JSON.stringify({ Comment: 'by hand', IsolationType: 'Full' });
      world.machines.answer('POST', `/api/machines/${machine}/isolate`, new URLSearchParams(), isolation);
      await world.clock.advance(120_000);
      // What the first does shows to the second only after it has sent its own.
      world.machines.lagMs = 60_000;
      let posts = 0;
      world.fateOfRequest = ({ method }) => (method === 'POST' && (posts += 1) === 2 ? fate : 'go');
      const first = await begin(world, 'releaseDevice', machine, {}, 'release-first');
      const second = await begin(world, 'releaseDevice', machine, {}, 'release-second');
      await world.settle();

      expect([world.row(first.id).state, world.row(second.id).state]).toEqual(['verified', 'verified']);
      expect(world.machines.effects.filter(({ what }) => what === 'Unisolate')).toHaveLength(releases);
      expect(world.row(second.id).steps[0]?.adopted).toBe(releases === 1 ? true : undefined);
    },
  );

  it('tells a failure of the machine as one', async () => {
    const world = new ActWorld();
    world.machines.setMood(machines.one.id, 'failing');
    const { id } = await begin(world, 'scanDevice', machines.one.id);
    await world.settle();

    expect(world.row(id)).toMatchObject({ state: 'failed', steps: [{ failure: { code: 'machineActionEnded' } }] });
  });
});

describe('the kill switch', () => {
  it('sends nothing for what was asked for before it was turned', async () => {
    const world = new ActWorld();
    await begin(world, 'disableAccount', people.plain.id);
    world.options = { ...world.options, mode: 'off' };
    await world.settle(600_000);

    expect(world.sent).toEqual([]);
    world.options = { ...world.options, mode: 'on' };
    await world.settle();
    expect(world.users.isEnabled(people.plain.id)).toBe(false);
  });
});

describe('what is kept', () => {
  const dayMs = 86_400_000;
  const kept = { actionsMs: 400 * dayMs, auditMs: undefined };

  it('is the action with its key, for as long as it says; the audit stays', async () => {
    const world = new ActWorld();
    const { id } = await begin(world, 'disableAccount', people.plain.id);
    await world.settle();
    const lines = world.changes.kept.size;
    const endedAt = Date.parse(world.row(id).since);
    world.clock.jump(new Date(endedAt + kept.actionsMs));
    await forgetActed(world.process(), kept, signal);

    await begin(world, 'disableAccount', people.plain.id);
    expect(world.actions.list()).toHaveLength(1);
    expect(world.row(id).state).toBe('verified');

    world.clock.jump(new Date(endedAt + kept.actionsMs + 1));
    await forgetActed(world.process(), kept, signal);
    expect(world.actions.list()).toEqual([]);
    expect(world.changes.kept.size).toBe(lines);
    expect(world.events.at(-1)).toEqual({ name: 'oldActsForgotten', fields: { actions: 1, changes: 0 } });

    await forgetActed(world.process(), { ...kept, auditMs: 400 * dayMs }, signal);
    expect(world.changes.kept.size).toBe(0);
  });

  it.each(['has ended', 'was forgotten'])(
    'does not keep others waiting when a process puts one back in line that %s',
    async (how) => {
      const world = new ActWorld();
      const first = await begin(world, 'disableAccount', people.plain.id);
      await world.settle();
      if (how === 'was forgotten') await world.actions.remove([first.id], signal);
      await joinLine(world.process(), first, signal);

      const { id } = await begin(world, 'enableAccount', people.plain.id);
      await world.settle(600_000);

      expect(world.row(id).state).toBe('verified');
      expect(world.lines.list().flatMap(({ actions }) => actions)).toEqual([]);
    },
  );
});
