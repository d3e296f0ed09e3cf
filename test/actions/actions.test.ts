import { readFileSync, readdirSync } from 'node:fs';
import { actions } from '../../src/actions';
import type { Action, ActionRun, StepContext } from '../../src/domain/action';
import { cloudIds } from '../../src/domain/cloud';
import { limitTitles } from '../../src/domain/limit';
import type { TenantRequest } from '../../src/domain/source';
import { answerWith, madeUpCloud, noAbort } from '../microsoft/fakes';
import type { Reply } from '../microsoft/fakes';
import { sources } from '../../src/sources';

const users = { kind: 'user', id: '11111111-0000-4000-8000-000000000001', name: 'Person' } as const;
const machines = { kind: 'device', id: 'a'.repeat(40), name: 'machine-a' } as const;

/** A run against made-up answers, which remembers what was asked. */
function runOf(reply: (request: TenantRequest) => Reply): { readonly run: ActionRun; readonly requests: TenantRequest[] } {
  const requests: TenantRequest[] = [];
  const run: ActionRun = {
    tenant: { id: 'tenant', cloud: madeUpCloud },
    now: () => new Date('2026-11-22T10:00:00Z'),
    signal: noAbort(),
    send: async (request) => {
      requests.push(request);
      return Promise.resolve(answerWith(reply(request)));
    },
  };
  return { run, requests };
}

function contextOf({ targetKind, choices }: Action, run: ActionRun): StepContext {
  const target = targetKind === 'user' ? users : machines;
  return { run, target, choice: choices[0] ?? '', marker: 'm365c:0.step.1', reason: 'an alert' };
}

describe('the registry of actions', () => {
  it('has every file of the folder, each action once, and its permissions are never those of collecting', () => {
    const files = readdirSync('src/actions').filter((name) => name !== 'index.ts');
    const ids = actions.map(({ id }) => id);

    expect(files.map((name) => name.replace('.ts', '')).sort()).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    const collecting = new Set(sources.flatMap(({ permissions }) => permissions.map(({ role }) => role)));
    const acting = actions
      .flatMap(({ permissions }) => permissions.map(({ role }) => role))
      .filter((role) => !/\.Read\b/.test(role));
    expect(acting.filter((role) => collecting.has(role))).toEqual([]);
  });

  it('is described in docs/response.md', () => {
    const text = readFileSync('docs/response.md', 'utf8');
    for (const { title, permissions } of actions) {
      expect(text).toContain(title);
      for (const { role } of permissions) expect(text).toContain(role);
    }
  });
});

describe.each(actions)('$id', (action) => {
  it('has facts that hold', () => {
    const { targetKind, permissions, clouds, limits, reversibleBy, done, verified, cannot, title, steps, longestMs } = action;

    expect(permissions.length).toBeGreaterThan(1);
    expect(permissions.every(({ why }) => why.endsWith('.'))).toBe(true);
    expect(permissions.some(({ role }) => role === (targetKind === 'user' ? 'User.Read.All' : 'Machine.Read.All'))).toBe(true);
    expect(clouds.every((cloud) => cloudIds.includes(cloud)) && clouds.length > 0).toBe(true);
    expect(limits.every((limit) => limit in limitTitles) && limits.length > 0).toBe(true);
    expect([done, verified, cannot].every((text) => text.length > 20 && text.endsWith('.'))).toBe(true);
    expect(title).not.toBe('');
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
    expect(longestMs).toBeGreaterThan(45 * 60_000);
    const back = actions.find(({ id }) => id === reversibleBy);
    expect(back?.targetKind).toBe(reversibleBy === undefined ? undefined : targetKind);
  });

  it('says that a target is not there, and asks about nothing else', async () => {
    const { run, requests } = runOf(() => ({ status: 404, body: { error: { code: 'NotFound', message: '' } } }));
    const report = await action.inspect(run, action.targetKind === 'user' ? users.id : machines.id, action.choices[0] ?? '');

    expect(report.refusal).toMatchObject({ kind: 'actionRefused', code: 'targetMissing' });
    expect(requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('sends one request with an effect a step, with a permission and limits that it names, about its target only', async () => {
    for (const step of action.steps) {
      const { run, requests } = runOf(() => ({ status: 200, body: {} }));
      await step.send(contextOf(action, run)).catch(() => undefined);
      const [request, ...more] = requests;

      expect(more).toEqual([]);
      expect(['POST', 'PATCH']).toContain(request?.method);
      expect(new URL(request?.url ?? '').origin).toBe(madeUpCloud.hosts[request?.api ?? 'graph']);
      expect(`${request?.url ?? ''} ${request?.body ?? ''}`).toContain(action.targetKind === 'user' ? users.id : machines.id);
      expect(request?.limits?.every((limit) => action.limits.includes(limit))).toBe(true);
      if (action.targetKind === 'device')
        expect(JSON.parse(request?.body ?? '{}')).toMatchObject({ Comment: 'an alert [m365c:0.step.1]' });
    }
  });

  it('names the permission that is missing, and never calls a refusal a success', async () => {
    const refusals: readonly Reply[] = [
      { status: 403, body: { error: { code: 'Forbidden', message: 'Missing application roles.' } } },
      { status: 400, body: { error: { code: 'BadRequest', message: 'No.' } } },
      { status: 429, headers: { 'retry-after': '7' }, body: { error: { code: 'TooManyRequests', message: '' } } },
      { status: 500, body: 'oops' },
      { status: 302, headers: { location: 'https://evil.example' }, body: '' },
    ];
    for (const step of action.steps)
      for (const reply of refusals) {
        const { run } = runOf(() => reply);
        await expect(step.send(contextOf(action, run))).rejects.toHaveProperty('failure');
        await expect(step.look(contextOf(action, run))).rejects.toHaveProperty('failure');
      }
    const { run } = runOf(() => refusals[0] ?? {});
    const [step] = action.steps;
    const error: unknown = await step?.send(contextOf(action, run)).catch((reason: unknown) => reason);
    const roles = action.permissions.map(({ role }) => role);
    expect(error).toMatchObject({
      failure: { kind: 'permissionMissing', permission: expect.stringMatching(roles.join('|')) as unknown },
    });
  });

  it('sees nothing in an answer that is not as documented', async () => {
    for (const step of action.steps)
      for (const body of ['', '{}', '[]', '{"value":{}}', { value: [{ odd: true }] }]) {
        const { run } = runOf(() => ({ status: 200, body }));
        await expect(step.look(contextOf(action, run))).rejects.toMatchObject({ failure: { kind: 'unexpectedResponse' } });
      }
  });
});
