import type { Failure } from '../domain/failure';
import type { Clock, SourceStore, TenantStore } from '../domain/ports';
import { recordsPerHour } from '../domain/recentRecords';
import type { Source } from '../domain/source';
import type { SourceGlance } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import { explainTenant, worstFirst } from './explain';
import type { TenantExplanation } from './explain';
import { choiceOf } from './schedule';

/** The one thing a person does next about a tenant: ask for consent again, give a credential, resume, collect now, or look closer. */
export type NextAction = 'consent' | 'credential' | 'resume' | 'sync' | 'look';

/** One tenant as the list shows it. */
export interface ListedTenant extends TenantExplanation {
  readonly tenant: Tenant;
  readonly lastRecordAt: string | undefined;
  readonly records: number;
  /** Records of the last hour. */
  readonly recordsPerHour: number;
  /** How far behind now the slowest of its feeds has been listed, in seconds; undefined while none has. */
  readonly lagSeconds: number | undefined;
  readonly gaps: number;
  /** Undefined when there is nothing to do. */
  readonly nextAction: NextAction | undefined;
}

const oftenSeconds = 900;

interface ListPorts {
  readonly clock: Clock;
  readonly tenants: TenantStore;
  readonly sourceRows: SourceStore;
  readonly sources: ReadonlyMap<string, Source>;
}

/** All tenants with their state, those that need a person first; how their sources stood at the end of their last runs. */
export async function listTenants(ports: ListPorts, signal: AbortSignal): Promise<readonly ListedTenant[]> {
  const [tenants, glances] = await Promise.all([
    Array.fromAsync(ports.tenants.all(signal)),
    Array.fromAsync(ports.sourceRows.glances(signal)),
  ]);
  const sourcesOfTenants = new Map(glances.map(({ tenantId, sources }) => [tenantId, sources]));
  const now = ports.clock.now();
  const rank = ({ state }: ListedTenant): number => worstFirst.indexOf(state);
  return tenants
    .map((tenant) => summarise(tenant, sourcesOfTenants.get(tenant.id) ?? [], ports.sources, now))
    .sort((a, b) => rank(a) - rank(b) || a.tenant.name.localeCompare(b.tenant.name));
}

/** A tenant in one line, from its sources. */
export function summarise(
  tenant: Tenant,
  rows: readonly SourceGlance[],
  sources: ReadonlyMap<string, Source>,
  now: Date,
): ListedTenant {
  const explanation = explainTenant(tenant, rows, sources.values());
  const sum = (count: (row: SourceGlance) => number): number => rows.reduce((total, row) => total + count(row), 0);
  return {
    ...explanation,
    tenant,
    lastRecordAt: rows
      .flatMap((row) => row.lastRecordAt ?? [])
      .sort()
      .at(-1),
    records: sum(({ recordsTotal }) => recordsTotal),
    recordsPerHour: sum(({ memory }) => recordsPerHour(memory.recent, now)),
    lagSeconds: lagSeconds(tenant, rows, sources, now),
    gaps: sum(({ gapsTotal }) => gapsTotal),
    nextAction: nextActionOf(explanation, rows),
  };
}

/** Only feeds that are asked often have a lag: what is read once a day is a day old, and right. */
function lagSeconds(
  tenant: Tenant,
  rows: readonly SourceGlance[],
  sources: ReadonlyMap<string, Source>,
  now: Date,
): number | undefined {
  let oldest: string | undefined;
  for (const { sourceId, cursor, state } of rows) {
    const source = sources.get(sourceId);
    const isFeed = source !== undefined && 'rules' in source.progress && (source.everySeconds ?? 0) <= oftenSeconds;
    if (!isFeed || cursor.listedTo === undefined || state.name === 'notAvailable') continue;
    if (choiceOf(tenant, source)?.polling.kind !== 'adaptive') continue;
    if (oldest === undefined || cursor.listedTo < oldest) oldest = cursor.listedTo;
  }
  return oldest === undefined ? undefined : Math.max(0, Math.round((now.getTime() - Date.parse(oldest)) / 1_000));
}

const actionsOfFailures: Partial<Readonly<Record<Failure['kind'], NextAction>>> = {
  consentMissing: 'consent',
  permissionMissing: 'consent',
  credentialRejected: 'credential',
  credentialMissing: 'credential',
};

function nextActionOf({ state, sources }: TenantExplanation, rows: readonly SourceGlance[]): NextAction | undefined {
  switch (state) {
    case 'paused':
      return 'resume';
    case 'needsAttention': {
      const worst = rows.find(({ sourceId }) => sourceId === sources[0])?.state.failure;
      return worst === undefined ? 'look' : (actionsOfFailures[worst.kind] ?? 'look');
    }
    case 'degraded':
      return 'look';
    case 'disabled':
      return 'sync';
    case 'collecting':
    case 'catchingUp':
    case 'waiting':
    case 'notAvailable':
    case 'notRunYet':
      return undefined;
  }
}
