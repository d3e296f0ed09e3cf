/**
 * Events that alerts and the workbook read although nothing logs them yet, with the fields that they need: credentials that are checked daily and replaced, actions
 * on users and devices, changes that people make. A test holds the code to these names and fields as soon as it logs them.
 */
export const expectedEvents: ReadonlyMap<string, readonly string[]> = new Map([
  // Once a day for each credential; rotates: whether the connector replaces it by itself.
  ['credentialChecked', ['tenant', 'application', 'kind', 'daysLeft', 'rotates']],
  ['rotationFinished', ['tenant', 'application', 'kind']],
  ['rotationFailed', ['tenant', 'application', 'step', 'failure', 'code']],
  // outcome: verified, failed, partlyDone or timedOut.
  ['actionFinished', ['tenant', 'action', 'outcome', 'seconds']],
  // What was changed, such as paused or integrations; who did it is personal data and is not logged.
  ['tenantChanged', ['tenant', 'change']],
]);
