import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { defenderWindow } from '../microsoft/defenderSource';

/** Alerts of Defender for Endpoint in the form of its own API, for consumers that are built on it. The same alerts arrive in `graph.alertsV2`, so it is off unless it is wanted. */
export const defenderAlerts = defenderWindow({
  id: 'defender.alerts',
  title: 'Defender for Endpoint alerts',
  docs: 'https://learn.microsoft.com/defender-endpoint/api/get-alerts',
  integration: 'defenderForEndpoint',
  permissions: [
    { api: 'defender', role: 'Alert.Read.All', why: 'Reads the alerts of Defender for Endpoint in the form of its own API.' },
  ],
  anyLicenceOf: licences.defenderForEndpoint,
  clouds: cloudsButChina,
  optional: true,
  category: 'DefenderForEndpoint.Alert',
  resourceProvider: 'Microsoft.Defender',
  hub: 'm365-alerts',
  everySeconds: 300,
  path: '/alerts',
  pageSizes: [1_000, 200, 20],
  limits: ['defenderMinute', 'defenderHour'],
  expand: 'evidence',
  time: 'lastUpdateTime',
  operation: 'status',
  filterBy: 'lastUpdateTime',
  versionField: 'lastUpdateTime',
  backfillDays: 30,
  retentionDays: 180,
  maxWindowHours: 168,
});
