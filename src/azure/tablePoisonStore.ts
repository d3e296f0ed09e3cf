import { createHash } from 'node:crypto';
import type { PoisonStore } from '../domain/ports';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { TableRows } from './tableRows';

// A column takes 32 K characters.
const longestColumn = 30_000;

/** What became of messages nobody could process, in Azure Table Storage: a partition for each day. */
export function tablePoisonStore(access: StorageAccess, options: StorageOptions = {}): PoisonStore {
  const rows = new TableRows(access, `${storagePrefix(options)}poison`);
  return {
    record: async ({ cause, message, entries, at }, signal) => {
      const hash = createHash('sha256').update(message).digest('hex').slice(0, 32);
      const row = `${at.toISOString()}_${hash}`;
      const columns = {
        cause: storable(cause),
        message: storable(message),
        entries: JSON.stringify(entries).slice(0, longestColumn),
        at: at.toISOString(),
      };
      await rows.write(at.toISOString().slice(0, 10), [{ kind: 'put', row, columns }], signal);
    },
  };
}

/** The message may be anything; control characters, which the service does not take in a text, are replaced. */
function storable(text: string): string {
  return text
    .slice(0, longestColumn)
    .toWellFormed()
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '\ufffd');
}
