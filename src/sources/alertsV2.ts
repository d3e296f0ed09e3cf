import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** Alerts of all Defender products, an event each time one changes: watched by last update, because an alert that was only seen when it was made is never seen resolved. */
export const alertsV2 = graphWindow({
  id: 'graph.alertsV2',
  title: 'Security alerts',
  docs: 'https://learn.microsoft.com/graph/api/security-list-alerts_v2',
  integration: 'defenderXdr',
  permissions: [
    { api: 'graph', role: 'SecurityAlert.Read.All', why: 'Reads the alerts of all Defender products, with their evidence.' },
  ],
  anyLicenceOf: licences.defenderXdr,
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.SecurityAlertV2',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-alerts',
  everySeconds: 60,
  path: '/security/alerts_v2',
  pageSizes: [200, 50, 10],
  limits: ['security'],
  headers: { Prefer: 'include-unknown-enum-members' },
  time: 'lastUpdateDateTime',
  operation: 'status',
  filterBy: 'lastUpdateDateTime',
  versionField: 'lastUpdateDateTime',
  backfillDays: 30,
  retentionDays: 180,
  maxWindowHours: 168,
});
