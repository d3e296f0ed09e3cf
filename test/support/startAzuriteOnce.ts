import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAzurite } from '../local/azurite';
import { createCertificates } from '../local/certificates';

/** What the incident tests share: storage and certificates. Each has a storage prefix of its own. */
export interface SharedStand {
  readonly connectionString: string;
  readonly folder: string;
}

export const sharedStandVariable = 'INCIDENT_TESTS_SHARED_STAND';

interface JestRun {
  readonly testPathPatterns?: { readonly patterns?: readonly string[] };
}

/** Before all tests: one Azurite for all incident tests; not when only other tests were asked for. */
export default async function startAzuriteOnce(run: JestRun): Promise<void> {
  const patterns = run.testPathPatterns?.patterns ?? [];
  if (patterns.length > 0 && !patterns.some((pattern) => pattern.includes('incident'))) return;
  const { stand, stop } = await startSharedStand();
  process.env[sharedStandVariable] = JSON.stringify(stand);
  stopShared = stop;
}

let stopShared: (() => Promise<void>) | undefined;

/** After all tests. */
export async function stopAzurite(): Promise<void> {
  await stopShared?.();
  stopShared = undefined;
}

/** Starts storage and makes certificates, for a test that was started without the others. */
export async function startSharedStand(): Promise<{ readonly stand: SharedStand; readonly stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'incidents-'));
  await createCertificates(folder);
  const azurite = await startAzurite();
  return {
    stand: { connectionString: azurite.connectionString, folder },
    stop: async () => {
      await azurite.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
