import type { Action } from '../domain/action';
import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { inspectMachine, machinePermissions, machineStep } from '../microsoft/machineActions';

// https://learn.microsoft.com/defender-endpoint/respond-machine-alerts#collect-investigation-package-from-devices
const windows = /^Windows(10|11|Server\w*)$/i;

/** Has a machine collect logs and state for an investigation. */
export const collectPackage: Action = {
  id: 'collectPackage',
  title: 'Collect investigation package',
  docs: 'https://learn.microsoft.com/defender-endpoint/api/collect-investigation-package',
  targetKind: 'device',
  permissions: [
    ...machinePermissions,
    { api: 'defender', role: 'Machine.CollectForensics', why: 'Has a machine collect a package for an investigation.' },
  ],
  anyLicenceOf: licences.defenderForEndpoint,
  clouds: cloudsButChina,
  limits: ['defenderMinute', 'defenderHour'],
  choices: [],
  highImpact: false,
  reversibleBy: undefined,
  done: 'The machine has collected the package, and Defender holds it.',
  verified: 'The machine action is followed until Defender says Succeeded.',
  cannot:
    'The package stays in Defender: fetch it in the portal, from the Action center of the machine. One that is being collected already is adopted, not collected twice.',
  longestMs: 24 * 3_600_000,
  inspect: inspectMachine(() => windows),
  steps: [
    machineStep({
      id: 'collect',
      title: 'Collect the investigation package',
      type: 'CollectInvestigationPackage',
      path: 'collectInvestigationPackage',
      permission: 'Machine.CollectForensics',
    }),
  ],
};
