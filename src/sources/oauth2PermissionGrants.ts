import { cloudIds } from '../domain/cloud';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Delegated permissions that were granted: which application may do what on behalf of users. It needs to read the whole directory, so it is off unless it is wanted. */
export const oauth2PermissionGrants = graphSnapshot({
  id: 'graph.oauth2PermissionGrants',
  title: 'Granted delegated permissions',
  docs: 'https://learn.microsoft.com/graph/api/oauth2permissiongrant-list',
  integration: 'entraId',
  permissions: [
    {
      api: 'graph',
      role: 'Directory.Read.All',
      why: 'Reads which applications may act on behalf of users, which no smaller permission allows.',
    },
  ],
  anyLicenceOf: [],
  clouds: cloudIds,
  optional: true,
  category: 'MicrosoftGraph.OAuth2PermissionGrant',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 21_600,
  path: '/oauth2PermissionGrants',
  pageSizes: [999, 200, 50],
  limits: ['directory'],
  snapshotEverySeconds: 86_400,
});
