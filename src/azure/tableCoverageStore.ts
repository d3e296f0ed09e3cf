import { createHash } from 'node:crypto';
import type { Gap, HourCoverage } from '../domain/coverage';
import { failureOf } from '../domain/failure';
import { formatLateness, parseLateness } from '../domain/lateness';
import type { LedgerScope } from '../domain/ledger';
import type { CoverageStore } from '../domain/ports';
import { inParallel } from './inParallel';
import { readRow } from './rowReader';
import type { RowReader } from './rowReader';
import { transactionsOf } from './rowWrites';
import type { Columns } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

const partitionsAtOnce = 4;
const longestColumn = 16_000;

/** Coverage and gaps in Azure Table Storage. Coverage is derived from the ledger and simply written again; a gap is written once and kept. */
export function tableCoverageStore(access: StorageAccess, options: StorageOptions = {}): CoverageStore {
  const prefix = storagePrefix(options);
  const coverage = new TableRows(access, `${prefix}coverage`);
  const gaps = new TableRows(access, `${prefix}gaps`);

  const readGaps = async (scope: LedgerScope, where: string | undefined, signal: AbortSignal): Promise<Gap[]> => {
    const found: Gap[] = [];
    const readGap = (row: StoredRow) => readRow(gaps.name, row, (reader) => gapOf(scope, reader), options.onCorruptRow);
    for await (const page of gaps.list({ partition: partitionOf(scope), ...(where === undefined ? {} : { where }) }, signal))
      found.push(...page.map(readGap).filter((gap) => gap !== undefined));
    return found;
  };

  return {
    saveHours: async (hours, signal) => {
      const partitions = Map.groupBy(hours, ({ scope }) => partitionOf(scope));
      await inParallel([...partitions], partitionsAtOnce, async ([partition, ofPartition]) => {
        const byHour = new Map(ofPartition.map((hour) => [hour.hour, hour]));
        const writes = [...byHour.values()].map((hour) => ({
          kind: 'put' as const,
          row: keyPart(hour.hour),
          columns: hourColumns(hour),
        }));
        for (const chunk of transactionsOf(writes)) await coverage.write(partition, chunk, signal);
      });
    },

    hours: async (scope, from, to, signal) => {
      const found: HourCoverage[] = [];
      const readHour = (row: StoredRow) => readRow(coverage.name, row, (reader) => hourOf(scope, reader), options.onCorruptRow);
      for await (const page of coverage.list({ partition: partitionOf(scope), from, before: to }, signal))
        found.push(...page.map(readHour).filter((hour) => hour !== undefined));
      return found;
    },

    recordGap: async (gap, signal) => {
      try {
        await gaps.write(partitionOf(gap.scope), [{ kind: 'create', row: gapKey(gap), columns: gapColumns(gap) }], signal);
        return true;
      } catch (error) {
        if (failureOf(error)?.kind === 'conflict') return false;
        throw error;
      }
    },

    gaps: (scope, signal) => readGaps(scope, undefined, signal),

    unsentGaps: (scope, signal) => readGaps(scope, 'sent eq false', signal),

    markGapsSent: async (sent, signal) => {
      const partitions = Map.groupBy(sent, ({ scope }) => partitionOf(scope));
      await inParallel([...partitions], partitionsAtOnce, async ([partition, ofPartition]) => {
        const keys = [...new Set(ofPartition.map(gapKey))];
        const writes = keys.map((row) => ({ kind: 'merge' as const, row, columns: { sent: true } }));
        for (const chunk of transactionsOf(writes)) await gaps.write(partition, chunk, signal);
      });
    },
  };
}

function partitionOf(scope: LedgerScope): string {
  return `${keyPart(scope.tenantId)}|${keyPart(scope.sourceId)}`;
}

function hourColumns({ listed, fetched, delivered, pending, gaps, records, bytes, lateness }: HourCoverage): Columns {
  return {
    listed: BigInt(listed),
    fetched: BigInt(fetched),
    delivered: BigInt(delivered),
    pending: BigInt(pending),
    gaps: BigInt(gaps),
    records: BigInt(records),
    bytes: BigInt(bytes),
    lateness: formatLateness(lateness),
  };
}

function hourOf(scope: LedgerScope, reader: RowReader): HourCoverage {
  return {
    scope,
    hour: reader.row.row,
    listed: reader.whole('listed'),
    fetched: reader.whole('fetched'),
    delivered: reader.whole('delivered'),
    pending: reader.whole('pending'),
    gaps: reader.whole('gaps'),
    records: reader.whole('records'),
    bytes: reader.whole('bytes'),
    lateness: parseLateness(reader.text('lateness')),
  };
}

/** The same loss always has the same key: by its unit, or by its span and cause. */
function gapKey(gap: Gap): string {
  const { unitId, to, cause } = gap;
  const what =
    unitId === undefined ? `span|${to.toISOString()}|${cause.slice(0, longestColumn)}` : `unit|${unitId.slice(0, longestColumn)}`;
  return `${gap.from.toISOString()}_${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
}

function gapColumns(gap: Gap): Columns {
  return {
    from: gap.from.toISOString(),
    to: gap.to.toISOString(),
    unitId: gap.unitId?.slice(0, longestColumn),
    cause: gap.cause.slice(0, longestColumn),
    explanation: gap.explanation.slice(0, longestColumn),
    recordedAt: gap.recordedAt.toISOString(),
    sent: false,
  };
}

function gapOf(scope: LedgerScope, reader: RowReader): Gap {
  const unitId = reader.optionalText('unitId');
  const gap: Gap = {
    scope,
    from: reader.time('from'),
    to: reader.time('to'),
    ...(unitId === undefined ? {} : { unitId }),
    cause: reader.text('cause'),
    explanation: reader.text('explanation'),
    recordedAt: reader.time('recordedAt'),
  };
  return gapKey(gap) === reader.row.row ? gap : reader.corrupt('RowKey');
}
