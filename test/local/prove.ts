import { compareHistory } from './historyCheck';
import type { AvailableRecord, History, HubEvent } from './historyCheck';
import type { TenantOverview } from './overview';

/** What was made available, with whether it could be collected. */
export interface TruthRecord extends AvailableRecord {
  readonly collectable: boolean;
}

/** The result of a run, as `--json` prints it. */
export interface Proof {
  readonly ok: boolean;
  readonly tenants: number;
  /** Records that were made available and could be collected. */
  readonly available: number;
  readonly delivered: number;
  readonly missing: number;
  /** Delivered, but never available like that. */
  readonly altered: number;
  /** Of the altered ones, those that belong to another tenant. */
  readonly foreign: number;
  readonly duplicates: number;
  readonly gaps: number;
}

/** What came of comparing truth and hubs. */
export interface Proven {
  readonly proof: Proof;
  readonly history: History;
  /** The same in words, with what is wrong listed. */
  readonly lines: readonly string[];
}

const listedOfEach = 20;

/** Compares what was made available with what lies in the hubs. */
export function prove(truth: readonly TruthRecord[], events: Iterable<HubEvent>, tenants: readonly TenantOverview[]): Proven {
  const uncollectable = new Set(truth.filter(({ collectable }) => !collectable).map(keyOf));
  // What cannot be collected is known all the same: were it delivered, it would be no invention.
  const compared = compareHistory(truth, events);
  const missing = compared.missing.filter((record) => !uncollectable.has(keyOf(record)));
  const history = { ...compared, missing, available: truth.length - uncollectable.size };
  const duplicates = history.duplicates.reduce((sum, { extra }) => sum + extra, 0);
  const gaps = tenants.reduce((sum, row) => sum + row.gaps, 0);
  const ok = history.available > 0 && missing.length === 0 && history.altered.length === 0;
  const proof: Proof = {
    ok,
    tenants: tenants.length,
    available: history.available,
    delivered: history.delivered,
    missing: missing.length,
    altered: history.altered.length,
    foreign: history.altered.filter(({ belongsTo }) => belongsTo !== undefined).length,
    duplicates,
    gaps,
  };
  return { proof, history, lines: [...coverageLines(truth, tenants), ...troubleLines(history, tenants), verdict(proof)] };
}

const number = (value: number): string => value.toLocaleString('en-US');

function keyOf({ tenantId, unit, sha256 }: AvailableRecord): string {
  return `${tenantId}|${unit}|${sha256}`;
}

function coverageLines(truth: readonly TruthRecord[], tenants: readonly TenantOverview[]): string[] {
  const available = new Map<string, number>();
  for (const { tenantId, collectable } of truth) if (collectable) available.set(tenantId, (available.get(tenantId) ?? 0) + 1);
  const width = Math.max(6, ...tenants.map(({ tenant }) => tenant.name.length));
  const rows = tenants.map(({ tenant, stateTitle, delivered, listed, auditRecords }) => {
    const made = available.get(tenant.id);
    const what = made === undefined ? 'nothing could be collected' : `${number(auditRecords)} of ${number(made)} records`;
    return `  ${tenant.name.padEnd(width)}  ${stateTitle.padEnd(21)}  ${`${number(delivered)} of ${number(listed)} blobs`.padStart(22)}  ${what}`;
  });
  return ['Coverage, and what has arrived of what was made available:', ...rows];
}

function troubleLines({ missing, altered, duplicates }: History, tenants: readonly TenantOverview[]): string[] {
  const names = new Map(tenants.map(({ tenant }) => [tenant.id, tenant.name]));
  const where = ({ tenantId, unit }: { readonly tenantId: string; readonly unit: string }): string =>
    `${names.get(tenantId) ?? tenantId}, blob ${unit}`;
  const some = <T>(all: readonly T[], line: (one: T) => string): string[] => [
    ...all.slice(0, listedOfEach).map((one) => `  ${line(one)}`),
    ...(all.length > listedOfEach ? [`  … and ${number(all.length - listedOfEach)} more like that`] : []),
  ];
  return [
    ...some(missing, (record) => `missing: ${record.id ?? 'a record without id'} of ${where(record)}`),
    ...some(altered, (record) =>
      record.belongsTo === undefined
        ? `altered: ${record.id} of ${where(record)}`
        : `of another tenant: ${record.id} of ${where(record)} belongs to ${names.get(record.belongsTo) ?? record.belongsTo}`,
    ),
    ...some(duplicates, (record) => `sent ${record.extra + 1} times: ${record.id} of ${where(record)}`),
  ];
}

function verdict({ ok, available, missing, altered, duplicates, gaps }: Proof): string {
  if (available === 0) return 'NOT PROVEN: nothing was made available that could be collected.';
  const counts = `${number(missing)} missing, ${number(altered)} altered, ${number(duplicates)} sent more than once, ${number(gaps)} gaps`;
  return `${ok ? 'Proven' : 'NOT PROVEN'}: ${number(available)} records were available, ${number(available - missing)} of them were delivered byte for byte (${counts}).`;
}
