import { cloudIds } from '../domain/cloud';
import { graphWindow } from '../microsoft/graphWindow';

/** Incidents and advisories of the Microsoft 365 services, an event each time one changes. */
export const healthIssues = graphWindow({
  id: 'graph.healthIssues',
  title: 'Service incidents',
  docs: 'https://learn.microsoft.com/graph/api/serviceannouncement-list-issues',
  integration: 'serviceHealth',
  permissions: [{ api: 'graph', role: 'ServiceHealth.Read.All', why: 'Reads the incidents of the Microsoft 365 services.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.ServiceHealthIssue',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-posture',
  everySeconds: 900,
  path: '/admin/serviceAnnouncement/issues',
  pageSizes: [100, 20],
  limits: ['serviceAnnouncement', 'serviceAnnouncementHour'],
  operation: 'status',
  time: 'lastModifiedDateTime',
  filterBy: 'lastModifiedDateTime',
  versionField: 'lastModifiedDateTime',
  backfillDays: 30,
  maxWindowHours: 720,
});
