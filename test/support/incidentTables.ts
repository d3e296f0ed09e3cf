import { TableClient } from '@azure/data-tables';

/** All tables the connector has. */
const tableNames = ['tenants', 'sources', 'ledger', 'coverage', 'gaps', 'sent', 'profiles', 'schedule', 'poison', 'workers'];

/** One table of a storage prefix. */
export function tableOf(connectionString: string, prefix: string, name: string): TableClient {
  return TableClient.fromConnectionString(connectionString, `${prefix}${name}`, { allowInsecureConnection: true });
}

/** All rows of all tables of a storage prefix, by the name of the table. */
export async function tableRows(
  connectionString: string,
  prefix: string,
): Promise<Map<string, { partitionKey: string; rowKey: string }[]>> {
  const tables = new Map<string, { partitionKey: string; rowKey: string }[]>();
  for (const name of tableNames) {
    const rows = Array.fromAsync(
      tableOf(connectionString, prefix, name).listEntities<{ partitionKey: string; rowKey: string }>(),
    );
    // A table that nothing was ever written to is not there.
    tables.set(name, await rows.catch(() => []));
  }
  return tables;
}

/** Removes the tables of a storage prefix, so that the storage that all tests share stays small. */
export async function dropTables(connectionString: string, prefix: string): Promise<void> {
  for (const name of tableNames) await tableOf(connectionString, prefix, name).deleteTable();
}
