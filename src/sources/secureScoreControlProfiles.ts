import { cloudsButChina } from '../domain/cloud';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** The controls of Secure Score: what to do, what it is worth, what was decided about it. */
export const secureScoreControlProfiles = graphSnapshot({
  id: 'graph.secureScoreControlProfiles',
  title: 'Secure Score controls',
  docs: 'https://learn.microsoft.com/graph/api/security-list-securescorecontrolprofiles',
  integration: 'posture',
  permissions: [{ api: 'graph', role: 'SecurityEvents.Read.All', why: 'Reads the controls that Secure Score is made of.' }],
  anyLicenceOf: [],
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.SecureScoreControlProfile',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-posture',
  everySeconds: 86_400,
  path: '/security/secureScoreControlProfiles',
  pageSizes: [200, 50, 10],
  limits: ['security', 'secureScore'],
  snapshotEverySeconds: 86_400,
});
