import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { defenderSnapshot } from '../microsoft/defenderSource';

/** Machines with the Defender for Endpoint sensor: health, exposure, risk. Their id is the `mdeDeviceId` in the evidence of alerts. */
export const defenderMachines = defenderSnapshot({
  id: 'defender.machines',
  title: 'Defender machines',
  docs: 'https://learn.microsoft.com/defender-endpoint/api/get-machines',
  integration: 'defenderForEndpoint',
  permissions: [
    {
      api: 'defender',
      role: 'Machine.Read.All',
      why: 'Reads the machines that Defender for Endpoint watches, with their health and risk.',
    },
  ],
  anyLicenceOf: licences.defenderForEndpoint,
  clouds: cloudsButChina,
  category: 'DefenderForEndpoint.Machine',
  resourceProvider: 'Microsoft.Defender',
  hub: 'm365-entities',
  everySeconds: 3_600,
  path: '/machines',
  pageSizes: [2_000, 500, 100],
  limits: ['defenderMinute', 'defenderHour'],
  snapshotEverySeconds: 86_400,
});
