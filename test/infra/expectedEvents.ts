/**
 * Events that alerts and the workbook read although nothing logs them yet, with the fields that they need: actions on users and devices. A test holds the code to these names and fields as soon as it logs them.
 */
export const expectedEvents: ReadonlyMap<string, readonly string[]> = new Map([
  // outcome: verified, failed, partlyDone or timedOut.
  ['actionFinished', ['tenant', 'action', 'outcome', 'seconds']],
]);
