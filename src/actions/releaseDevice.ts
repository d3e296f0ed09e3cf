import type { Action } from '../domain/action';
import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { inspectMachine, machinePermissions, machineStep } from '../microsoft/machineActions';

const all = /^(Windows(10|11|Server\w*)|Linux\w*|Ubuntu\w*|RedHat\w*|CentOS\w*|Debian\w*|SLES\w*|Suse\w*|macOS)$/i;

/** Lets an isolated machine back to the network. */
export const releaseDevice: Action = {
  id: 'releaseDevice',
  title: 'Release device',
  docs: 'https://learn.microsoft.com/defender-endpoint/api/unisolate-machine',
  targetKind: 'device',
  permissions: [
    ...machinePermissions,
    { api: 'defender', role: 'Machine.Isolate', why: 'Cuts a machine off from the network, and lets it back.' },
  ],
  anyLicenceOf: licences.defenderForEndpoint,
  clouds: cloudsButChina,
  limits: ['defenderMinute', 'defenderHour'],
  choices: [],
  highImpact: false,
  reversibleBy: 'isolateDevice',
  done: 'The machine speaks to the network again.',
  verified: 'The machine action is followed until Defender says Succeeded.',
  cannot:
    'It waits until an isolation that is under way has ended, because of two that cross the machine may stay cut off. A machine that Defender cannot reach is not released: use the local release tool.',
  longestMs: 24 * 3_600_000,
  inspect: inspectMachine(() => all),
  steps: [
    machineStep({
      id: 'release',
      title: 'Release the machine from isolation',
      type: 'Unisolate',
      path: 'unisolate',
      permission: 'Machine.Isolate',
      opposite: 'Isolate',
    }),
  ],
};
