import { cloudIds } from '../domain/cloud';
import { graphDelta } from '../microsoft/graphDelta';

/** Applications that can sign in to the tenant, without the long lists of permissions they offer and without certificates. */
export const servicePrincipals = graphDelta({
  id: 'graph.servicePrincipals',
  title: 'Service principals',
  docs: 'https://learn.microsoft.com/graph/api/serviceprincipal-delta',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'Application.Read.All', why: 'Reads which applications can sign in to the tenant.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.ServicePrincipal',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 3_600,
  path: '/servicePrincipals/delta',
  pageSizes: [200, 50, 10],
  limits: ['directory'],
  units: 1,
  select: [
    'id',
    'appId',
    'displayName',
    'accountEnabled',
    'appOwnerOrganizationId',
    'appRoleAssignmentRequired',
    'servicePrincipalType',
    'signInAudience',
    'createdDateTime',
    'homepage',
    'replyUrls',
    'servicePrincipalNames',
    'passwordCredentials',
    'tags',
    'notes',
  ],
  snapshotEverySeconds: 86_400,
});
