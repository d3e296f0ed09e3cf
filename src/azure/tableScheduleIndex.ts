import { failureOf } from '../domain/failure';
import type { ScheduleIndex } from '../domain/ports';
import type { ScheduleEntry } from '../domain/schedule';
import { inParallel } from './inParallel';
import { readRow } from './rowReader';
import type { RowReader } from './rowReader';
import { transactionsOf } from './rowWrites';
import type { RowWrite } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

const atOnce = 8;
// Moving an entry takes two writes, and a transaction a hundred.
const movesInTransaction = 50;

/** The schedule index in Azure Table Storage: a partition for each shard, rows in the order in which they are due. */
export function tableScheduleIndex(access: StorageAccess, options: StorageOptions = {}): ScheduleIndex {
  const rows = new TableRows(access, `${storagePrefix(options)}schedule`);

  const read = (shard: number, row: StoredRow): ScheduleEntry | undefined =>
    readRow(rows.name, row, (reader) => entryOf(shard, reader), options.onCorruptRow);

  const inShards = async (
    entries: readonly ScheduleEntry[],
    work: (partition: string, ofShard: readonly ScheduleEntry[]) => Promise<void>,
  ): Promise<void> => {
    await inParallel([...Map.groupBy(entries, ({ shard }) => shard)], atOnce, ([shard, ofShard]) =>
      work(partitionOf(shard), ofShard),
    );
  };

  /** Moves the entries of a shard all together, or says that one of them was not there. */
  const move = async (
    entries: readonly ScheduleEntry[],
    until: Date,
    signal: AbortSignal,
  ): Promise<readonly ScheduleEntry[] | undefined> => {
    const [first] = entries;
    if (first === undefined) return [];
    const moved = entries.map((entry) => ({ ...entry, dueAt: until }));
    // The new row may be there from an earlier schedule; that the old one was there to be deleted is what only one caller achieves.
    const writes = entries.flatMap((entry, index): RowWrite[] => [
      { kind: 'delete', row: rowKey(entry) },
      putOf(moved[index] ?? entry),
    ]);
    try {
      await rows.write(partitionOf(first.shard), writes, signal);
      return moved;
    } catch (error) {
      if (failureOf(error)?.kind === 'conflict') return undefined;
      throw error;
    }
  };

  return {
    due: async (shard, now, { atMost, isWanted = () => true }, signal) => {
      const partition = partitionOf(shard);
      const due: ScheduleEntry[] = [];
      const query = { partition, to: `${now.toISOString()}|~`, pageSize: Math.min(1_000, Math.max(1, atMost)) };
      for await (const page of rows.list(query, signal)) {
        const entries = page.map((row) => ({ row: row.row, entry: read(shard, row) }));
        // An entry that cannot be read would stand in front of the others for ever; its source is found again when the index is repaired.
        await rows.removeAll(
          partition,
          entries.filter(({ entry }) => entry === undefined).map(({ row }) => row),
          signal,
        );
        due.push(...entries.flatMap(({ entry }) => (entry !== undefined && isWanted(entry) ? [entry] : [])));
        if (due.length >= atMost) break;
      }
      return due.slice(0, atMost);
    },

    put: (entries, signal) =>
      inShards(entries, async (partition, ofShard) => {
        // The same entry twice may not be in one transaction.
        const writes = new Map(ofShard.map((entry) => [rowKey(entry), putOf(entry)]));
        for (const chunk of transactionsOf([...writes.values()])) await rows.write(partition, chunk, signal);
      }),

    claim: async (entries, until, signal) => {
      const movable = [...new Map(entries.map((entry) => [`${entry.shard}|${rowKey(entry)}`, entry])).values()].filter(
        ({ dueAt }) => dueAt.getTime() !== until.getTime(),
      );
      const chunks: ScheduleEntry[][] = [];
      for (const ofShard of Map.groupBy(movable, ({ shard }) => shard).values())
        for (const round of roundsOf(ofShard))
          for (let start = 0; start < round.length; start += movesInTransaction)
            chunks.push(round.slice(start, start + movesInTransaction));
      const moved: ScheduleEntry[] = [];
      for (const chunk of chunks) {
        const together = await move(chunk, until, signal);
        if (together !== undefined) moved.push(...together);
        else
          moved.push(...(await inParallel(chunk, atOnce, (entry) => move([entry], until, signal))).flatMap((one) => one ?? []));
      }
      return moved;
    },

    remove: (entries, signal) =>
      inShards(entries, (partition, ofShard) => rows.removeAll(partition, [...new Set(ofShard.map(rowKey))], signal)),

    all: async function* (shard, signal) {
      for await (const page of rows.list({ partition: partitionOf(shard) }, signal))
        for (const row of page) {
          const entry = read(shard, row);
          if (entry !== undefined) yield entry;
        }
    },
  };
}

/** Two entries of the same source would become one row: the second is moved in a transaction of its own. */
function roundsOf(entries: readonly ScheduleEntry[]): ScheduleEntry[][] {
  const rounds: ScheduleEntry[][] = [];
  const seen = new Map<string, number>();
  for (const entry of entries) {
    const key = `${entry.tenantId}|${entry.sourceId}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (rounds[round] ??= []).push(entry);
  }
  return rounds;
}

function partitionOf(shard: number): string {
  return `s${String(shard).padStart(2, '0')}`;
}

/** The ticket is part of the key: an older entry that is moved to the same millisecond must not take the place of a newer one. */
function rowKey({ dueAt, tenantId, sourceId, ticket }: Omit<ScheduleEntry, 'shard' | 'backlog'>): string {
  return `${dueAt.toISOString()}|${keyPart(tenantId)}|${keyPart(sourceId)}|${ticket}`;
}

function putOf(entry: ScheduleEntry): RowWrite {
  const { tenantId, sourceId, backlog } = entry;
  return { kind: 'put', row: rowKey(entry), columns: { tenantId, sourceId, ticket: BigInt(entry.ticket), backlog } };
}

function entryOf(shard: number, reader: RowReader): ScheduleEntry {
  const dueAt = new Date(reader.row.row.split('|')[0] ?? '');
  if (Number.isNaN(dueAt.getTime())) reader.corrupt('RowKey');
  const [tenantId, sourceId] = [reader.text('tenantId'), reader.text('sourceId')];
  const entry = { shard, dueAt, tenantId, sourceId, ticket: reader.whole('ticket'), backlog: reader.flag('backlog') };
  return rowKey(entry) === reader.row.row ? entry : reader.corrupt('RowKey');
}
