import { failureOf } from '../domain/failure';
import type { Clock, Workers } from '../domain/ports';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';

const partition = 'workers';
const countedForMs = 60_000;
/** Who has not been seen for so long is not at work. */
const aliveMs = 3 * 60_000;
const dayMs = 86_400_000;
/** What is assumed while the table cannot be read and never could. */
const cautiousCount = 10;

/** Counts the instances at work by a row that each keeps alive while it asks; a count is kept for a minute. */
export function tableWorkers(
  access: StorageAccess,
  owner: string,
  clock: Pick<Clock, 'now'>,
  options: StorageOptions = {},
): Workers {
  const rows = new TableRows(access, `${storagePrefix(options)}workers`);
  let counted: { readonly at: number; readonly count: Promise<number> } | undefined;
  let last = cautiousCount;

  const countNow = async (signal: AbortSignal): Promise<number> => {
    const now = clock.now().getTime();
    const seenAt = new Date(now).toISOString();
    await rows.write(partition, [{ kind: 'put', row: keyPart(owner), columns: { seenAt } }], signal);
    let alive = 0;
    const gone: string[] = [];
    for await (const page of rows.list({ partition }, signal))
      for (const { row, columns } of page) {
        const ageMs = now - Date.parse(String(columns['seenAt']));
        if (ageMs < aliveMs) alive += 1;
        if (ageMs > dayMs) gone.push(row);
      }
    if (gone.length > 0) await rows.removeAll(partition, gone, signal);
    return Math.max(1, alive);
  };

  return {
    count: async (signal) => {
      const now = clock.now().getTime();
      if (counted === undefined || now - counted.at >= countedForMs)
        counted = {
          at: now,
          count: countNow(signal).then(
            (count) => (last = count),
            (error: unknown) => {
              if (failureOf(error) === undefined) throw error;
              return last;
            },
          ),
        };
      return counted.count;
    },
  };
}
