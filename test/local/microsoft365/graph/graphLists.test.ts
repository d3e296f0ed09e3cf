import { contoso, fabrikam, startTestBed, type TestBed } from '../client';
import { digests, GraphClient } from './graphClient';
import type { Feed } from './operations';

describe('lists of the simulated Graph', () => {
  let bed: TestBed;
  let graph: GraphClient;
  beforeEach(async () => {
    bed = await startTestBed({ keepLimits: false });
    bed.microsoft.graph.backfill(72);
    graph = new GraphClient(bed);
  });
  afterEach(() => bed.stop());

  const truth = (feed: Feed, select?: string[], full = false) =>
    [
      ...bed.microsoft.graph.truth.available({
        tenantId: contoso.tenantId,
        feed,
        latest: true,
        as: { ...(select ? { select } : {}), ...(full ? { full } : {}) },
      }),
    ]
      .filter(({ removed }) => removed === undefined)
      .map(({ sha256 }) => sha256)
      .sort();

  it.each<[string, Feed]>([
    ['/v1.0/security/alerts_v2?$top=10', 'alertsV2'],
    ['/v1.0/security/incidents?$top=7', 'incidents'],
    ['/v1.0/identityProtection/riskyUsers?$top=2', 'riskyUsers'],
    ['/v1.0/identityProtection/riskDetections', 'riskDetections'],
    ['/v1.0/identityProtection/riskyServicePrincipals', 'riskyServicePrincipals'],
    ['/v1.0/identityProtection/servicePrincipalRiskDetections', 'servicePrincipalRiskDetections'],
    ['/v1.0/auditLogs/signIns?$top=100', 'interactiveUserSignIns'],
    ['/v1.0/auditLogs/directoryAudits?$top=100', 'directoryAudits'],
    ['/v1.0/users?$top=30', 'users'],
    ['/v1.0/groups', 'groups'],
    ['/v1.0/devices?$top=10', 'devices'],
    ['/v1.0/servicePrincipals', 'servicePrincipals'],
    ['/v1.0/organization', 'organization'],
    ['/v1.0/subscribedSkus', 'subscribedSkus'],
    ['/v1.0/oauth2PermissionGrants?$top=2', 'oauth2PermissionGrants'],
    ['/v1.0/deviceManagement/managedDevices?$top=20', 'managedDevices'],
    ['/v1.0/deviceManagement/deviceConfigurations', 'deviceConfigurations'],
    ['/v1.0/deviceManagement/deviceCompliancePolicies', 'deviceCompliancePolicies'],
    ['/v1.0/deviceManagement/detectedApps', 'detectedApps'],
    ['/v1.0/deviceAppManagement/mobileApps', 'mobileApps'],
    ['/v1.0/admin/serviceAnnouncement/healthOverviews', 'healthOverviews'],
    ['/v1.0/admin/serviceAnnouncement/issues?$top=3', 'healthIssues'],
    ['/v1.0/admin/serviceAnnouncement/messages?$top=4', 'messages'],
    ['/v1.0/security/secureScores?$top=5', 'secureScores'],
    ['/v1.0/security/secureScoreControlProfiles', 'secureScoreControlProfiles'],
    ['/v1.0/identity/conditionalAccess/policies', 'conditionalAccessPolicies'],
    ['/api/machines?$top=25', 'defenderMachines'],
    ['/api/alerts?$top=10', 'defenderAlerts'],
  ])('serve every object of %s, byte for byte as in the truth log', async (path, feed) => {
    const pages = await graph.all(contoso, path);

    expect(pages.map(({ status, error }) => error ?? status).filter((status) => status !== 200)).toEqual([]);
    expect(digests(pages).sort()).toEqual(truth(feed));
    expect(bed.microsoft.violations).toEqual([]);
  });

  it('knows nothing of a tenant but its own', async () => {
    const mine = await graph.get(contoso, '/v1.0/organization');
    const other = await graph.get(fabrikam, '/v1.0/organization');

    expect([mine.value[0]?.['id'], other.value[0]?.['id']]).toEqual([contoso.tenantId, fabrikam.tenantId]);
  });
});
