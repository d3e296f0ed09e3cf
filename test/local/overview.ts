import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import type { SourceRow, StateName } from '../../src/domain/sourceState';
import { stateTitles } from '../../src/domain/sourceState';
import type { Tenant } from '../../src/domain/tenant';
import { latenessAt, addLateness, noLateness } from '../../src/domain/lateness';
import { hourOf } from '../../src/domain/window';
import { describeFailure } from '../../src/app/describe';
import type { Stack } from './stack';

/** One tenant as the live view shows it. */
export interface TenantOverview {
  readonly tenant: Tenant;
  readonly state: StateName | 'notRunYet';
  readonly stateTitle: string;
  readonly why: string;
  readonly records: number;
  readonly available: number | undefined;
  readonly listed: number;
  readonly delivered: number;
  readonly pending: number;
  readonly gaps: number;
  readonly latenessP95Seconds: number | undefined;
}

const worstFirst: readonly StateName[] = ['needsAttention', 'degraded', 'catchingUp', 'waiting', 'notAvailable', 'paused', 'collecting'];

const dayMs = 86_400_000;

/** The connector's own stores, read beside the connector that runs, as its page or the commands would. */
export function openStores(stack: Stack): Connector {
  return compose(stack.environment, { log: () => undefined });
}

/** Every tenant with its state, coverage of the last 8 days and what is still to come. */
export async function readOverview(stores: Connector, stack: Stack, signal: AbortSignal): Promise<readonly TenantOverview[]> {
  const { tenants, sourceRows, coverage, sources } = stores.collectPorts;
  const now = stores.clock.now();
  const available = new Map<string, number>();
  for (const { tenantId, records } of stack.microsoft365?.truth.counts() ?? []) available.set(tenantId, (available.get(tenantId) ?? 0) + records);
  const result: TenantOverview[] = [];
  for await (const tenant of tenants.all(signal)) {
    const rows = await sourceRows.ofTenant(tenant.id, signal);
    const from = hourOf(new Date(now.getTime() - 8 * dayMs));
    const hours = (
      await Promise.all([...sources.keys()].map(async (sourceId) => coverage.hours({ tenantId: tenant.id, sourceId }, from, 'z', signal)))
    ).flat();
    const sum = (count: (hour: (typeof hours)[number]) => number) => hours.reduce((total, hour) => total + count(hour), 0);
    const lateness = hours.filter(({ hour }) => hour >= hourOf(new Date(now.getTime() - 3_600_000))).reduce((all, hour) => addLateness(all, hour.lateness), noLateness);
    result.push({
      tenant,
      ...stateOf(rows),
      records: rows.reduce((total, { recordsTotal }) => total + recordsTotal, 0),
      available: stack.microsoft365 === undefined ? undefined : (available.get(tenant.id) ?? 0),
      listed: sum(({ listed }) => listed),
      delivered: sum(({ delivered }) => delivered),
      pending: sum(({ pending }) => pending),
      gaps: rows.reduce((total, { gapsTotal }) => total + gapsTotal, 0),
      latenessP95Seconds: latenessAt(lateness, 0.95),
    });
  }
  return result.sort((a, b) => a.tenant.addedAt.localeCompare(b.tenant.addedAt) || a.tenant.name.localeCompare(b.tenant.name));
}

function stateOf(rows: readonly SourceRow[]): Pick<TenantOverview, 'state' | 'stateTitle' | 'why'> {
  const ran = rows.filter(({ lastRunAt }) => lastRunAt !== undefined);
  const worst = worstFirst.find((name) => ran.some(({ state }) => state.name === name));
  if (worst === undefined) return { state: 'notRunYet', stateTitle: 'Starting', why: '' };
  const flows = ran.some(({ lastRecordAt }) => lastRecordAt !== undefined);
  // Data that flows in the other sources matters more than one source that still waits for its first content.
  const shown = worst === 'waiting' && flows && ran.every(({ state }) => state.failure === undefined) ? 'collecting' : worst;
  const failure = ran.find(({ state }) => state.name === shown)?.state.failure;
  return { state: shown, stateTitle: stateTitles[shown], why: failure === undefined ? '' : `${describeFailure(failure).title}` };
}
