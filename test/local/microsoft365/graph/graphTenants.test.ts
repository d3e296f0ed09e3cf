import { fabrikam, startTestBed, type TestBed } from '../client';
import { defaultTenants, tenantsOfEveryKind } from '../defaultTenants';
import { defaultRoles, type SimulatedTenant } from '../tenant';
import { GraphClient } from './graphClient';
import type { Verdict } from './judge';
import type { ObjectOperation } from './operations';

const paths: Partial<Record<ObjectOperation, string>> = {
  alertsV2: '/v1.0/security/alerts_v2',
  incidents: '/v1.0/security/incidents',
  secureScores: '/v1.0/security/secureScores',
  riskyUsers: '/v1.0/identityProtection/riskyUsers',
  riskyServicePrincipals: '/v1.0/identityProtection/riskyServicePrincipals',
  signIns: '/v1.0/auditLogs/signIns',
  directoryAudits: '/v1.0/auditLogs/directoryAudits',
  conditionalAccessPolicies: '/v1.0/identity/conditionalAccess/policies',
  users: '/v1.0/users',
  managedDevices: '/v1.0/deviceManagement/managedDevices',
  healthIssues: '/v1.0/admin/serviceAnnouncement/issues',
  subscribedSkus: '/v1.0/subscribedSkus',
};

const signatures: Record<string, [number, string, RegExp]> = {
  reports: [
    403,
    'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
    /Neither tenant is B2C or tenant doesn't have premium license/,
  ],
  risk: [403, 'Forbidden', /^Your tenant is not licensed for this feature\.$/],
  policies: [403, 'AccessDenied', /Your tenant is not licensed for this feature\. Please upgrade/],
  defender: [401, 'Unauthorized', /Account is not provisioned/],
  intune: [400, 'BadRequest', /Request not applicable to target tenant/],
  china: [400, 'BadRequest', /Resource not found for the segment/],
  directory: [403, 'Authorization_RequestDenied', /Insufficient privileges to complete the operation/],
  securityRole: [403, 'Forbidden', /Missing application roles/],
  scoreRole: [403, '', /Auth token does not contain valid permissions or user does not have valid roles/],
  reportsRole: [403, 'Authentication_MSGraphPermissionMissing', /AuditLog\.Read\.All/],
  policyRole: [403, 'AccessDenied', /required scopes are missing in the token/],
  intuneRole: [403, 'Forbidden', /DeviceManagementManagedDevices\.Read\.All/],
};

type Expected = Partial<Record<ObjectOperation, keyof typeof signatures>>;
const withoutP1: Expected = { signIns: 'reports', conditionalAccessPolicies: 'policies' };
const withoutP2: Expected = { riskyUsers: 'risk', riskyServicePrincipals: 'risk' };
const noDefender: Expected = { alertsV2: 'defender', incidents: 'defender' };
const inChina: Expected = {
  ...{ alertsV2: 'china', incidents: 'china', secureScores: 'china' },
  riskyUsers: 'china',
  riskyServicePrincipals: 'china',
};

const kinds: [string, Partial<SimulatedTenant>, Expected][] = [
  ['E5 with everything', {}, {}],
  ['E5', { skus: ['SPE_E5'] }, { riskyServicePrincipals: 'risk' }],
  ['E3 without P2', { skus: ['SPE_E3'] }, withoutP2],
  [
    'Business Basic',
    { skus: ['O365_BUSINESS_ESSENTIALS'] },
    { ...withoutP1, ...withoutP2, ...noDefender, managedDevices: 'intune' },
  ],
  ['Defender only', { skus: ['WIN_DEF_ATP'] }, { ...withoutP1, ...withoutP2, managedDevices: 'intune' }],
  ['GCC High', { skus: ['SPE_E5_USGOV_GCCHIGH'], cloud: 'gccHigh' }, { riskyServicePrincipals: 'risk' }],
  ['China', { skus: ['SPE_E3_CHINA'], cloud: 'china' }, inChina],
  ['audit off', { skus: ['ENTERPRISEPREMIUM'], mood: 'auditOff' }, { ...withoutP1, ...withoutP2, managedDevices: 'intune' }],
  [
    'not set up',
    { skus: ['SPE_E5'], notProvisioned: ['defenderXdr', 'intune'] },
    { ...noDefender, managedDevices: 'intune', riskyServicePrincipals: 'risk' },
  ],
  [
    'consent partly granted',
    { roles: { ...defaultRoles, graph: ['User.Read.All', 'ServiceHealth.Read.All'] } },
    {
      ...{ alertsV2: 'securityRole', incidents: 'securityRole', secureScores: 'scoreRole', riskyUsers: 'policyRole' },
      ...{ riskyServicePrincipals: 'policyRole', signIns: 'reportsRole', directoryAudits: 'reportsRole' },
      ...{ conditionalAccessPolicies: 'policyRole', managedDevices: 'intuneRole', subscribedSkus: 'directory' },
    },
  ],
];

describe('tenants of the simulated Graph', () => {
  let bed: TestBed;
  let graph: GraphClient;
  beforeEach(async () => {
    bed = await startTestBed({ keepLimits: false });
    bed.microsoft.graph.backfill(48);
    graph = new GraphClient(bed);
  });
  afterEach(() => bed.stop());

  function add(changes: Partial<SimulatedTenant>): SimulatedTenant {
    const tenant: SimulatedTenant = { ...fabrikam, ...changes, tenantId: 'fab00fab-0000-4000-8000-0000000000aa' };
    bed.microsoft.addTenant(tenant);
    return tenant;
  }

  it.each(kinds)('of the kind "%s" are answered as their licences and consent allow', async (_, changes, expected) => {
    const tenant = add(changes);
    for (const [operation, path] of Object.entries(paths) as [ObjectOperation, string][]) {
      const page = await graph.get(tenant, path);
      const signature = expected[operation];
      const [status, code, words] = signature === undefined ? [200] : (signatures[signature] ?? []);

      expect([operation, page.status, page.error?.code]).toEqual([operation, status, code]);
      if (words) expect(page.error?.message).toMatch(words);
      expect(bed.microsoft.graph.verdict(tenant.tenantId, operation) === 'ok').toBe(signature === undefined);
    }
  });

  it('have a verdict for every endpoint', () => {
    const tenant = add({
      skus: ['SPE_E3'],
      notProvisioned: ['intune'],
      roles: { graph: ['AuditLog.Read.All', 'DeviceManagementManagedDevices.Read.All', 'IdentityRiskyUser.Read.All'] },
    });
    const { signIns, users, riskyUsers, managedDevices, defenderMachines } = bed.microsoft.graph.verdicts(tenant.tenantId);

    expect({ signIns, users, riskyUsers, managedDevices, defenderMachines }).toEqual<Record<string, Verdict>>({
      signIns: 'ok',
      users: 'permissionMissing',
      riskyUsers: 'notLicensed',
      managedDevices: 'notProvisioned',
      defenderMachines: 'ok',
    });
  });

  it('open up when licences or roles are added, and the past is there', async () => {
    const tenant = add({ skus: ['O365_BUSINESS_ESSENTIALS'], roles: { graph: [] } });
    expect((await graph.get(tenant, '/v1.0/auditLogs/signIns')).error?.code).toBe('Authentication_MSGraphPermissionMissing');
    const control = bed.microsoft.tenant(tenant.tenantId);

    control.setRoles('graph', ['AuditLog.Read.All']);
    await graph.token(tenant, 'graph', true);
    expect((await graph.get(tenant, '/v1.0/auditLogs/signIns')).error?.code).toBe(
      'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
    );
    control.setSkus(['SPE_E3']);
    expect((await graph.get(tenant, '/v1.0/auditLogs/signIns')).value.length).toBeGreaterThan(0);
  });

  it('hide the details of risks with P1 when they answer at all', async () => {
    const tenant = add({ skus: ['SPE_E3'], riskWithP1: true });
    const { value } = await graph.get(tenant, '/v1.0/identityProtection/riskyUsers');

    expect(new Set(value.map(({ riskLevel }) => riskLevel))).toEqual(new Set(['hidden']));
  });

  it('get no token for Defender without a plan of it, or in China', async () => {
    for (const changes of [{ skus: ['O365_BUSINESS_ESSENTIALS'] }, { skus: ['SPE_E5'], cloud: 'china' as const }]) {
      const answer = await bed.client.askToken(add(changes), { scope: `${bed.microsoft.urls.defender}/.default` });
      expect(answer.json()).toMatchObject({ error_codes: [500011] });
    }
    const tenant = add({ skus: ['SPE_E3'], roles: { defender: [] } });
    expect((await graph.get(tenant, '/api/machines')).error).toMatchObject({
      code: 'Forbidden',
      message: expect.stringMatching(/Machine\.Read\.All/) as unknown,
    });
  });

  it('refuse tokens of another API, and none at all', async () => {
    const tenant = add({});
    const token = await graph.token(tenant, 'defender');
    const { urls } = bed.microsoft;

    const wrong = await bed.client.send('GET', `${urls.graph}/v1.0/users`, { Authorization: `Bearer ${token}` });
    const none = await bed.client.send('GET', `${urls.graph}/v1.0/users`);

    expect([wrong.status, none.status]).toEqual([401, 401]);
    expect(wrong.json()).toMatchObject({
      error: { code: 'InvalidAuthenticationToken', message: expect.stringContaining('Invalid audience') as unknown },
    });
    expect(bed.microsoft.violations.map(({ rule }) => rule)).toEqual(['tokenForAnotherService', 'tokenMissing']);
  });

  it('are all there by default', () => {
    const tenants = defaultTenants(tenantsOfEveryKind, 7);
    const has = (wanted: (tenant: SimulatedTenant) => boolean) => expect(tenants.some(wanted)).toBe(true);

    has(({ skus, mood }) => skus?.includes('SPE_E5') === true && mood === 'busy');
    has(({ skus }) => skus?.includes('O365_BUSINESS_ESSENTIALS') === true);
    has(({ skus }) => skus?.includes('SPE_E3') === true);
    has(({ skus }) => skus?.join() === 'WIN_DEF_ATP');
    has(({ cloud }) => cloud === 'gccHigh');
    has(({ cloud }) => cloud === 'china');
    has(({ mood }) => mood === 'auditOff');
    has(({ roles }) => roles !== undefined);
  });
});
