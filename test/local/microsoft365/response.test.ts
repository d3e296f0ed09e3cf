import { SimulatedMachines } from './response/simulatedMachines';
import { SimulatedResponse } from './response/simulatedResponse';
import type { ActionCall } from './response/simulatedResponse';
import { SimulatedUsers } from './response/simulatedUsers';

const machine = { id: 'a'.repeat(40), computerDnsName: 'machine-a', osPlatform: 'Windows11' };
const start = Date.parse('2026-11-22T10:05:00Z');
const empty = new URLSearchParams();

describe('simulated machines', () => {
  let now: number;
  let machines: SimulatedMachines;
  const post = (action: string, body: object) =>
    machines.answer('POST', `/api/machines/${machine.id}/${action}`, empty, JSON.stringify(body));
  const states = () => machines.actionsOf(machine.id).map(({ type, status }) => `${type} ${status}`);
  beforeEach(() => {
    now = start;
    machines = new SimulatedMachines(
      () => now,
      (id) => (id === machine.id ? machine : { ...machine, id, osPlatform: 'iOS' }),
    );
  });

  it('take an action, work on it, and end it, each in its time', () => {
    expect(post('isolate', { Comment: 'x', IsolationType: 'Full' })?.status).toBe(201);
    expect(states()).toEqual(['Isolate Pending']);
    now += machines.takesAfterMs;
    expect(states()).toEqual(['Isolate InProgress']);
    now += machines.endsAfterMs;
    expect([states(), machines.isIsolated(machine.id)]).toEqual([['Isolate Succeeded'], true]);
  });

  it('wait while they are off, never end when they are stuck, and fail when they fail', () => {
    for (const [mood, last] of [
      ['offline', 'Pending'],
      ['stuck', 'Pending'],
      ['failing', 'Failed'],
    ] as const) {
      machines = new SimulatedMachines(
        () => now,
        () => machine,
        () => mood,
      );
      post('runAntiVirusScan', { Comment: 'x', ScanType: 'Quick' });
      now += 3_600_000;
      states();
      now += 3_600_000;
      expect([mood, states()]).toEqual([mood, [`RunAntiVirusScan ${last}`]]);
    }
  });

  it('refuse a second one of a kind, names of properties in another case, and platforms that cannot', () => {
    post('isolate', { Comment: 'x', IsolationType: 'Full' });
    expect(post('isolate', { Comment: 'x', IsolationType: 'Full' })?.body).toMatchObject({
      error: { code: 'ActiveRequestAlreadyExists' },
    });
    expect(post('runAntiVirusScan', { comment: 'x', scanType: 'Quick' })?.body).toMatchObject({
      error: { code: 'InvalidRequestBody' },
    });
    const phone = machines.answer(
      'POST',
      `/api/machines/${'b'.repeat(40)}/isolate`,
      empty,
      '{"Comment":"x","IsolationType":"Full"}',
    );
    expect(phone?.body).toMatchObject({ error: { code: 'OsPlatformNotSupported' } });
  });

  it('take the opposite in the wrong order, as the real ones do, and note it', () => {
    post('isolate', { Comment: 'x', IsolationType: 'Full' });
    expect(post('unisolate', { Comment: 'x' })?.status).toBe(201);
    expect(machines.crossed).toHaveLength(1);
  });

  it('are cancelled only before they begin', () => {
    const id = (post('isolate', { Comment: 'x', IsolationType: 'Full' })?.body as { id: string }).id;
    const cancel = () => machines.answer('POST', `/api/machineactions/${id}/cancel`, empty, '{"Comment":"x"}')?.status;
    now += machines.takesAfterMs;
    expect([cancel(), states()]).toEqual([400, ['Isolate InProgress']]);
  });
});

describe('simulated users', () => {
  it('are switched back on by the directory sync when they are mastered on premises', () => {
    let now = start;
    const user = { id: 'u', displayName: 'U', userPrincipalName: 'u@x', accountEnabled: true, onPremisesSyncEnabled: true };
    const users = new SimulatedUsers(
      () => now,
      () => user,
      () => [user],
    );
    users.answer('PATCH', '/v1.0/users/u', '{"accountEnabled":false}', false);
    expect(users.isEnabled('u')).toBe(false);
    now += 25 * 60_000;
    expect(users.isEnabled('u')).toBe(true);
  });

  it('show a change only after it has spread', () => {
    let now = start;
    const user = { id: 'u', displayName: 'U', userPrincipalName: 'u@x', accountEnabled: true };
    const users = new SimulatedUsers(
      () => now,
      () => user,
      () => [user],
    );
    users.lagMs = 10_000;
    users.answer('PATCH', '/v1.0/users/u', '{"accountEnabled":false}', false);
    expect(users.shown(user)['accountEnabled']).toBe(true);
    now += 10_000;
    expect(users.shown(user)['accountEnabled']).toBe(false);
  });
});

describe('the simulated response APIs', () => {
  it('answer only with the permission for it', () => {
    const response = new SimulatedResponse({
      now: () => start,
      objects: () => [{ id: 'u', displayName: 'U', userPrincipalName: 'u@x', accountEnabled: true }],
      publishUser: () => undefined,
    });
    const call: ActionCall = {
      ...{ listener: 'graph', tenantId: 't', method: 'POST', path: '/v1.0/users/u/revokeSignInSessions', query: empty, body: '' },
      roles: ['User.Read.All'],
    };
    expect(response.answer(call)?.status).toBe(403);
    expect(response.answer({ ...call, roles: ['User.RevokeSessions.All'] })?.status).toBe(200);
  });
});
