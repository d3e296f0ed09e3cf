import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** Users that Identity Protection takes for compromised, an event each time their risk changes. With P1 alone Microsoft may answer and hide the level. */
export const riskyUsers = graphWindow({
  id: 'graph.riskyUsers',
  title: 'Risky users',
  docs: 'https://learn.microsoft.com/graph/api/riskyuser-list',
  integration: 'entraId',
  permissions: [
    {
      api: 'graph',
      role: 'IdentityRiskyUser.Read.All',
      why: 'Reads which users Identity Protection takes for compromised, and why.',
    },
  ],
  anyLicenceOf: licences.entraP2,
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.RiskyUser',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-identity',
  everySeconds: 600,
  path: '/identityProtection/riskyUsers',
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
