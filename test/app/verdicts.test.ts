import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeTenant } from '../../src/app/probe';
import { integrations } from '../../src/domain/integration';
import type { IntegrationId } from '../../src/domain/integration';
import type { Run } from '../../src/domain/source';
import { without } from '../../src/domain/without';
import type { Tenant } from '../../src/domain/tenant';
import type { TenantProfile, VerdictName } from '../../src/domain/verdict';
import { createClouds } from '../../src/microsoft/clouds';
import { createHttp } from '../../src/microsoft/http';
import { createCredentials } from '../../src/microsoft/login';
import { createTenantFacts } from '../../src/microsoft/tenantFacts';
import { createTenantSend } from '../../src/microsoft/tenantSend';
import { sources } from '../../src/sources';
import type { Certificates } from '../local/certificates';
import { createCertificates } from '../local/certificates';
import { fabrikam } from '../local/microsoft365/client';
import { defaultTenants, tenantsOfEveryKind } from '../local/microsoft365/defaultTenants';
import { graphFaults } from '../local/microsoft365/graph/graphFaults';
import type { Microsoft365 } from '../local/microsoft365/microsoft365';
import { startMicrosoft365 } from '../local/microsoft365/microsoft365';
import { defaultRoles } from '../local/microsoft365/tenant';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { expectedVerdicts } from '../local/verdictCheck';
import { contoso, fakeSecrets, withoutRings, fakeTelemetry, ManualClock, noAbort, provider } from '../microsoft/fakes';
import { MemoryProfileStore } from '../support/memoryProfileStore';

const registry = new Map(sources.map((source) => [source.id, source]));
const everything = Object.keys(integrations).map((id) => ({
  id: id as IntegrationId,
  polling: { kind: 'adaptive' as const },
}));
const also = sources.filter(({ optional }) => optional === true).map(({ id }) => id);

let folder: string;
let certificates: Certificates;
let microsoft: Microsoft365;
let clock: ManualClock;
let ends: (() => void)[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'verdicts-'));
  certificates = await createCertificates(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  clock = new ManualClock('2026-11-22T12:00:00Z');
  microsoft = await startMicrosoft365({ clock, seed: 7, tls: certificates, tenants: [], keepLimits: false });
  microsoft.graph.backfill(24);
  ends = [];
});
afterEach(async () => {
  for (const end of ends) end();
  await microsoft.stop();
});

/** Adds the tenant to the simulation and returns a function that probes it, and keeps what it finds. */
function probing(simulated: SimulatedTenant): () => Promise<{ profile: TenantProfile; complete: boolean }> {
  microsoft.addTenant(simulated);
  const { tenantId, clientId, secret } = simulated;
  const http = createHttp({ ca: certificates.ca });
  ends.push(() => http.close());
  const cloud = { id: 'custom', title: 'Simulated', login: microsoft.urls.login, hosts: microsoft.urls } as const;
  const clouds = createClouds(cloud);
  const credentials = createCredentials({ ...withoutRings, http, clouds, clock, secrets: fakeSecrets({ [tenantId]: secret }) });
  const { send } = createTenantSend({
    http,
    credentials,
    clouds,
    clock,
    telemetry: fakeTelemetry(),
    requestsPerMinute: 1_000_000,
  });
  const tenant: Tenant = {
    ...contoso,
    id: tenantId,
    clientId,
    cloud: 'custom',
    secretName: tenantId,
    integrations: everything,
    also,
  };
  const signal = noAbort();
  const run: Run = {
    tenant: { id: tenantId, cloud },
    publisherId: provider,
    now: clock.now,
    signal,
    send: (request) => {
      return send(tenant, without(request, 'limits'), signal);
    },
  };
  const profiles = new MemoryProfileStore();
  return async () => {
    const probed = await probeTenant(
      { clock, sources: registry, profiles, tenantFacts: createTenantFacts({ credentials }) },
      tenant,
      run,
    );
    await profiles.save(probed.profile, signal);
    return probed;
  };
}

const named = (profile: TenantProfile): Record<string, VerdictName> =>
  Object.fromEntries(Object.entries(profile.verdicts).map(([id, { name }]) => [id, name]));

const expected = (tenantId: string): Record<string, VerdictName> => expectedVerdicts(microsoft.graph, tenantId);

const tenant: SimulatedTenant = { ...fabrikam, tenantId: 'fab00fab-0000-4000-8000-0000000000bb' };
const withoutP1 = {
  'graph.signIns': 'notLicensed',
  'graph.signInActivity': 'notLicensed',
  'graph.conditionalAccessPolicies': 'notLicensed',
};
const withoutP2 = { 'graph.riskyUsers': 'notLicensed', 'graph.riskDetections': 'notLicensed' };
const withoutWorkloads = { 'graph.riskyServicePrincipals': 'notLicensed' };
const withoutIntune = { 'graph.managedDevices': 'notLicensed', 'graph.mobileApps': 'notLicensed' };
const withoutDefender = { 'graph.alertsV2': 'notLicensed', 'graph.incidents': 'notLicensed' };
const withoutEndpoint = { 'defender.machines': 'notLicensed', 'defender.alerts': 'notLicensed' };

const kinds: [string, Partial<SimulatedTenant>, Record<string, string>][] = [
  ['E5 with everything', {}, {}],
  ['E5', { skus: ['SPE_E5'] }, withoutWorkloads],
  ['E3 without P2', { skus: ['SPE_E3'] }, { ...withoutP2, ...withoutWorkloads }],
  [
    'Business Basic',
    { skus: ['O365_BUSINESS_ESSENTIALS'] },
    { ...withoutP1, ...withoutP2, ...withoutWorkloads, ...withoutIntune, ...withoutDefender, ...withoutEndpoint },
  ],
  ['Defender only', { skus: ['WIN_DEF_ATP'] }, { ...withoutP1, ...withoutP2, ...withoutWorkloads, ...withoutIntune }],
  ['GCC High', { skus: ['SPE_E5_USGOV_GCCHIGH'], cloud: 'gccHigh' }, withoutWorkloads],
  [
    'China',
    { skus: ['SPE_E3_CHINA'], cloud: 'china' },
    {
      'graph.alertsV2': 'notInThisCloud',
      'graph.secureScores': 'notInThisCloud',
      'graph.riskyUsers': 'notInThisCloud',
      ...withoutEndpoint,
    },
  ],
  [
    'audit off',
    { skus: ['ENTERPRISEPREMIUM'], mood: 'auditOff' },
    {
      'activity.exchange': 'auditOff',
      'activity.general': 'auditOff',
      ...withoutP1,
      ...withoutP2,
      ...withoutWorkloads,
      ...withoutIntune,
      ...withoutEndpoint,
    },
  ],
  [
    'not set up',
    { skus: ['SPE_E5'], notProvisioned: ['defenderXdr', 'intune'] },
    { 'graph.alertsV2': 'notProvisioned', 'graph.managedDevices': 'notProvisioned', ...withoutWorkloads },
  ],
  [
    'consent partly granted',
    { roles: { ...defaultRoles, graph: ['User.Read.All', 'ServiceHealth.Read.All', 'Organization.Read.All'] } },
    {
      'graph.alertsV2': 'permissionMissing',
      'graph.directoryAudits': 'permissionMissing',
      'graph.managedDevices': 'permissionMissing',
      'graph.messages': 'permissionMissing',
      'graph.groups': 'permissionMissing',
    },
  ],
];

describe('the probe', () => {
  it.each(kinds)('finds out what a tenant of the kind "%s" allows', async (_kind, changes, bad) => {
    const probe = probing({ ...tenant, ...changes });

    const { profile, complete } = await probe();

    const verdicts = named(profile);
    expect(complete).toBe(true);
    expect(Object.keys(verdicts).sort()).toEqual(sources.map(({ id }) => id).sort());
    expect(verdicts).toMatchObject(bad);
    expect(verdicts).toMatchObject(expected(tenant.tenantId));
    for (const [id, verdict] of Object.entries(profile.verdicts)) {
      expect([id, verdict.evidence]).toEqual([id, expect.stringMatching(/^[A-Z].*\.$/)]);
      expect(verdict.missing === undefined).toBe(verdict.name !== 'permissionMissing');
    }
  });

  it('names the permissions that are missing, and no others', async () => {
    const roles = { ...defaultRoles, graph: ['User.Read.All', 'LicenseAssignment.Read.All'], defender: ['Alert.Read.All'] };
    const { profile } = await probing({ ...tenant, roles })();

    expect(profile.verdicts['graph.signInActivity']).toMatchObject({ missing: ['AuditLog.Read.All'] });
    expect(profile.verdicts['defender.machines']).toMatchObject({ missing: ['Machine.Read.All'] });
    expect(profile.verdicts['graph.users']).toMatchObject({ name: 'ok' });
  });

  it('tells every tenant of the local stack as it is', async () => {
    const trouble = ['noConsent', 'secretExpired', 'disabledService'];
    for (const each of defaultTenants(tenantsOfEveryKind, 7)) {
      const { profile, complete } = await probing(each)();

      if (each.mood === 'noConsent' || each.mood === 'secretExpired') {
        // There is no token to find anything out with; the sources say so themselves.
        expect([each.name, complete, profile.verdicts]).toEqual([each.name, false, {}]);
        continue;
      }
      expect([each.name, named(profile)]).toEqual([each.name, expect.objectContaining(expected(each.tenantId))]);
      if (!trouble.includes(each.mood)) expect([each.name, complete]).toEqual([each.name, true]);
    }
  });

  it('keeps what it knew when Microsoft does not answer, and since when it has been so', async () => {
    const probe = probing(tenant);
    const first = await probe();
    microsoft.faults.add({ when: { operation: 'signIns' }, respond: graphFaults.serverError() });
    await clock.advance(3_600_000);

    const second = await probe();

    expect(second.complete).toBe(false);
    expect(second.profile.verdicts['graph.signIns']).toEqual(first.profile.verdicts['graph.signIns']);
    expect(second.profile.verdicts['graph.users']).toEqual({
      ...first.profile.verdicts['graph.users'],
      at: clock.now().toISOString(),
    });
  });

  it('sees what was bought and granted since', async () => {
    const probe = probing({ ...tenant, skus: ['SPE_E3'], roles: { ...defaultRoles, graph: ['LicenseAssignment.Read.All'] } });
    expect((await probe()).profile.verdicts['graph.riskyUsers']).toMatchObject({ name: 'permissionMissing' });
    const control = microsoft.tenant(tenant.tenantId);

    control.setRoles('graph', defaultRoles.graph);
    expect((await probe()).profile.verdicts['graph.riskyUsers']).toMatchObject({
      name: 'notLicensed',
      since: clock.now().toISOString(),
    });

    control.setSkus(['SPE_E5']);
    expect((await probe()).profile.verdicts['graph.riskyUsers']).toMatchObject({ name: 'ok' });
  });

  it('tells of which products alerts arrive, and when the last one did', async () => {
    const { profile } = await probing({ ...tenant, mood: 'busy' })();

    const flows = Object.entries(profile.alertFlows);
    expect(flows).toHaveLength(8);
    const flowing = flows.filter(([, { lastAlertAt }]) => lastAlertAt !== undefined);
    expect(flowing.length).toBeGreaterThan(2);
    for (const [product, { lastAlertAt }] of flowing)
      expect([product, Date.parse(lastAlertAt ?? '') <= clock.now().getTime()]).toEqual([product, true]);
  });
});
