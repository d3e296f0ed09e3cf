import { createHash } from 'node:crypto';
import { formatLateness, parseLateness } from '../domain/lateness';
import type { LedgerRow, LedgerScope } from '../domain/ledger';
import type { Unit } from '../domain/source';
import type { RowReader } from './rowReader';
import type { Columns } from './rowWrites';
import { formatFailure, parseFailure } from './storedFailure';
import { keyPart } from './tableKeys';

const undatedMark = 'undated_';
const states = ['pending', 'done', 'gap'] as const;
// A column takes 32 K characters; Microsoft's content ids and URIs have a few hundred.
const longestColumn = 16_000;

/** Where the units of a day of a scope are: `tenant|source|day`. */
export function ledgerPartition(scope: LedgerScope, day: string): string {
  return `${ledgerPartitionStart(scope)}${keyPart(day)}`;
}

/** What the partitions of all days of a scope begin with. */
export function ledgerPartitionStart(scope: LedgerScope): string {
  return `${keyPart(scope.tenantId)}|${keyPart(scope.sourceId)}|`;
}

/** Sorts by when the unit became available; the hash keeps units of the same moment apart. */
export function ledgerRowKey(unit: Unit): string {
  const hash = createHash('sha256').update(unit.id.slice(0, longestColumn)).digest('hex').slice(0, 32);
  return unit.undated === true ? undatedMark + hash : `${unit.at.toISOString()}_${hash}`;
}

/** A ledger row as columns; the scope and the day are in the keys. */
export function ledgerColumns({
  unit,
  state,
  listedAt,
  fetched,
  delivered,
  attempts,
  ...row
}: Omit<LedgerRow, 'scope' | 'etag'>): Columns {
  return {
    id: unit.id.slice(0, longestColumn),
    ref: unit.ref.slice(0, longestColumn),
    // Only the time of an undated unit can be none at all; when it was listed stands in for it.
    at: (Number.isNaN(unit.at.getTime()) ? listedAt : unit.at).toISOString(),
    expires: unit.expires.toISOString(),
    from: unit.from?.toISOString(),
    snapshot: unit.snapshot,
    refused: unit.refused === undefined ? undefined : formatFailure(unit.refused),
    state,
    listedAt: listedAt.toISOString(),
    fetched,
    records: BigInt(delivered.records),
    bytes: BigInt(delivered.bytes),
    checksum: BigInt(delivered.checksum),
    lateness: formatLateness(delivered.lateness),
    resumeAt: delivered.resumeAt === undefined || delivered.resumeAt.length > longestColumn ? undefined : delivered.resumeAt,
    attempts,
    notBefore: row.notBefore?.toISOString(),
    cause: row.cause === undefined ? undefined : formatFailure(row.cause),
    finishedAt: row.finishedAt?.toISOString(),
  };
}

/** The inverse of ledgerColumns. */
export function ledgerRow(scope: LedgerScope, reader: RowReader): LedgerRow {
  const notBefore = reader.optionalTime('notBefore');
  const cause = reader.optionalText('cause');
  const finishedAt = reader.optionalTime('finishedAt');
  const resumeAt = reader.optionalText('resumeAt');
  return {
    scope,
    unit: ledgerUnit(reader),
    state: reader.word('state', states),
    listedAt: reader.time('listedAt'),
    fetched: reader.flag('fetched'),
    delivered: {
      records: reader.whole('records'),
      bytes: reader.whole('bytes'),
      checksum: reader.whole('checksum'),
      lateness: parseLateness(reader.text('lateness')),
      ...(resumeAt === undefined ? {} : { resumeAt }),
    },
    attempts: reader.whole('attempts'),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(cause === undefined ? {} : { cause: parseFailure(cause) }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    etag: reader.row.etag,
  };
}

function ledgerUnit(reader: RowReader): Unit {
  const refused = reader.optionalText('refused');
  const from = reader.optionalTime('from');
  const snapshot = reader.optionalText('snapshot');
  const unit: Unit = {
    id: reader.text('id'),
    at: reader.time('at'),
    expires: reader.time('expires'),
    ref: reader.text('ref'),
    ...(refused === undefined ? {} : { refused: parseFailure(refused) }),
    ...(from === undefined ? {} : { from }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(reader.row.row.startsWith(undatedMark) ? { undated: true } : {}),
  };
  // An id or a time that was changed no longer belongs to this key: saving the row would write another one.
  return ledgerRowKey(unit) === reader.row.row ? unit : reader.corrupt('id');
}
