import { responseApplication } from '../local/provider';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, Visitor, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const customer = prospect(1, { size: { users: 12, devices: 8 } });
const id = customer.tenantId;
let web: WebStack;
let visitor: Visitor;
let user: Readonly<Record<string, unknown>>;
let machine: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  web = await startWebStack([customer]);
  visitor = web.visitor();
  const choose = await visitor.get(await web.invitation('Contoso'));
  const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
  const progress = await visitor.submit(form, { tenant: id, clientId: customer.clientId, secret: customer.secret });
  await web.advance(/[0-9a-f]{32}$/.exec(progress.url)?.[0] ?? '');
  web.microsoft.generate();
  const { graph } = web.microsoft;
  const objects = (feed: 'users' | 'defenderMachines') => {
    const store = graph.store(id, feed);
    return [...store.statesAt(graph.mark())].map((state) => store.parse(state));
  };
  user =
    objects('users')
      .slice(3)
      .find((one) => one['accountEnabled'] === true && one['onPremisesSyncEnabled'] !== true) ?? {};
  machine = objects('defenderMachines').find((one) => one['osPlatform'] === 'Windows11') ?? {};
  const simulated = graph.response.of(id).machines;
  Object.assign(simulated, { takesAfterMs: 0, endsAfterMs: 0 });
  simulated.setMood(String(machine['id']), 'online');
});
afterAll(async () => web.stop());

/** Does what the queue would bring, and opens the page again. */
async function settled(page: Seen): Promise<Seen> {
  const actionId = /[0-9a-f]{32}$/.exec(page.url)?.[0] ?? '';
  for (let round = 0; round < 5; round += 1) await web.connector.runAction({ actionId });
  return visitor.follow(page.url);
}

const formPath = (kind: 'user' | 'device', target: unknown): string => `/tenants/${id}/respond/${kind}/${String(target)}`;

describe('the pages on which users and devices are acted on', () => {
  it('say what is missing as long as the customer has not opted in', async () => {
    const page = await visitor.get(`/tenants/${id}/respond`);

    expect(textOf(page)).toContain('9 of 9 actions are not available for this tenant');
    expect(page.body).toContain(`/${id}/adminconsent?client_id=`);
    web.microsoft.identity.applicationsOf(id).consent(responseApplication);
    // A refused login is not repeated for ten seconds.
    web.clock.jump(11_000);
    expect(textOf(await visitor.get(`/tenants/${id}/respond`))).not.toContain('not available');
  });

  it('find a user by name and a device by name', async () => {
    const [name] = String(user['displayName']).split(' ');
    const people = await visitor.get(`/tenants/${id}/respond?kind=user&name=${encodeURIComponent(name ?? '')}`);
    expect(people.body).toContain(formPath('user', user['id']));
    const host = String(machine['computerDnsName']).slice(0, 6);
    const devices = await visitor.get(`/tenants/${id}/respond?kind=device&name=${encodeURIComponent(host)}`);
    expect(devices.body).toContain(formPath('device', machine['id']));
  });

  it('refuse to look for everything', async () => {
    const page = await visitor.get(`/tenants/${id}/respond?kind=user&name=${encodeURIComponent('**')}`);

    expect(page.status).toBe(400);
    expect(textOf(page)).toContain('This cannot be looked for.');
  });

  it('show the alerts about a user beside it', async () => {
    const { graph } = web.microsoft;
    const evidence = [{ '@odata.type': '#microsoft.graph.security.userEvidence', userAccount: { azureAdUserId: user['id'] } }];
    const createdDateTime = web.clock.now().toISOString();
    const alert = {
      id: 'alert-1',
      title: 'Impossible travel',
      severity: 'high',
      createdDateTime,
      lastUpdateDateTime: createdDateTime,
      evidence,
    };
    graph.publish(id, 'alertsV2', alert);
    const [name] = String(user['displayName']).split(' ');

    expect(textOf(await visitor.get(`/tenants/${id}/respond?kind=user&name=${encodeURIComponent(name ?? '')}`))).toContain(
      'Impossible travel',
    );
  });

  it('say what would be done, do it, and show its story until it is verified', async () => {
    const form = await visitor.get(formPath('user', user['id']));
    const fields = { action: 'containUser', reason: 'Impossible travel' };
    const dry = await visitor.submit(form, { ...fields, dryRun: 'true' });
    expect(textOf(dry)).toContain('Disable the account, then Revoke the sessions. Nobody else has to agree. Nothing was sent.');

    const asked = await visitor.submit(dry, { ...fields, dryRun: 'false' });
    expect(asked.url).toContain('/actions/');
    const page = await settled(asked);
    expect(textOf(page)).toContain('Verified');
    expect(textOf(page)).toContain('Sent, and taken by Microsoft (disable, HTTP 204');
    expect(page.body).not.toContain('data-renew');
    expect(textOf(await visitor.get('/actions'))).toContain('containUser');
    expect(textOf(await visitor.get(`/tenants/${id}`))).toContain('action.verified');
  });

  it('have a device isolated by two people, and released', async () => {
    const form = await visitor.get(formPath('device', machine['id']));
    const asked = await visitor.submit(form, { action: 'isolateDevice Full', reason: 'Ransomware', dryRun: 'false' });
    expect(textOf(asked)).toContain('Waiting for approval');

    const alone = await visitor.submit(asked, { as: '' }, `/tenants/${id}/actions/${asked.url.slice(-32)}/approve`);
    expect(textOf(alone)).toContain('Whoever asks for an action cannot approve it.');
    const agreed = await visitor.submit(asked, {}, `/tenants/${id}/actions/${asked.url.slice(-32)}/approve`);
    const isolated = await settled(agreed);
    expect(textOf(isolated)).toContain('Verified');
    expect(web.microsoft.graph.response.of(id).machines.isIsolated(String(machine['id']))).toBe(true);

    const undo = await visitor.get(`${formPath('device', machine['id'])}?action=releaseDevice`);
    expect(undo.body).toMatch(/value="releaseDevice"\s+required\s+checked/);
    const released = await settled(await visitor.submit(undo, { action: 'releaseDevice', reason: 'All clear', dryRun: 'false' }));
    expect(textOf(released)).toContain('Verified');
    expect(web.microsoft.graph.response.of(id).machines.isIsolated(String(machine['id']))).toBe(false);
  });

  it('keep what was asked for in the hub of operations', async () => {
    const told = await web.connector.actPorts.changes.untold(500, signal);
    expect(told.filter(({ what }) => what.startsWith('action.'))).toEqual([]);
  });

  it('do nothing for a button that is not there', async () => {
    const form = await visitor.get(formPath('user', user['id']));
    const answer = await visitor.submit(form, { action: 'enableAccount', reason: 'All clear', dryRun: 'no' });

    expect(textOf(answer)).toContain('Nothing was sent.');
  });
});
