import { cloudIds } from '../domain/cloud';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** The products the organisation has bought, how many of them are used, and the service plans in them. */
export const subscribedSkus = graphSnapshot({
  id: 'graph.subscribedSkus',
  title: 'Licences',
  docs: 'https://learn.microsoft.com/graph/api/subscribedsku-list',
  integration: 'entraId',
  permissions: [
    {
      api: 'graph',
      role: 'LicenseAssignment.Read.All',
      why: 'Reads which products are licensed, which also explains what cannot be collected.',
    },
  ],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.SubscribedSku',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 21_600,
  path: '/subscribedSkus',
  pageSizes: [],
  limits: ['directory'],
  units: 3,
  snapshotEverySeconds: 86_400,
});
