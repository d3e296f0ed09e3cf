import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** What Identity Protection found suspicious about applications. */
export const servicePrincipalRiskDetections = graphWindow({
  id: 'graph.servicePrincipalRiskDetections',
  title: 'Service principal risk detections',
  docs: 'https://learn.microsoft.com/graph/api/identityprotectionroot-list-serviceprincipalriskdetections',
  integration: 'entraId',
  permissions: [
    { api: 'graph', role: 'IdentityRiskEvent.Read.All', why: 'Reads the single detections behind the risk of an application.' },
  ],
  anyLicenceOf: licences.workloadIdentities,
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.ServicePrincipalRiskDetection',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-identity',
  everySeconds: 1_800,
  path: '/identityProtection/servicePrincipalRiskDetections',
  pageSizes: [500, 100, 20],
  limits: ['identityProtection'],
  headers: { Prefer: 'include-unknown-enum-members' },
  time: 'detectedDateTime',
  operation: 'riskEventType',
  filterBy: 'detectedDateTime',
  versionField: 'lastUpdatedDateTime',
  backfillDays: 90,
  maxWindowHours: 720,
});
