import type { Action } from '../domain/action';
import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { inspectMachine, machinePermissions, machineStep } from '../microsoft/machineActions';

const all = /^(Windows(10|11|Server\w*)|Linux\w*|Ubuntu\w*|RedHat\w*|CentOS\w*|Debian\w*|SLES\w*|Suse\w*|macOS)$/i;

/** Has a machine scan itself with Microsoft Defender Antivirus. */
export const scanDevice: Action = {
  id: 'scanDevice',
  title: 'Run antivirus scan',
  docs: 'https://learn.microsoft.com/defender-endpoint/api/run-av-scan',
  targetKind: 'device',
  permissions: [...machinePermissions, { api: 'defender', role: 'Machine.Scan', why: 'Starts an antivirus scan on a machine.' }],
  anyLicenceOf: licences.defenderForEndpoint,
  clouds: cloudsButChina,
  limits: ['defenderMinute', 'defenderHour'],
  choices: ['Quick', 'Full'],
  highImpact: false,
  reversibleBy: undefined,
  done: 'The machine has finished the scan.',
  verified: 'The machine action is followed until Defender says Succeeded.',
  cannot:
    'It says that the scan has run, not what it found: that comes as alerts. A scan that is under way already is adopted, whichever kind it is.',
  longestMs: 24 * 3_600_000,
  inspect: inspectMachine(() => all),
  steps: [
    machineStep({
      id: 'scan',
      title: 'Run the antivirus scan',
      type: 'RunAntiVirusScan',
      path: 'runAntiVirusScan',
      permission: 'Machine.Scan',
      body: (choice) => ({ ScanType: choice }),
    }),
  ],
};
