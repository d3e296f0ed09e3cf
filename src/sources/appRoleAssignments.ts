import { cloudIds } from '../domain/cloud';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Application permissions that were granted: which application may do what, at which API; the id of a record is that of the application and that of the grant. */
export const appRoleAssignments = graphSnapshot({
  id: 'graph.appRoleAssignments',
  title: 'Granted application permissions',
  docs: 'https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'Application.Read.All', why: 'Reads which permissions each application was granted.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.AppRoleAssignment',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 21_600,
  path: '/servicePrincipals',
  pageSizes: [999, 200, 50],
  limits: ['directory'],
  each: { path: '/servicePrincipals/{id}/appRoleAssignments', pageSizes: [999, 200, 50], units: 2 },
  snapshotEverySeconds: 86_400,
});
