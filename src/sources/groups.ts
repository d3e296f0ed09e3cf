import { cloudIds } from '../domain/cloud';
import { graphDelta } from '../microsoft/graphDelta';

/** Groups of the directory without their members, which `graph.groupMembers` tells. */
export const groups = graphDelta({
  id: 'graph.groups',
  title: 'Groups',
  docs: 'https://learn.microsoft.com/graph/api/group-delta',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'GroupMember.Read.All', why: 'Reads the groups of the directory and their properties.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.Group',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 900,
  path: '/groups/delta',
  pageSizes: [200, 50, 10],
  limits: ['directory'],
  units: 1,
  select: [
    'id',
    'displayName',
    'description',
    'mail',
    'mailEnabled',
    'securityEnabled',
    'groupTypes',
    'membershipRule',
    'isAssignableToRole',
    'visibility',
    'createdDateTime',
    'onPremisesSyncEnabled',
    'onPremisesSecurityIdentifier',
  ],
  snapshotEverySeconds: 86_400,
});
