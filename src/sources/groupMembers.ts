import { cloudIds } from '../domain/cloud';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Who is a direct member of which group; the id of a record is that of the group and that of the member. */
export const groupMembers = graphSnapshot({
  id: 'graph.groupMembers',
  title: 'Group members',
  docs: 'https://learn.microsoft.com/graph/api/group-list-members',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'GroupMember.Read.All', why: 'Reads who is a member of which group.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.GroupMember',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 21_600,
  path: '/groups',
  pageSizes: [999, 200, 50],
  limits: ['directory'],
  each: { path: '/groups/{id}/members', select: ['id'], pageSizes: [999, 200, 50], units: 3 },
  snapshotEverySeconds: 86_400,
});
