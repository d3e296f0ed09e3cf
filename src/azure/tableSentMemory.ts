import type { LedgerScope } from '../domain/ledger';
import type { SentMemory, SentRow } from '../domain/ports';
import { readRow } from './rowReader';
import type { RowReader } from './rowReader';
import type { Columns } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';

/** A binary column holds 64 KiB. https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model */
const columnBytes = 64 * 1024;
const mostColumns = 14;
const numberDigits = 8;

/** What was sent, in Azure Table Storage: a partition for each tenant and source, rows that are only ever added, in the order of parts and numbers. */
export function tableSentMemory(access: StorageAccess, options: StorageOptions = {}): SentMemory {
  const rows = new TableRows(access, `${storagePrefix(options)}sent`);
  return {
    load: async (scope, from, to, signal) => {
      const found: SentRow[] = [];
      const query = { partition: partitionOf(scope), from: keyPart(from), to: `${keyPart(to)}~` };
      for await (const page of rows.list(query, signal))
        for (const row of page) {
          const read = readRow(rows.name, row, sentRow, options.onCorruptRow);
          if (read !== undefined) found.push(read);
        }
      return found;
    },

    append: async (scope, added, now, signal) => {
      const writes = added.map((row) => ({
        kind: 'create' as const,
        row: rowKey(row),
        columns: { part: row.part, number: row.number, writtenAt: now.toISOString(), ...columnsOf(row.entries) },
      }));
      await rows.write(partitionOf(scope), writes, signal);
    },

    forget: async (scope, part, writtenBefore, signal) => {
      const partition = partitionOf(scope);
      const where = `writtenAt lt '${writtenBefore.toISOString()}'`;
      for await (const page of rows.list({ partition, before: keyPart(part), where, columns: [] }, signal))
        await rows.removeAll(
          partition,
          page.map(({ row }) => row),
          signal,
        );
    },
  };
}

function partitionOf(scope: LedgerScope): string {
  return `${keyPart(scope.tenantId)}|${keyPart(scope.sourceId)}`;
}

function rowKey({ part, number }: Pick<SentRow, 'part' | 'number'>): string {
  return `${keyPart(part)}|${String(number).padStart(numberDigits, '0')}`;
}

function columnsOf(entries: Buffer): Columns {
  const columns: Record<string, Uint8Array> = {};
  for (let at = 0, column = 0; at < entries.length; at += columnBytes, column += 1)
    columns[`entries${column}`] = entries.subarray(at, at + columnBytes);
  return columns;
}

function sentRow(reader: RowReader): SentRow {
  const chunks: Uint8Array[] = [];
  for (let column = 0; column < mostColumns; column += 1) {
    const chunk = reader.row.columns[`entries${column}`];
    if (chunk === undefined) break;
    chunks.push(chunk instanceof Uint8Array ? chunk : reader.corrupt(`entries${column}`));
  }
  return { part: reader.text('part'), number: reader.whole('number'), entries: Buffer.concat(chunks) };
}
