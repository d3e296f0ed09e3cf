import { cloudIds } from '../domain/cloud';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** The organisation itself: names, verified domains, plans, synchronisation. */
export const organization = graphSnapshot({
  id: 'graph.organization',
  title: 'Organization',
  docs: 'https://learn.microsoft.com/graph/api/organization-list',
  integration: 'entraId',
  permissions: [
    { api: 'graph', role: 'Organization.Read.All', why: 'Reads the name, the domains and the plans of the organisation.' },
  ],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.Organization',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 21_600,
  path: '/organization',
  pageSizes: [],
  limits: ['directory'],
  snapshotEverySeconds: 86_400,
});
