import { TableClient } from '@azure/data-tables';
import type { StorageAccess } from '../../src/azure/storageAccess';
import { startAzurite } from '../local/azurite';
import { startTableProxy } from './tableProxy';
import type { TableProxy } from './tableProxy';

/** Azurite, a proxy in front of its tables, and a fresh prefix for each test. */
export interface StorageStand {
  readonly access: StorageAccess;
  readonly connectionString: string;
  readonly proxy: TableProxy;
  /** A storage prefix nobody used before. */
  prefix(): string;
  /** The table itself, to look at rows and to damage them. */
  table(name: string): TableClient;
  stop(): Promise<void>;
}

/** Starts Azurite in memory with the proxy in front of its tables. */
export async function startStorageStand(): Promise<StorageStand> {
  const azurite = await startAzurite();
  const proxy = await startTableProxy(azurite.connectionString);
  let prefixes = 0;
  return {
    access: { kind: 'connectionString', value: azurite.connectionString },
    connectionString: azurite.connectionString,
    proxy,
    prefix: () => `test${(prefixes += 1)}x`,
    table: (name) => TableClient.fromConnectionString(azurite.connectionString, name, { allowInsecureConnection: true }),
    stop: async () => {
      await proxy.stop();
      await azurite.stop();
    },
  };
}

/** The failure kind a promise rejects with, or `none`. */
export async function failureKindOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    const failure: unknown = error instanceof Error && 'failure' in error ? error.failure : undefined;
    if (typeof failure === 'object' && failure !== null && 'kind' in failure) return String(failure.kind);
    throw error;
  }
}
