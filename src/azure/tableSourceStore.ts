import { ledgerDays } from '../domain/ledger';
import type { Clock, SourceStore } from '../domain/ports';
import { isShown } from '../domain/sourceState';
import type { SourceRow, SourceState } from '../domain/sourceState';
import { readRow, textListOf, textsOf } from './rowReader';
import type { RowReader } from './rowReader';
import type { Columns } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { stateOf } from './storedState';
import { tableGlances } from './tableGlances';
import { keyPart, keyText } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

/** The rows of the sources in Azure Table Storage, a partition for each tenant. */
export function tableSourceStore(access: StorageAccess, clock: Pick<Clock, 'now'>, options: StorageOptions = {}): SourceStore {
  const rows = new TableRows(access, `${storagePrefix(options)}sources`);
  const glances = tableGlances(access, options);

  const read = (row: StoredRow): SourceRow =>
    sourceRow(row, clock.now(), (otherwise, reading) => readRow(rows.name, row, reading, options.onCorruptRow) ?? otherwise);

  return {
    find: async (tenantId, sourceId, signal) => {
      const row = await rows.get(keyPart(tenantId), keyPart(sourceId), signal);
      return row === undefined ? undefined : read(row);
    },

    ofTenant: async (tenantId, signal) => {
      const found: SourceRow[] = [];
      for await (const page of rows.list({ partition: keyPart(tenantId) }, signal)) found.push(...page.map(read));
      return found;
    },

    create: async (row, signal) => {
      const write = { kind: 'create' as const, row: keyPart(row.sourceId), columns: sourceColumns(row) };
      const [etag = ''] = await rows.write(keyPart(row.tenantId), [write], signal);
      return { ...row, etag };
    },

    save: async (row, signal) => {
      const write = { kind: 'replace' as const, row: keyPart(row.sourceId), columns: sourceColumns(row), etag: row.etag };
      const [etag = ''] = await rows.write(keyPart(row.tenantId), [write], signal);
      if (isShown(row)) await glances.put(row.tenantId, [row], signal);
      return { ...row, etag };
    },

    remove: async (tenantId, signal) => {
      const partition = keyPart(tenantId);
      for await (const page of rows.list({ partition, columns: [] }, signal))
        await rows.removeAll(
          partition,
          page.map(({ row }) => row),
          signal,
        );
      await glances.remove(tenantId, signal);
    },

    glances: glances.all,
    renewGlance: glances.put,
  };
}

function sourceColumns(row: Omit<SourceRow, 'etag'>): Columns {
  return {
    epoch: BigInt(row.epoch),
    leaseOwner: row.leaseOwner,
    leaseUntil: row.leaseUntil,
    unclean: row.unclean,
    cursor: JSON.stringify(row.cursor),
    openDays: JSON.stringify(row.openDays),
    memory: JSON.stringify(row.memory),
    state: JSON.stringify(row.state),
    idleRuns: row.idleRuns,
    failedRuns: row.failedRuns,
    dueAt: row.dueAt,
    ticket: BigInt(row.ticket),
    pendingUnits: BigInt(row.pendingUnits),
    reportedTo: row.reportedTo,
    firstRunAt: row.firstRunAt,
    lastRunAt: row.lastRunAt,
    lastSuccessAt: row.lastSuccessAt,
    lastRecordAt: row.lastRecordAt,
    recordsTotal: BigInt(row.recordsTotal),
    bytesTotal: BigInt(row.bytesTotal),
    gapsTotal: BigInt(row.gapsTotal),
  };
}

/** Reads one column; what cannot be read is told, and replaced. */
type ReadOr = <Value>(otherwise: Value, read: (reader: RowReader) => Value) => Value;

/**
 * The inverse of sourceColumns. What cannot be read is replaced by what loses nothing: no cursor, so that everything is listed again;
 * all days open, so that every pending unit is found.
 */
function sourceRow(row: StoredRow, now: Date, readOr: ReadOr): SourceRow {
  const whole = (name: string): number => readOr(0, (reader) => reader.whole(name));
  const texts: Partial<Record<(typeof optionalTexts)[number], string>> = {};
  for (const name of optionalTexts) {
    const text = readOr(undefined, (reader) => reader.optionalText(name));
    if (text !== undefined) texts[name] = text;
  }
  return {
    tenantId: keyText(row.partition),
    sourceId: keyText(row.row),
    epoch: whole('epoch'),
    unclean: readOr(true, (reader) => reader.flag('unclean')),
    cursor: readOr({}, (reader) => reader.json('cursor', cursorOf)),
    openDays: readOr(ledgerDays(now), (reader) => reader.json('openDays', textListOf)),
    memory: readOr({}, (reader) => reader.json('memory', memoryOf)),
    state: readOr<SourceState>({ name: 'waiting', since: now.toISOString() }, (reader) => reader.json('state', stateOf)),
    idleRuns: whole('idleRuns'),
    failedRuns: whole('failedRuns'),
    dueAt: readOr(now.toISOString(), (reader) => reader.time('dueAt').toISOString()),
    ticket: whole('ticket'),
    pendingUnits: whole('pendingUnits'),
    recordsTotal: whole('recordsTotal'),
    bytesTotal: whole('bytesTotal'),
    gapsTotal: whole('gapsTotal'),
    ...texts,
    etag: row.etag,
  };
}

const optionalTexts = [
  'leaseOwner',
  'leaseUntil',
  'reportedTo',
  'firstRunAt',
  'lastRunAt',
  'lastSuccessAt',
  'lastRecordAt',
] as const;

// Complete by the compiler: what is left out here would be forgotten with each run.
const cursorNames = namesOf<SourceRow['cursor']>({
  listedTo: true,
  dayRelistedAt: true,
  weekRelistedAt: true,
  weekRelistedTo: true,
  lateness: true,
});
const memoryNames = namesOf<SourceRow['memory']>({
  readyAt: true,
  startedAt: true,
  recent: true,
  limitUse: true,
  link: true,
  snapshot: true,
  snapshotAt: true,
});

const cursorOf = (value: unknown): SourceRow['cursor'] | undefined => textsOf(value, cursorNames);

const memoryOf = (value: unknown): SourceRow['memory'] | undefined => textsOf(value, memoryNames);

function namesOf<T extends object>(names: Readonly<Record<keyof T, true>>): readonly (keyof T & string)[] {
  return Object.keys(names) as (keyof T & string)[];
}
