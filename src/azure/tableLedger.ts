import { failureOf } from '../domain/failure';
import { ledgerDay, nothingDelivered } from '../domain/ledger';
import type { LedgerChange, LedgerRow, LedgerScope } from '../domain/ledger';
import type { Ledger } from '../domain/ports';
import type { Unit } from '../domain/source';
import { inParallel } from './inParallel';
import { ledgerColumns, ledgerPartition, ledgerPartitionStart, ledgerRow, ledgerRowKey } from './ledgerColumns';
import { readRow } from './rowReader';
import { transactionsOf } from './rowWrites';
import type { RowWrite } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

const partitionsAtOnce = 4;
const transactionsAtOnce = 4;
const rowsAtOnce = 8;
/** Pending rows wait in memory until they are handed out. */
const pendingPageRows = 250;

/** The ledger in Azure Table Storage: a partition for each tenant, source and day, rows in the order in which the units became available. */
export function tableLedger(access: StorageAccess, options: StorageOptions = {}): Ledger {
  const rows = new TableRows(access, `${storagePrefix(options)}ledger`);

  const read = (scope: LedgerScope, row: StoredRow): LedgerRow | undefined =>
    readRow(rows.name, row, (reader) => ledgerRow(scope, reader), options.onCorruptRow);

  const readAll = (scope: LedgerScope, page: readonly StoredRow[]): LedgerRow[] =>
    page.map((row) => read(scope, row)).filter((row) => row !== undefined);

  /** Adds one unit, or takes the row that somebody else added; a row that cannot be read is begun again, so that its unit is collected rather than lost. */
  const enlistOne = async (partition: string, fresh: LedgerRow, signal: AbortSignal, known?: StoredRow): Promise<LedgerRow> => {
    const key = ledgerRowKey(fresh.unit);
    const columns = ledgerColumns(fresh);
    const write: RowWrite =
      known === undefined ? { kind: 'create', row: key, columns } : { kind: 'replace', row: key, columns, etag: known.etag };
    try {
      const [etag = ''] = await rows.write(partition, [write], signal);
      return { ...fresh, etag };
    } catch (error) {
      const there = failureOf(error)?.kind === 'conflict' ? await rows.get(partition, key, signal) : undefined;
      if (there === undefined) throw error;
      const row = read(fresh.scope, there);
      if (row !== undefined) return row;
      if (known !== undefined) throw error;
      return enlistOne(partition, fresh, signal, there);
    }
  };

  const insert = async (partition: string, fresh: readonly LedgerRow[], signal: AbortSignal): Promise<LedgerRow[]> => {
    const writes = fresh.map((row) => ({
      kind: 'create' as const,
      row: ledgerRowKey(row.unit),
      columns: ledgerColumns(row),
      fresh: row,
    }));
    const inserted = await inParallel(transactionsOf(writes), transactionsAtOnce, async (chunk) => {
      try {
        const etags = await rows.write(partition, chunk, signal);
        return chunk.map((write, index) => ({ ...write.fresh, etag: etags[index] ?? '' }));
      } catch (error) {
        if (failureOf(error)?.kind !== 'conflict') throw error;
        return inParallel(chunk, rowsAtOnce, (write) => enlistOne(partition, write.fresh, signal));
      }
    });
    return inserted.flat();
  };

  /** Reads the rows that are there. By one range, as long as that is cheaper than asking for each: listings are mostly, but not always, in order. */
  const readKnown = async (partition: string, keys: readonly string[], signal: AbortSignal): Promise<Map<string, StoredRow>> => {
    const wanted = new Set(keys);
    const sorted = [...keys].sort();
    const known = new Map<string, StoredRow>();
    const [from, to] = [sorted[0], sorted.at(-1)];
    if (from === undefined || to === undefined) return known;
    let seen = 0;
    let upTo: string | undefined;
    for await (const page of rows.list({ partition, from, to }, signal)) {
      for (const row of page) if (wanted.has(row.row)) known.set(row.row, row);
      seen += page.length;
      upTo = page.at(-1)?.row;
      if (seen > 2_000 + 10 * keys.length) break;
      upTo = undefined;
    }
    const reached = upTo;
    if (reached === undefined) return known;
    const rest = sorted.filter((key) => key > reached);
    const found = await inParallel(rest, rowsAtOnce, (key) => rows.get(partition, key, signal));
    for (const row of found) if (row !== undefined) known.set(row.row, row);
    return known;
  };

  const enlistDay = async (
    scope: LedgerScope,
    day: string,
    units: ReadonlyMap<string, Unit>,
    now: Date,
    signal: AbortSignal,
  ): Promise<readonly (readonly [string, LedgerRow])[]> => {
    const partition = ledgerPartition(scope, day);
    const known = await readKnown(partition, [...units.keys()], signal);
    const result: LedgerRow[] = [];
    const missing: LedgerRow[] = [];
    const corrupt: { fresh: LedgerRow; there: StoredRow }[] = [];
    for (const [key, unit] of units) {
      const there = known.get(key);
      const row = there === undefined ? undefined : read(scope, there);
      if (row !== undefined) result.push(row);
      else if (there === undefined) missing.push(freshRow(scope, unit, now));
      else corrupt.push({ fresh: freshRow(scope, unit, now), there });
    }
    result.push(...(await insert(partition, missing, signal)));
    result.push(...(await inParallel(corrupt, rowsAtOnce, ({ fresh, there }) => enlistOne(partition, fresh, signal, there))));
    return result.map((row) => [ledgerRowKey(row.unit), row] as const);
  };

  const saveChunk = async (partition: string, chunk: readonly Change[], signal: AbortSignal): Promise<void> => {
    const etags = await rows.write(partition, chunk, signal);
    chunk.forEach((write, index) => (write.saved = { ...write.change, etag: etags[index] ?? '' }));
  };

  return {
    enlist: async (scope, units, now, signal) => {
      const keyed = units.map((unit) => ({ unit, day: ledgerDay(unit), key: ledgerRowKey(unit) }));
      const days = new Map<string, Map<string, Unit>>();
      for (const { unit, day, key } of keyed) {
        const ofDay = days.get(day) ?? new Map<string, Unit>();
        if (!ofDay.has(key)) ofDay.set(key, unit);
        days.set(day, ofDay);
      }
      const enlisted = await inParallel([...days], partitionsAtOnce, ([day, ofDay]) => enlistDay(scope, day, ofDay, now, signal));
      const byKey = new Map(enlisted.flat());
      return keyed.map(({ key }) => byKey.get(key)).filter((row) => row !== undefined);
    },

    pending: async function* (scope, day, signal) {
      const partition = ledgerPartition(scope, day);
      for await (const page of rows.list({ partition, where: "state eq 'pending'", pageSize: pendingPageRows }, signal)) {
        const readable = readAll(scope, page);
        if (readable.length > 0) yield readable;
      }
    },

    save: async (changes, signal) => {
      const writes = changes.map((change): Change => {
        const row = ledgerRowKey(change.unit);
        return { kind: 'replace', row, columns: ledgerColumns(change), etag: change.etag, change, saved: change };
      });
      const partitions = Map.groupBy(writes, ({ change }) => ledgerPartition(change.scope, ledgerDay(change.unit)));
      await inParallel([...partitions], partitionsAtOnce, async ([partition, ofPartition]) => {
        await inParallel(transactionsOf(ofPartition), transactionsAtOnce, (chunk) => saveChunk(partition, chunk, signal));
      });
      return writes.map(({ saved }) => saved);
    },

    find: async (scope, unit, signal) => {
      const row = await rows.get(ledgerPartition(scope, ledgerDay(unit)), ledgerRowKey(unit), signal);
      return row === undefined ? undefined : read(scope, row);
    },

    hour: async function* (scope, hour, signal) {
      // All row keys of the hour begin with `2026-11-22T10:`; `;` is the character after the colon.
      const ofDay = { partition: ledgerPartition(scope, hour.slice(0, 10)), from: `${hour}:`, before: `${hour};` };
      const query = hour.includes('T') ? ofDay : { partition: ledgerPartition(scope, hour) };
      for await (const page of rows.list(query, signal)) {
        const readable = readAll(scope, page);
        if (readable.length > 0) yield readable;
      }
    },

    forget: async (scope, day, expiredBefore, signal) => {
      const partition = ledgerPartition(scope, day);
      let kept = 0;
      for await (const page of rows.list({ partition, columns: ['state', 'expires'] }, signal)) {
        const old = page.filter((row) => isForgettable(row, expiredBefore)).map(({ row }) => row);
        kept += page.length - old.length;
        await rows.removeAll(partition, old, signal);
      }
      return { kept };
    },

    days: async (scope, signal) => {
      const start = ledgerPartitionStart(scope);
      const days: string[] = [];
      for (let after = start; ;) {
        // From one partition straight to the next: as many small reads as there are days.
        const partition = await rows.firstPartition(after, `${start}~`, signal);
        if (partition === undefined) return days;
        days.push(partition.slice(start.length));
        after = partition;
      }
    },
  };
}

interface Change {
  readonly kind: 'replace';
  readonly row: string;
  readonly columns: ReturnType<typeof ledgerColumns>;
  readonly etag: string;
  readonly change: LedgerChange;
  saved: LedgerRow;
}

function freshRow(scope: LedgerScope, unit: Unit, now: Date): LedgerRow {
  const row = { scope, unit, listedAt: now, fetched: false, delivered: nothingDelivered, attempts: 0, etag: '' };
  return unit.refused === undefined
    ? { ...row, state: 'pending' }
    : { ...row, state: 'gap', cause: unit.refused, finishedAt: now };
}

const week = 7 * 86_400_000;

// A row that cannot be read goes when the content of its whole day has expired at Microsoft.
function isForgettable(row: StoredRow, expiredBefore: Date): boolean {
  const { state, expires } = row.columns;
  if (state === 'pending') return false;
  const at = typeof expires === 'string' ? Date.parse(expires) : NaN;
  const end = Number.isNaN(at) ? Date.parse(row.partition.slice(-10)) + 86_400_000 + week : at;
  return end < expiredBefore.getTime();
}
