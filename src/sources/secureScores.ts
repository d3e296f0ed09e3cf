import { cloudsButChina } from '../domain/cloud';
import { graphWindow } from '../microsoft/graphWindow';

/** Secure Score, one object a day, of which Microsoft keeps 90. */
export const secureScores = graphWindow({
  id: 'graph.secureScores',
  title: 'Secure Score',
  docs: 'https://learn.microsoft.com/graph/api/security-list-securescores',
  integration: 'posture',
  permissions: [{ api: 'graph', role: 'SecurityEvents.Read.All', why: 'Reads Secure Score and what it is made of.' }],
  anyLicenceOf: [],
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.SecureScore',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-posture',
  everySeconds: 21_600,
  path: '/security/secureScores',
  pageSizes: [50, 10, 1],
  limits: ['security', 'secureScore'],
  time: 'createdDateTime',
  filterBy: 'createdDateTime',
  backfillDays: 90,
  maxWindowHours: 2_160,
});
