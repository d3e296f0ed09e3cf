import { family } from '../graph/endpoint';

const tooMany = "The limit of '{most}' for Top query has been exceeded. The value from the incoming request is '{top}'.";

/** Machines and alerts of Defender for Endpoint. https://learn.microsoft.com/defender-endpoint/api/exposed-apis-odata-samples */
export const defenderEndpoints = family(
  {
    api: 'defender',
    permissionWords: 'defender',
    limits: ['defenderMinute', 'defenderHour'],
    page: { size: 10_000, most: 10_000, above: 'refused', words: tooMany, link: '$skip' },
    options: ['$filter', '$top', '$skip', '$count', '$select', '$orderby'],
  },
  [
    {
      operation: 'defenderMachines',
      route: 'machines',
      context: 'Machines',
      type: 'microsoft.windowsDefenderATP.api.machine',
      permissions: ['Machine.Read.All', 'Machine.ReadWrite.All'],
      filters: {
        id: 'text',
        computerDnsName: 'text',
        lastSeen: 'time',
        firstSeen: 'time',
        healthStatus: 'text',
        osPlatform: 'text',
        riskScore: 'text',
        exposureLevel: 'text',
        aadDeviceId: 'text',
        onboardingStatus: 'text',
        rbacGroupId: 'word',
        machineTags: 'any',
      },
      orderBy: ['lastSeen', 'firstSeen', 'computerDnsName'],
    },
    {
      operation: 'defenderAlerts',
      route: 'alerts',
      context: 'Alerts',
      type: 'microsoft.windowsDefenderATP.api.alert',
      permissions: ['Alert.Read.All', 'Alert.ReadWrite.All'],
      options: ['$filter', '$top', '$skip', '$count', '$select', '$orderby', '$expand'],
      filters: {
        alertCreationTime: 'time',
        lastUpdateTime: 'time',
        lastEventTime: 'time',
        incidentId: 'word',
        investigationId: 'word',
        id: 'text',
        assignedTo: 'text',
        detectionSource: 'text',
        status: 'text',
        severity: 'text',
        category: 'text',
      },
      orderBy: ['alertCreationTime', 'lastUpdateTime'],
      order: { field: 'alertCreationTime', descending: true },
      onRequest: ['evidence'],
    },
  ],
);
