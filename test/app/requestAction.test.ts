import { decideAction } from '../../src/app/decideAction';
import { ActionRefusal } from '../../src/app/requestAction';
import type { RequestedAction } from '../../src/app/requestAction';
import { ActWorld, approver, machines, people, requester } from '../support/actWorld';

const { signal } = new AbortController();

/** The code with which a request is refused; `none` when it is taken. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    if (error instanceof ActionRefusal) return error.code;
    throw error;
  }
}

const disable = (target: string) => ({ action: 'disableAccount', target });

function causes(asked: RequestedAction): readonly string[] {
  return asked.dryRun ? asked.approval : (asked.row.approval?.causes ?? []);
}

describe('a request for an action', () => {
  it.each([
    ['a break-glass account', people.breakGlass.id, 'protectedTarget'],
    ['the last Global Administrator', people.lastGlobal.id, 'lastGlobalAdministrator'],
    ['a user who is not there', '99999999-0000-4000-8000-000000000009', 'targetMissing'],
  ])('is refused for %s, and kept', async (_name, target, code) => {
    const world = new ActWorld();

    expect(await codeOf(world.ask(world.process(), disable(target)))).toBe(code);
    expect([...world.changes.kept.values()]).toMatchObject([
      { what: 'action.requested', outcome: 'refused', who: requester.who },
    ]);
    expect([world.sent, world.actions.list()]).toEqual([[], []]);
    expect(world.events).toMatchObject([{ name: 'actionRefused', fields: { code } }, { name: 'tenantChanged' }]);
  });

  it('protects by the name of a user as well, whatever its case', async () => {
    const world = new ActWorld();
    world.options = { ...world.options, protectedTargets: new Set([people.plain.userPrincipalName.toLowerCase()]) };

    expect(await codeOf(world.ask(world.process(), disable(people.plain.id)))).toBe('protectedTarget');
  });

  it('lets the last Global Administrator be signed out, which locks nobody out', async () => {
    const world = new ActWorld();
    const asked = await world.ask(world.process(), { action: 'revokeSessions', target: people.lastGlobal.id });

    expect(causes(asked)).toEqual(['privileged']);
  });

  it('needs a second person for somebody who may become an administrator, as far as the tenant has such roles', async () => {
    const world = new ActWorld();
    const asked = await world.ask(world.process(), { ...disable(people.eligible.id), dryRun: true });
    if (!asked.dryRun) throw new Error('It was no dry run.');

    expect(asked.approval).toEqual(['privileged']);
    expect(asked.report.roles).toEqual(['Global Administrator (eligible)', 'Helpdesk Administrator (eligible)']);
    world.users.hasPrivilegedIdentityManagement = false;
    expect(causes(await world.ask(world.process(), disable(people.eligible.id)))).toEqual([]);
  });

  it('says before anything is sent that no licence for it is known, and leaves it to Microsoft', async () => {
    const world = new ActWorld();
    const warnings = async (action: string, target: string) => {
      const asked = await world.ask(world.process(), { action, target, dryRun: true });
      if (!asked.dryRun) throw new Error('It was no dry run.');
      return asked.report.warnings;
    };
    const all = async () => [
      await warnings('confirmCompromised', people.plain.id),
      await warnings('scanDevice', machines.one.id),
      await warnings('disableAccount', people.plain.id),
    ];

    expect(await all()).toEqual([[], [], []]);
    world.servicePlans = ['AAD_PREMIUM_P2'];
    expect(await all()).toEqual([[], ['licence'], []]);
    world.servicePlans = [];
    expect(await all()).toEqual([['licence'], ['licence'], []]);
  });

  it('fails when it cannot be known whether somebody may become an administrator', async () => {
    const world = new ActWorld();
    world.fateOfRequest = ({ url }) => (url.includes('roleEligibilityScheduleInstances') ? 'fault' : 'go');

    await expect(world.ask(world.process(), disable(people.plain.id))).rejects.toMatchObject({
      failure: { kind: 'unavailable' },
    });
    expect(world.actions.list()).toEqual([]);
  });

  it('is refused on a platform on which it does not work, before anything is sent', async () => {
    const world = new ActWorld();
    const isolate = (target: string, choice: string) => world.ask(world.process(), { action: 'isolateDevice', target, choice });

    expect(await codeOf(isolate(machines.phone.id, 'Full'))).toBe('unsupportedPlatform');
    expect(await codeOf(isolate(machines.linux.id, 'Selective'))).toBe('unsupportedPlatform');
    expect(await codeOf(isolate(machines.linux.id, 'Full'))).toBe('none');
  });

  it('is not available without the response application, or without its permissions, which are named', async () => {
    const world = new ActWorld();
    world.isSetUp = false;
    expect(await codeOf(world.ask(world.process(), disable(people.plain.id)))).toBe('responseNotSetUp');
    world.isSetUp = true;
    world.roles = { ...world.roles, graph: ['User.Read.All'] };
    const refusal = world.ask(world.process(), disable(people.plain.id));
    await expect(refusal).rejects.toMatchObject({
      code: 'responsePermission',
      message: expect.stringContaining('RoleManagement.Read.Directory, User.EnableDisableAccount.All') as unknown,
    });
  });

  it.each([
    ['off', true, 'switchedOff'],
    ['off', false, 'switchedOff'],
    ['dryRun', true, 'none'],
    ['dryRun', false, 'dryRunOnly'],
    ['on', true, 'none'],
    ['on', false, 'none'],
  ] as const)('with actions %s and dryRun %s: %s', async (mode, dryRun, code) => {
    const world = new ActWorld();
    world.options = { ...world.options, mode };

    expect(await codeOf(world.ask(world.process(), { ...disable(people.plain.id), dryRun }))).toBe(code);
    await world.settle(60_000);
    expect(world.sent.length > 0).toBe(mode === 'on' && !dryRun);
  });

  it('says what a dry run would do, and what to know, and writes down who looked', async () => {
    const world = new ActWorld();
    const asked = await world.ask(world.process(), { action: 'containUser', target: people.synced.id, dryRun: true });

    expect(asked).toMatchObject({
      dryRun: true,
      steps: ['Disable the account', 'Revoke the sessions'],
      report: { warnings: ['synced'], state: 'enabled' },
      approval: [],
    });
    expect([...world.changes.kept.values()]).toMatchObject([{ what: 'action.dryRun', who: requester.who }]);
    expect([world.sent, world.actions.list()]).toEqual([[], []]);
  });

  it('needs a second person beyond so many targets an hour, and not for the same ones again', async () => {
    const world = new ActWorld();
    world.options = { ...world.options, targetsWithoutApproval: 1 };
    const ask = async (target: string, key: string) => causes(await world.ask(world.process(), disable(target), { key }));

    expect(await ask(people.plain.id, 'key-00000001')).toEqual([]);
    expect(await ask(people.plain.id, 'key-00000002')).toEqual([]);
    expect(await ask(people.other.id, 'key-00000003')).toEqual(['manyTargets']);
  });

  it('is refused when the hour is full, in the tenant or in all, and taken an hour later; the same key costs nothing', async () => {
    const world = new ActWorld();
    world.options = { ...world.options, perTenantAnHour: 2 };
    const ask = async (key: string) => codeOf(world.ask(world.process(), disable(people.plain.id), { key }));

    expect([await ask('key-00000001'), await ask('key-00000001'), await ask('key-00000002')]).toEqual(['none', 'none', 'none']);
    expect(await ask('key-00000003')).toBe('tooManyActions');
    world.clock.jump(new Date(world.clock.now().getTime() + 3_600_000));
    expect(await ask('key-00000003')).toBe('none');
    world.options = { ...world.options, perTenantAnHour: 50, allTenantsAnHour: 1 };
    expect(await ask('key-00000004')).toBe('tooManyActions');
  });

  it('of five at once with one key is one action', async () => {
    const world = new ActWorld();
    world.latencyMs = () => 50;
    const given = {
      tenantId: world.tenant.id,
      key: 'key-00000001',
      body: { ...disable(people.plain.id), reason: 'an alert', dryRun: false },
    };
    const all = await world.clock.run(
      Promise.all([1, 2, 3, 4, 5].map(async () => world.request(world.process(), requester, given))),
    );
    await world.settle();

    expect(new Set(all.map((asked) => (asked.dryRun ? '' : asked.row.id))).size).toBe(1);
    expect(all.filter((asked) => !asked.dryRun && asked.isNew)).toHaveLength(1);
    expect(world.users.effects).toHaveLength(1);
  });

  it('is refused without the role, whatever it says of itself', async () => {
    const world = new ActWorld();

    expect(await codeOf(world.ask(world.process(), disable(people.plain.id), { by: approver }))).toBe('role');
    expect(await codeOf(world.ask(world.process(), { ...disable(people.plain.id), requestedBy: 'x' }))).toBe('field');
  });
});

describe('a decision', () => {
  it('is refused when it comes too late, from the same person or for another tenant, and each is kept', async () => {
    const world = new ActWorld();
    const asked = await world.ask(world.process(), { action: 'isolateDevice', target: machines.one.id });
    const id = asked.dryRun ? '' : asked.row.id;
    const approve = async (who: string, tenantId = world.tenant.id) =>
      codeOf(
        world.clock.run(
          decideAction(world.process(), { who, roles: ['Approver', 'Responder'] }, { tenantId, id, decision: 'approve' }, signal),
        ),
      );

    expect(await approve(requester.who)).toBe('self');
    expect(await approve(approver.who, '99999999-2222-4222-8222-222222222222')).toBe('actionUnknown');
    world.clock.jump(new Date(world.clock.now().getTime() + world.options.approvalMs));
    expect(await approve(approver.who)).toBe('expired');
    expect([...world.changes.kept.values()].filter(({ what }) => what === 'action.approve')).toHaveLength(3);
    await world.settle();
    expect(world.row(id).state).toBe('refused');
    expect(await approve(approver.who)).toBe('notAsked');
    expect(world.sent).toEqual([]);
  });

  it('to cancel comes before the first call, or not at all once everything is done', async () => {
    const world = new ActWorld();
    const ports = world.process();
    const asked = await world.ask(ports, { action: 'containUser', target: people.plain.id });
    const id = asked.dryRun ? '' : asked.row.id;
    const cancel = { tenantId: world.tenant.id, id, decision: 'cancel' } as const;
    await world.clock.run(decideAction(ports, requester, cancel, signal));
    await world.settle();

    expect([world.row(id).state, world.sent]).toEqual(['cancelled', []]);
    expect(await codeOf(world.clock.run(decideAction(ports, requester, cancel, signal)))).toBe('ended');
  });
});
