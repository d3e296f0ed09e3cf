import { unrefTokenRenewals } from '../local/eventHubs/hubClients';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { startCommandStack } from './commandStack';
import type { CommandStack, Ran } from './commandStack';

jest.setTimeout(180_000);
unrefTokenRenewals();

const contoso: SimulatedTenant = {
  tenantId: 'c0a10c0a-0000-4000-8000-0000000000a6',
  name: 'Contoso',
  clientId: 'c0a10c0a-aaaa-4000-8000-0000000000a6',
  secret: 'fake-secret-contoso~6',
  mood: 'steady',
  activity: 'none',
};

let stack: CommandStack;
let user: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  stack = await startCommandStack([contoso]);
  const words = ['add', '--tenant-id', contoso.tenantId, '--client-id', contoso.clientId, '--name', 'Contoso'];
  expect((await stack.tenant([...words, '--integrations', 'evidence'], { input: contoso.secret })).code).toBe(0);
  const graph = stack.stack.microsoft365?.graph;
  if (graph === undefined) throw new Error('There is no simulated Microsoft 365.');
  graph.generate(new Date());
  const store = graph.store(contoso.tenantId, 'users');
  const users = [...store.statesAt(graph.mark())].map((state) => store.parse(state)).slice(3);
  user = users.find((one) => one['accountEnabled'] === true && one['onPremisesSyncEnabled'] !== true) ?? {};
});
afterAll(async () => stack.stop());

interface Action {
  readonly id: string;
  readonly state: string;
  readonly requestedBy: string;
}

const actionOf = (ran: Ran): Action => ran.json()['action'] as Action;

describe('npm run respond', () => {
  it('finds a user by name, says what would be done, and has it done', async () => {
    const found = await stack.respond(['find', 'Contoso', String(user['displayName']), '--json']);
    const target = String(user['id']);
    expect(found.json()).toMatchObject({
      ok: true,
      targets: expect.arrayContaining([expect.objectContaining({ id: target })]) as unknown,
    });

    const words = ['do', 'Contoso', 'disableAccount', target, '--reason', 'an alert'];
    const dry = await stack.respond(words);
    expect([dry.code, dry.stdout.includes('Nothing was sent. Add --yes to have it done.')]).toEqual([0, true]);

    const asked = actionOf(await stack.respond([...words, '--yes', '--json']));
    expect(asked.requestedBy).toMatch(/^command line, /);
    for (let round = 0; round < 5; round += 1) await stack.connector.runAction({ actionId: asked.id });
    const shown = await stack.respond(['show', 'Contoso', asked.id]);
    expect(shown.stdout).toContain('Verified');
    expect(shown.stdout).toContain('Sent, and taken by Microsoft (disable, HTTP 204');
    expect((await stack.respond(['list', 'Contoso'])).stdout).toContain(asked.id);
  });

  it('refuses what cannot be right, in words, with exit code 2', async () => {
    const none = await stack.respond(['do', 'Contoso', 'disableAccount', '*', '--reason', 'an alert', '--yes', '--json']);
    const alone = await stack.respond(['do', 'Contoso', 'deleteTenant', 'x', '--reason', 'an alert', '--json']);
    const strange = await stack.respond(['explode', '--json']);

    expect([none.code, alone.code, strange.code]).toEqual([2, 2, 2]);
    expect(none.json()['error']).toBe('The target cannot be read.');
    expect(alone.json()['error']).toBe('There is no such action.');
    expect(strange.json()['error']).toBe('There is no command "explode".');
  });

  it('cannot approve, because nobody has signed in', async () => {
    const graph = stack.stack.microsoft365?.graph;
    if (graph === undefined) throw new Error('There is no simulated Microsoft 365.');
    const store = graph.store(contoso.tenantId, 'defenderMachines');
    const machines = [...store.statesAt(graph.mark())].map((state) => store.parse(state));
    const machine = String(machines.find((one) => one['osPlatform'] === 'Windows11')?.['id']);
    const words = ['do', 'Contoso', 'isolateDevice', machine, '--reason', 'an alert', '--yes', '--json'];
    const asked = actionOf(await stack.respond(words));
    const approved = await stack.respond(['approve', 'Contoso', asked.id, '--json']);

    expect(asked.state).toBe('approval');
    expect([approved.code, approved.json()['error']]).toEqual([2, 'This needs the role Approver.']);
    expect(actionOf(await stack.respond(['decline', 'Contoso', asked.id, '--json'])).state).toBe('refused');
  });

  it('says what can be done, and what each needs', async () => {
    const ran = await stack.respond(['kinds', 'Contoso']);

    expect([ran.code, ran.stdout.match(/available$/gm)?.length]).toEqual([0, 9]);
    expect((await stack.respond(['--help'])).stdout).toContain('npm run respond -- find TENANT NAME');
  });
});
