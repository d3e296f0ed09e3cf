import type { Action } from '../domain/action';
import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { inspectMachine, machinePermissions, machineStep } from '../microsoft/machineActions';

// Full isolation: https://learn.microsoft.com/defender-endpoint/respond-machine-alerts#isolate-devices-from-the-network; selective: Windows only.
const windows = /^Windows(10|11|Server\w*)$/i;
const all = /^(Windows(10|11|Server\w*)|Linux\w*|Ubuntu\w*|RedHat\w*|CentOS\w*|Debian\w*|SLES\w*|Suse\w*|macOS)$/i;

/** Cuts a machine off from the network but for Defender. */
export const isolateDevice: Action = {
  id: 'isolateDevice',
  title: 'Isolate device',
  docs: 'https://learn.microsoft.com/defender-endpoint/api/isolate-machine',
  targetKind: 'device',
  permissions: [
    ...machinePermissions,
    { api: 'defender', role: 'Machine.Isolate', why: 'Cuts a machine off from the network, and lets it back.' },
  ],
  anyLicenceOf: licences.defenderForEndpoint,
  clouds: cloudsButChina,
  limits: ['defenderMinute', 'defenderHour'],
  choices: ['Full', 'Selective'],
  highImpact: true,
  reversibleBy: 'releaseDevice',
  done: 'The machine speaks to Defender for Endpoint only; with Selective also to Outlook, Teams and Skype for Business.',
  verified: 'The machine action is followed until Defender says Succeeded.',
  cannot:
    'A machine that is off is cut off when it is on again, if that is within a day. A machine behind a full-tunnel VPN loses Defender as well, and cannot be released from here then.',
  longestMs: 24 * 3_600_000,
  inspect: inspectMachine((choice) => (choice === 'Selective' ? windows : all)),
  steps: [
    machineStep({
      id: 'isolate',
      title: 'Isolate the machine',
      type: 'Isolate',
      path: 'isolate',
      permission: 'Machine.Isolate',
      body: (choice) => ({ IsolationType: choice }),
      opposite: 'Unisolate',
    }),
  ],
};
