import { cloudIds } from '../domain/cloud';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** The state of each Microsoft 365 service. */
export const healthOverviews = graphSnapshot({
  id: 'graph.healthOverviews',
  title: 'Health of services',
  docs: 'https://learn.microsoft.com/graph/api/serviceannouncement-list-healthoverviews',
  integration: 'serviceHealth',
  permissions: [{ api: 'graph', role: 'ServiceHealth.Read.All', why: 'Reads the state of the Microsoft 365 services.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.ServiceHealth',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-posture',
  everySeconds: 900,
  path: '/admin/serviceAnnouncement/healthOverviews',
  pageSizes: [100, 20],
  limits: ['serviceAnnouncement', 'serviceAnnouncementHour'],
  snapshotEverySeconds: 86_400,
});
