import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** Incidents without their alerts, an event each time one changes: every alert names its incident in `incidentId`, and with `$expand` a page of fifty can be many megabytes. */
export const incidents = graphWindow({
  id: 'graph.incidents',
  title: 'Security incidents',
  docs: 'https://learn.microsoft.com/graph/api/security-list-incidents',
  integration: 'defenderXdr',
  permissions: [
    { api: 'graph', role: 'SecurityIncident.Read.All', why: 'Reads the incidents that Defender XDR joins alerts to.' },
  ],
  anyLicenceOf: licences.defenderXdr,
  clouds: cloudsButChina,
  category: 'MicrosoftGraph.SecurityIncident',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-alerts',
  everySeconds: 120,
  path: '/security/incidents',
  pageSizes: [50, 20, 5],
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
