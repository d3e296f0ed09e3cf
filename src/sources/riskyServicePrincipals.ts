import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** Applications that Identity Protection takes for compromised, an event each time their risk changes. */
export const riskyServicePrincipals = graphWindow({
  id: 'graph.riskyServicePrincipals',
  title: 'Risky service principals',
  docs: 'https://learn.microsoft.com/graph/api/identityprotectionroot-list-riskyserviceprincipals',
  integration: 'entraId',
  permissions: [
    {
      api: 'graph',
      role: 'IdentityRiskyServicePrincipal.Read.All',
      why: 'Reads which applications Identity Protection takes for compromised.',
    },
  ],
  anyLicenceOf: licences.workloadIdentities,
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.RiskyServicePrincipal',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-identity',
  everySeconds: 1_800,
  path: '/identityProtection/riskyServicePrincipals',
  pageSizes: [500, 100, 20],
  limits: ['identityProtection'],
  headers: { Prefer: 'include-unknown-enum-members' },
  time: 'riskLastUpdatedDateTime',
  operation: 'riskState',
  filterBy: 'riskLastUpdatedDateTime',
  versionField: 'riskLastUpdatedDateTime',
  backfillDays: 90,
  retentionDays: 365,
  maxWindowHours: 720,
});
