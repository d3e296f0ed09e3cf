import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** What Identity Protection found suspicious about users. Windows go by the time of detection, the one Microsoft documents for filters; what changes later is found when the windows are read again. */
export const riskDetections = graphWindow({
  id: 'graph.riskDetections',
  title: 'Risk detections',
  docs: 'https://learn.microsoft.com/graph/api/riskdetection-list',
  integration: 'entraId',
  permissions: [
    { api: 'graph', role: 'IdentityRiskEvent.Read.All', why: 'Reads the single detections behind the risk of a user.' },
  ],
  anyLicenceOf: licences.entraP2,
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.RiskDetection',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-identity',
  everySeconds: 600,
  path: '/identityProtection/riskDetections',
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
