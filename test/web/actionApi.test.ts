import type { OperatorRole } from '../../src/domain/operator';
import { without } from '../../src/domain/without';
import { responseApplication } from '../local/provider';
import { operatorHeaders, signedInSettings } from '../support/operatorToken';
import { prospect, startWebStack } from '../support/webStack';
import type { Seen, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const customer = prospect(1, { size: { users: 12, devices: 8 } });
const other = prospect(2, { size: { users: 12, devices: 8 } });
const id = customer.tenantId;
let web: WebStack;
let users: readonly Readonly<Record<string, unknown>>[];
let machine: string;

beforeAll(async () => {
  web = await startWebStack([customer, other], signedInSettings);
  for (const { tenantId, clientId, secret } of [customer, other]) {
    const visitor = web.visitor();
    const choose = await visitor.get(await web.invitation('Contoso'));
    const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
    const progress = await visitor.submit(form, { tenant: tenantId, clientId, secret });
    await web.advance(/[0-9a-f]{32}$/.exec(progress.url)?.[0] ?? '');
  }
  web.microsoft.identity.applicationsOf(id).consent(responseApplication);
  web.microsoft.generate();
  users = objects('users')
    .slice(3)
    .filter((user) => user['accountEnabled'] === true && user['onPremisesSyncEnabled'] !== true);
  const machines = objects('defenderMachines').filter((one) => one['osPlatform'] === 'Windows11');
  machine = String(machines[0]?.['id']);
  const simulated = web.microsoft.graph.response.of(id).machines;
  Object.assign(simulated, { takesAfterMs: 0, endsAfterMs: 0 });
  simulated.setMood(machine, 'online');
});
afterAll(async () => web.stop());

function objects(feed: 'users' | 'defenderMachines'): Readonly<Record<string, unknown>>[] {
  const { graph } = web.microsoft;
  const store = graph.store(id, feed);
  return [...store.statesAt(graph.mark())].map((state) => store.parse(state));
}

const userId = (index: number): string => String(users[index]?.['id']);

interface Asked {
  readonly body?: unknown;
  readonly roles?: readonly OperatorRole[];
  readonly oid?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const oids = { requester: '0b0b0b0b-1111-4111-8111-000000000001', approver: '0b0b0b0b-1111-4111-8111-000000000002' };

async function send(
  method: string,
  path: string,
  { body, roles = ['Responder'], oid = oids.requester, headers = {} }: Asked = {},
): Promise<Seen> {
  const write = method === 'GET' ? {} : { origin: web.stack.publicUrl, 'x-m365c-request': '1' };
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  return web.visitor().send(method, path, {
    ...(body === undefined ? {} : { form: JSON.stringify(body) }),
    headers: { ...operatorHeaders(web, roles, { oid }), ...write, ...json, ...headers },
  });
}

const actionsPath = (tenantId = id): string => `/api/tenants/${tenantId}/actions`;
let keys = 0;
const request = (changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ key: `test-key-${(keys += 1)}`, action: 'disableAccount', target: userId(0), reason: 'an alert', dryRun: false },
  ...changes,
});

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly story: readonly { readonly kind: string; readonly text: string }[];
}

const read = ({
  body,
}: Seen): { readonly code?: string; readonly title?: string; readonly action?: Shown; readonly [name: string]: unknown } =>
  JSON.parse(body) as ReturnType<typeof read>;

function actionOf(seen: Seen): Shown {
  const { action } = read(seen);
  if (action === undefined) throw new Error(seen.body);
  return action;
}

/** Does what the queue would bring, and shows the action. */
async function settled(actionId: string): Promise<Shown> {
  for (let round = 0; round < 5; round += 1) await web.connector.runAction({ actionId });
  return JSON.parse((await send('GET', `${actionsPath()}/${actionId}`)).body) as Shown;
}

const nothingSent = (): void =>
  expect(
    web.microsoft.graph.response.of(id).users.effects.length + web.microsoft.graph.response.of(id).machines.effects.length,
  ).toBe(sentBefore);
let sentBefore = 0;
const noteSent = (): void => {
  const { users: people, machines } = web.microsoft.graph.response.of(id);
  sentBefore = people.effects.length + machines.effects.length;
};

describe('an action over the API', () => {
  it('is a dry run unless it says otherwise, which says what would be done', async () => {
    noteSent();
    const silent = without(request(), 'dryRun');
    const answer = await send('POST', actionsPath(), { body: silent });

    expect(answer.status).toBe(202);
    expect(read(answer)).toMatchObject({ dryRun: true, wouldDo: { steps: ['Disable the account'], approval: [] } });
    nothingSent();
  });

  it('disables a user, seen by everybody else who reads it, and is told with its whole story', async () => {
    const asked = await send('POST', actionsPath(), { body: request({ key: 'disable-1', target: userId(0) }) });
    const shown = await settled(actionOf(asked).id);

    expect(shown.state).toBe('verified');
    expect(shown.story.map(({ kind }) => kind)).toEqual(['requested', 'started', 'intended', 'sent', 'stepDone', 'verified']);
    expect(objects('users').find((one) => one['id'] === userId(0))?.['accountEnabled']).toBe(false);
    const { changes } = read(await send('GET', `/api/tenants/${id}/history`)) as unknown as { changes: { what: string }[] };
    expect(changes.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['action.requested', 'action.intended', 'action.verified']),
    );
  });

  it('is the same action for the same key, and refused for the same key with another body', async () => {
    const body = request({ key: 'twice-123', action: 'revokeSessions', target: userId(1) });
    const [first, second] = await Promise.all([send('POST', actionsPath(), { body }), send('POST', actionsPath(), { body })]);
    expect(actionOf(second).id).toBe(actionOf(first).id);
    await settled(actionOf(first).id);
    const third = await send('POST', actionsPath(), { body });
    expect(actionOf(third)).toMatchObject({ id: actionOf(first).id, state: 'verified' });

    const changed = await send('POST', actionsPath(), { body: { ...body, target: userId(2) } });
    expect({ status: changed.status, code: read(changed).code }).toEqual({ status: 409, code: 'keyUsed' });
    expect(web.microsoft.graph.response.of(id).users.effects.filter(({ what }) => what === 'revoke')).toHaveLength(1);
  });

  it('isolates only after another person agreed, in time, and once', async () => {
    const isolate = actionOf(await send('POST', actionsPath(), { body: request({ action: 'isolateDevice', target: machine }) }));
    const path = `${actionsPath()}/${isolate.id}/decisions`;
    const decide = async (decision: string, roles: readonly OperatorRole[], oid: string) =>
      send('POST', path, { body: { decision }, roles, oid });

    expect(isolate.state).toBe('approval');
    expect(read(await decide('approve', ['Responder'], oids.requester)).code).toBe('role');
    const self = await decide('approve', ['Responder', 'Approver'], oids.requester);
    expect({ status: self.status, code: read(self).code }).toEqual({ status: 403, code: 'self' });
    const program = await send('POST', path, { body: { decision: 'approve' }, roles: ['Approver'], oid: 'operator' });
    expect({ status: program.status, code: read(program).code }).toEqual({ status: 403, code: 'notAPerson' });
    expect((await decide('approve', ['Approver'], oids.approver)).status).toBe(200);
    expect(read(await decide('approve', ['Approver'], oids.approver)).code).toBe('notAsked');
    expect((await settled(isolate.id)).state).toBe('verified');
    expect(web.microsoft.graph.response.of(id).machines.isIsolated(machine)).toBe(true);

    const late = actionOf(
      await send('POST', actionsPath(), { body: request({ action: 'isolateDevice', target: machine, choice: 'Selective' }) }),
    );
    web.clock.jump(31 * 60_000);
    const expired = await send('POST', `${actionsPath()}/${late.id}/decisions`, {
      body: { decision: 'approve' },
      roles: ['Approver'],
      oid: oids.approver,
    });
    expect(read(expired).code).toBe('expired');
    expect((await settled(late.id)).state).toBe('refused');
  });
});

describe('what cannot be right', () => {
  const dots = '..%2f..%2fapplications';
  const wrong: readonly (readonly [string, () => Readonly<Record<string, unknown>>, number, string])[] = [
    ['dryRun as text', () => request({ dryRun: 'false' }), 400, 'dryRun'],
    ['dryRun as a number', () => request({ dryRun: 0 }), 400, 'dryRun'],
    ['dryRun as null', () => request({ dryRun: null }), 400, 'dryRun'],
    ['an unknown action', () => request({ action: 'deleteTenant' }), 400, 'action'],
    ['a field that says it is approved', () => request({ approved: true }), 400, 'field'],
    ['a field that says who asks', () => request({ requestedBy: 'somebody' }), 400, 'field'],
    ['another tenant in the body', () => request({ tenantId: other.tenantId }), 400, 'field'],
    ['no target', () => request({ target: '' }), 400, 'target'],
    ['every target', () => request({ target: '*' }), 400, 'target'],
    ['10,000 targets', () => request({ target: Array.from({ length: 700 }, () => userId(0)) }), 400, 'target'],
    ['a path as target', () => request({ target: dots }), 400, 'target'],
    ['a target with a quotation mark', () => request({ target: `${userId(0)}'` }), 400, 'target'],
    ['a user of nobody', () => request({ target: '99999999-9999-4999-8999-999999999999' }), 404, 'targetMissing'],
    ['no reason', () => request({ reason: ' ' }), 400, 'reason'],
    ['a reason of two lines', () => request({ reason: 'one\r\ntwo' }), 400, 'reason'],
    ['a reason written backwards', () => request({ reason: 'a \u202e b' }), 400, 'reason'],
    ['a reason that is too long', () => request({ reason: 'x'.repeat(501) }), 400, 'reason'],
    ['no key', () => request({ key: '' }), 400, 'key'],
    [
      'a choice that is none',
      () => request({ action: 'isolateDevice', target: machine, choice: 'UnManagedDevice' }),
      400,
      'choice',
    ],
  ];

  it.each(wrong)('%s is refused in words, kept, and sends nothing', async (_name, body, status, code) => {
    noteSent();
    const before = (await web.connector.actPorts.changes.newest(id, 500, signal)).length;
    const answer = await send('POST', actionsPath(), { body: body() });

    expect({ status: answer.status, code: read(answer).code }).toEqual({ status, code });
    expect(read(answer).title).toMatch(/\.( \[\w+\])?$/);
    const [kept, ...rest] = await web.connector.actPorts.changes.newest(id, 500, signal);
    expect(kept).toMatchObject({ what: 'action.requested', outcome: 'refused' });
    expect(rest.length).toBe(before);
    nothingSent();
  });

  it('takes no user of another tenant, no tenant that is not here, and no action of another tenant', async () => {
    noteSent();
    const elsewhere = await send('POST', actionsPath('99999999-2222-4222-8222-222222222222'), { body: request() });
    expect(elsewhere.status).toBe(404);
    const done = await web.connector.actPorts.actions.newest(id, 1, signal);
    const foreign = await send('GET', `${actionsPath(other.tenantId)}/${done[0]?.id ?? ''}`);
    expect({ status: foreign.status, code: read(foreign).code }).toEqual({ status: 404, code: 'actionUnknown' });
    const cancel = await send('POST', `${actionsPath(other.tenantId)}/${done[0]?.id ?? ''}/decisions`, {
      body: { decision: 'cancel' },
    });
    expect(cancel.status).toBe(404);
    nothingSent();
  });

  it('says what to do where the customer has not opted in', async () => {
    const answer = await send('POST', actionsPath(other.tenantId), { body: request() });

    expect(answer.status).toBe(403);
    expect(read(answer)).toMatchObject({ code: 'AADSTS700016' });
    const kinds = read(await send('GET', `/api/tenants/${other.tenantId}/action-kinds`)) as unknown as {
      actions: { unavailable?: object }[];
    };
    expect(kinds.actions.every(({ unavailable }) => unavailable !== undefined)).toBe(true);
  });

  it('lets only a Responder ask, over JSON, from our own origin', async () => {
    noteSent();
    expect((await send('POST', actionsPath(), { body: request(), roles: ['Approver'] })).status).toBe(403);
    expect((await send('POST', actionsPath(), { body: request(), headers: { origin: 'https://evil.example' } })).status).toBe(
      403,
    );
    expect((await send('POST', actionsPath(), { body: request(), headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await send('PATCH', actionsPath(), { body: request() })).status).toBe(405);
    nothingSent();
  });
});
