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

/** What a test has for itself: tables that nobody used before, no faults, and what is said of rows that cannot be read. */
export interface FreshStorage extends StorageStand {
  readonly storagePrefix: string;
  readonly corrupt: readonly string[];
  /** For the store under test. */
  readonly options: { readonly storagePrefix: string; readonly onCorruptRow: (description: string) => void };
}

/** Starts the stand before the tests around this call, stops it after them, and begins each of them with storage of its own. */
export function withStorage(begin: (fresh: FreshStorage) => void): void {
  let stand: StorageStand;
  beforeAll(async () => {
    stand = await startStorageStand();
  });
  afterAll(async () => stand.stop());
  beforeEach(() => {
    const storagePrefix = stand.prefix();
    const corrupt: string[] = [];
    stand.proxy.fail([]);
    begin({ ...stand, storagePrefix, corrupt, options: { storagePrefix, onCorruptRow: (text) => corrupt.push(text) } });
  });
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
