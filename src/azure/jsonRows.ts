import type { z } from 'zod';
import type { RowStore } from '../domain/ports';
import { readRow } from './rowReader';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

const partition = 'all';

/** Rows of one kind in a table of their own, as JSON in one column; a row that cannot be read counts as one that is not there, and is reported. */
export function jsonRows<Row extends { readonly id: string }>(
  access: StorageAccess,
  name: string,
  schema: z.ZodType<Row>,
  options: StorageOptions,
): RowStore<Row> {
  const rows = new TableRows(access, `${storagePrefix(options)}${name}`);
  const read = (row: StoredRow): Row | undefined =>
    readRow(
      rows.name,
      row,
      (reader) => {
        const found = reader.json('json', (value) => schema.safeParse(value).data);
        return keyPart(found.id) === row.row ? found : reader.corrupt('json');
      },
      options.onCorruptRow,
    );
  return {
    find: async (id, signal) => {
      const stored = await rows.get(partition, keyPart(id), signal);
      const row = stored === undefined ? undefined : read(stored);
      return stored === undefined || row === undefined ? undefined : { row, etag: stored.etag };
    },
    save: async (row, expected, signal) => {
      const write = { row: keyPart(row.id), columns: { json: JSON.stringify(row) } };
      const conditional =
        expected === undefined ? { kind: 'create' as const, ...write } : { kind: 'replace' as const, ...write, etag: expected };
      const [etag = ''] = await rows.write(partition, [conditional], signal);
      return etag;
    },
    all: async function* (signal) {
      for await (const page of rows.list({ partition }, signal))
        for (const stored of page) {
          const row = read(stored);
          if (row !== undefined) yield row;
        }
    },
    remove: async (ids, signal) => rows.removeAll(partition, ids.map(keyPart), signal),
  };
}
