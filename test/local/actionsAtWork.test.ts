import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decideAction } from '../../src/app/decideAction';
import { requestAction } from '../../src/app/requestAction';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import type { ActionRow } from '../../src/domain/actionRow';
import type { Operator } from '../../src/domain/operator';
import { createLineWatch } from './functionHost/fixture/lineWatch';
import { unrefTokenRenewals } from './eventHubs/hubClients';
import type { SimulatedTenant } from './microsoft365/tenant';
import { tenantNamed } from '../support/simulatedTenant';
import { startStack } from './stack';
import type { Stack } from './stack';

jest.setTimeout(180_000);
unrefTokenRenewals();

const contoso: SimulatedTenant = {
  ...{ tenantId: 'c0a10c0a-0000-4000-8000-0000000000b6', clientId: 'c0a10c0a-aaaa-4000-8000-0000000000b6' },
  ...{ name: 'Contoso', secret: 'fake-secret-contoso~b', mood: 'steady', activity: 'none' },
};
const requester: Operator = { who: 'home/requester', roles: ['Responder'] };
const approver: Operator = { who: 'home/approver', roles: ['Approver'] };
const { signal } = new AbortController();
/** From the approval to the request at Microsoft, on a worker that is warm. */
const mostMs = 5_000;

describe('actions at work in a process of their own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'actions-'));
  const watch = createLineWatch();
  let stack: Stack;
  let connector: Connector;
  beforeAll(async () => {
    stack = await startStack({ folder, seed: 7, tenants: [contoso], onLine: (line) => watch.add(line) });
    await stack.startConnector();
    connector = compose(stack.environment, { log: () => undefined });
    const row = {
      ...tenantNamed('Contoso'),
      id: contoso.tenantId,
      clientId: contoso.clientId,
      cloud: 'custom',
      integrations: [],
    } as const;
    await connector.tenantPorts.tenants.save(row, undefined, signal);
    stack.microsoft365?.generate();
  });
  afterAll(async () => {
    await connector.stop();
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function targetOf(feed: 'users' | 'defenderMachines', wanted: (object: Readonly<Record<string, unknown>>) => boolean): string {
    const graph = stack.microsoft365?.graph;
    if (graph === undefined) throw new Error('There is no simulated Microsoft 365.');
    const store = graph.store(contoso.tenantId, feed);
    const objects = [...store.statesAt(graph.mark())].map((state) => store.parse(state));
    return String(objects.slice(feed === 'users' ? 3 : 0).find(wanted)?.['id']);
  }

  async function ask(key: string, action: string, target: string): Promise<ActionRow> {
    const body = { action, target, reason: 'an alert', dryRun: false };
    const asked = await requestAction(connector.actPorts, requester, { tenantId: contoso.tenantId, key, body }, signal);
    if (asked.dryRun) throw new Error('It was a dry run.');
    return asked.row;
  }

  async function finished({ id }: ActionRow): Promise<ActionRow> {
    await watch.find('"event":"actionFinished"', `"actionId":"${id}"`);
    const found = await connector.actPorts.actions.find(id, signal);
    if (found === undefined) throw new Error('The action is gone.');
    return found.row;
  }

  it('contain a user', async () => {
    const user = targetOf('users', (one) => one['accountEnabled'] === true && one['onPremisesSyncEnabled'] !== true);
    const row = await finished(await ask('contain-0001', 'containUser', user));

    expect(row.state).toBe('verified');
    expect(stack.microsoft365?.graph.response.of(contoso.tenantId).users.isEnabled(user)).toBe(false);
  });

  it('isolate a device within seconds of the approval, and release it', async () => {
    const machine = targetOf('defenderMachines', (one) => one['osPlatform'] === 'Windows11' && one['healthStatus'] === 'Active');
    const isolate = await ask('isolate-0001', 'isolateDevice', machine);
    await decideAction(connector.actPorts, approver, { tenantId: contoso.tenantId, id: isolate.id, decision: 'approve' }, signal);
    const isolated = await finished(isolate);
    const at = (kind: string): number => Date.parse(isolated.story.find((line) => line.kind === kind)?.at ?? '');

    expect(isolated.state).toBe('verified');
    expect(at('sent') - at('approved')).toBeLessThan(mostMs);
    const released = await finished(await ask('release-0001', 'releaseDevice', machine));
    expect(released.state).toBe('verified');
    expect(stack.microsoft365?.graph.response.of(contoso.tenantId).machines.isIsolated(machine)).toBe(false);
  });

  it('tell the hub of operations every line of every story', async () => {
    const told = [...stack.hubs.read('m365-operations')].flatMap(({ body }) => {
      const { records } = JSON.parse(body.toString()) as {
        records: { category: string; properties: { actionId: string; line: number } }[];
      };
      return records
        .filter(({ category }) => category === 'M365Connector.Action')
        .map(({ properties }) => `${properties.actionId}.${properties.line}`);
    });
    const rows = await connector.actPorts.actions.newest(contoso.tenantId, 10, signal);

    expect(rows).toHaveLength(3);
    expect(new Set(told)).toEqual(new Set(rows.flatMap(({ id, story }) => story.map(({ number }) => `${id}.${number}`))));
  });

  it('are forgotten by the maintenance of a year later; the audit is not', async () => {
    const kept = async () => connector.actPorts.actions.newest(contoso.tenantId, 10, signal);
    const changes = await connector.actPorts.changes.newest(contoso.tenantId, 100, signal);
    await connector.maintain({ log: () => undefined });
    expect(await kept()).toHaveLength(3);
    const clock = { ...connector.clock, now: () => new Date(connector.clock.now().getTime() + 401 * 86_400_000) };
    const later = compose(stack.environment, { log: () => undefined, clock });
    await later.maintain({ log: () => undefined });
    await later.stop();

    expect(await kept()).toEqual([]);
    expect(await connector.actPorts.changes.newest(contoso.tenantId, 100, signal)).toEqual(changes);
  });
});
