import { glanceOf } from '../domain/sourceState';
import type { SourceGlance, SourceState, TenantGlance } from '../domain/sourceState';
import type { TenantId } from '../domain/tenant';
import { parseJson, propertyOf } from './rowReader';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { isStateName, stateOf } from './storedState';
import { keyPart, keyText } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

// One partition, to be read in pages of a thousand tenants.
const partition = 'tenants';
const columnStart = 'source_';

/** What lists show of the sources of all tenants: a row a tenant, and in it a column a source, so that runs of different sources never undo each other's. */
interface TableGlances {
  /** Writes what is shown of these sources; those of others stay. */
  readonly put: (tenantId: TenantId, sources: readonly SourceGlance[], signal: AbortSignal) => Promise<void>;
  readonly all: (signal: AbortSignal) => AsyncIterable<TenantGlance>;
  readonly remove: (tenantId: TenantId, signal: AbortSignal) => Promise<void>;
}

/** The glances in Azure Table Storage. What cannot be read is told and left out: the next run of the source, or maintenance, writes it anew. */
export function tableGlances(access: StorageAccess, options: StorageOptions = {}): TableGlances {
  const rows = new TableRows(access, `${storagePrefix(options)}glances`);
  return {
    put: async (tenantId, sources, signal) => {
      if (sources.length === 0) return;
      const columns = Object.fromEntries(sources.map((source) => [columnOf(source.sourceId), formatGlance(glanceOf(source))]));
      await rows.write(partition, [{ kind: 'insertOrMerge', row: keyPart(tenantId), columns }], signal);
    },

    all: async function* (signal) {
      const sourceIds = new Map<string, string>();
      const report = (row: string, column: string): void =>
        options.onCorruptRow?.(`Table ${rows.name}, row ${partition} / ${row}: column ${column} cannot be read.`);
      for await (const page of rows.list({ partition }, signal))
        for (const row of page) yield tenantGlance(row, sourceIds, report);
    },

    remove: async (tenantId, signal) => rows.removeAll(partition, [keyPart(tenantId)], signal),
  };
}

// Names of columns are identifiers. https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-names
const columnOf = (sourceId: string): string =>
  columnStart + sourceId.replace(/[^a-zA-Z0-9]/g, (c) => `_${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

const sourceOf = (column: string): string =>
  column
    .slice(columnStart.length)
    .replace(/_([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** Reads a row; `sourceIds` keeps those of the columns that were met, `report` is told of a column that cannot be read. */
function tenantGlance(
  { row, columns }: StoredRow,
  sourceIds: Map<string, string>,
  report: (row: string, column: string) => void,
): TenantGlance {
  const sources: SourceGlance[] = [];
  for (const [name, value] of Object.entries(columns)) {
    if (!name.startsWith(columnStart)) continue;
    const sourceId = sourceIds.get(name) ?? sourceOf(name);
    sourceIds.set(name, sourceId);
    const source = typeof value === 'string' ? parseGlance(sourceId, value) : undefined;
    if (source === undefined) report(row, name);
    else sources.push(source);
  }
  return { tenantId: keyText(row), sources };
}

// Tens of thousands of these are read for one page: what nearly all have is text in the order of `parseGlance`, which costs next to nothing to take apart.
function formatGlance({ state, leaseOwner, cursor, memory, ...row }: SourceGlance): string {
  const { name, since, ...more } = state;
  const rare = { ...more, ...(leaseOwner === undefined ? {} : { leaseOwner }) };
  return [
    ...[name, since, row.firstRunAt, row.lastRunAt, row.lastRecordAt, cursor.listedTo],
    ...[row.pendingUnits, row.recordsTotal, row.gapsTotal],
    memory.recent?.replaceAll('|', ' '),
    Object.keys(rare).length === 0 ? '' : JSON.stringify(rare),
  ].join('|');
}

function parseGlance(sourceId: string, text: string): SourceGlance | undefined {
  const [name, since, firstRunAt, lastRunAt, lastRecordAt, listedTo, pending, records, gaps, recent, ...json] = text.split('|');
  const { leaseOwner, state } = rareOf(name, since, json.join('|'));
  const [pendingUnits, recordsTotal, gapsTotal] = [wholeOf(pending), wholeOf(records), wholeOf(gaps)];
  if (state === undefined || pendingUnits === undefined || recordsTotal === undefined || gapsTotal === undefined)
    return undefined;
  return {
    ...{ sourceId, state, pendingUnits, recordsTotal, gapsTotal },
    ...(leaseOwner === undefined ? {} : { leaseOwner }),
    ...(isGiven(firstRunAt) ? { firstRunAt } : {}),
    ...(isGiven(lastRunAt) ? { lastRunAt } : {}),
    ...(isGiven(lastRecordAt) ? { lastRecordAt } : {}),
    cursor: isGiven(listedTo) ? { listedTo } : {},
    memory: isGiven(recent) ? { recent: recent.replaceAll(' ', '|') } : {},
  };
}

interface RareParts {
  readonly state: SourceState | undefined;
  readonly leaseOwner?: string;
}

function rareOf(name: string | undefined, since: string | undefined, json: string): RareParts {
  if (json === '') return { state: isStateName(name) && isGiven(since) ? { name, since } : undefined };
  const rare = parseJson(json, (value) => value);
  const leaseOwner = propertyOf(rare, 'leaseOwner');
  const state = stateOf({ name, since, failure: propertyOf(rare, 'failure'), silence: propertyOf(rare, 'silence') });
  return { state, ...(typeof leaseOwner === 'string' ? { leaseOwner } : {}) };
}

const isGiven = (text: string | undefined): text is string => text !== undefined && text !== '';

const wholeOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? +text : undefined;
