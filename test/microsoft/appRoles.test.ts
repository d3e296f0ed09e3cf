import type { Run, TenantRequest } from '../../src/domain/source';
import { apiApplications, resolveAppRoles } from '../../src/microsoft/appRoles';
import { answerWith, contoso, failure, madeUpCloud } from './fakes';
import type { Reply } from './fakes';

const asked: TenantRequest[] = [];
const runWith = (reply: Reply): Pick<Run, 'tenant' | 'send' | 'now'> => ({
  tenant: { id: contoso.id, cloud: madeUpCloud },
  now: () => new Date('2026-11-22T10:00:00Z'),
  send: async (request) => {
    asked.push(request);
    return Promise.resolve(answerWith(reply));
  },
});
const appRoles = [
  { id: 'aaaaaaaa-0000-4000-8000-000000000001', value: 'User.Read.All', isEnabled: true },
  { id: 'aaaaaaaa-0000-4000-8000-000000000002', value: 'AuditLog.Read.All' },
  { id: 'aaaaaaaa-0000-4000-8000-000000000003', value: 'Old.Read.All', isEnabled: false },
  { id: 'aaaaaaaa-0000-4000-8000-000000000004', value: null },
];
const principal = { id: 'bbbbbbbb-0000-4000-8000-000000000001', appId: apiApplications.graph, appRoles };
const named = (...roles: string[]) => roles.map((role) => ({ role }));

describe('permissions of an API', () => {
  it("are resolved to ids from the API's own service principal in the tenant", async () => {
    const found = await resolveAppRoles(
      runWith({ body: { value: [principal] } }),
      'graph',
      named('AuditLog.Read.All', 'User.Read.All', 'AuditLog.Read.All', 'Old.Read.All', 'Typing.Error'),
    );

    expect(found.servicePrincipalId).toBe(principal.id);
    expect([...found.ids]).toEqual([
      ['AuditLog.Read.All', appRoles[1]?.id],
      ['User.Read.All', appRoles[0]?.id],
    ]);
    expect(found.unknown).toEqual(['Old.Read.All', 'Typing.Error']);
    expect(asked.at(-1)?.url).toBe(
      `https://graph.example/v1.0/servicePrincipals?$filter=appId%20eq%20'${apiApplications.graph}'&$select=id,appId,appRoles`,
    );
  });

  it('are not there in a tenant without the API', async () => {
    expect(await failure(resolveAppRoles(runWith({ body: { value: [] } }), 'defender', named('Machine.Read.All')))).toMatchObject(
      {
        kind: 'serviceMissing',
      },
    );
  });

  it('cannot be read without a permission of their own, which is named', async () => {
    const refusal = {
      error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges to complete the operation.' },
    };

    expect(await failure(resolveAppRoles(runWith({ status: 403, body: refusal }), 'graph', []))).toEqual({
      kind: 'permissionMissing',
      code: 'Authorization_RequestDenied',
      permission: 'Application.Read.All',
    });
  });

  it.each([
    ['no list', { status: 200, body: { error: { code: 'UnknownError', message: '' } } }],
    ['HTML', { status: 200, body: '<html>busy</html>' }],
  ])('are never taken for none when the answer is %s', async (_what, reply) => {
    expect(await failure(resolveAppRoles(runWith(reply), 'graph', named('User.Read.All')))).toMatchObject({
      kind: 'unexpectedResponse',
    });
  });
});
