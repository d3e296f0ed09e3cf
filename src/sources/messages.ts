import { cloudIds } from '../domain/cloud';
import { graphWindow } from '../microsoft/graphWindow';

/** What Microsoft announces to administrators, an event each time one changes. The bodies are HTML from outside: whoever shows them has to clean them. */
export const messages = graphWindow({
  id: 'graph.messages',
  title: 'Service announcements',
  docs: 'https://learn.microsoft.com/graph/api/serviceannouncement-list-messages',
  integration: 'serviceHealth',
  permissions: [{ api: 'graph', role: 'ServiceMessage.Read.All', why: 'Reads what Microsoft announces to administrators.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.ServiceUpdateMessage',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-posture',
  everySeconds: 3_600,
  path: '/admin/serviceAnnouncement/messages',
  pageSizes: [100, 20],
  limits: ['serviceAnnouncement', 'serviceAnnouncementHour'],
  operation: 'category',
  time: 'lastModifiedDateTime',
  filterBy: 'lastModifiedDateTime',
  versionField: 'lastModifiedDateTime',
  backfillDays: 30,
  maxWindowHours: 720,
});
