import type { Source } from '../domain/source';
import type { SourceRow } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import { choiceOf } from './schedule';

const leastSilenceSeconds = 7_200;

/**
 * Tells the operator that a tenant is there, and how it stands: one event for each tenant, paused ones too, each time maintenance comes by.
 * An alert about a silent tenant needs it, because a query over lines that are missing finds nothing.
 */
export function tellInventory(
  ports: Pick<CollectPorts, 'clock' | 'options' | 'telemetry'>,
  tenant: Tenant,
  sources: readonly Source[],
  rows: ReadonlyMap<string, SourceRow>,
): void {
  const { longestSeconds } = ports.options.polling;
  const polled = sources.filter((source) => choiceOf(tenant, source)?.polling.kind !== 'disabled');
  const intervals = polled.map((source) => {
    const polling = choiceOf(tenant, source)?.polling;
    return polling?.kind === 'every' ? polling.seconds : longestSeconds;
  });
  const present = polled.flatMap(({ id }) => rows.get(id) ?? []);
  const runs = present.flatMap(({ lastRunAt }) => (lastRunAt === undefined ? [] : [Date.parse(lastRunAt)]));
  const lastRun = Math.max(Date.parse(tenant.statusSince), ...runs);
  const inState = (name: SourceRow['state']['name']): number => present.filter(({ state }) => state.name === name).length;
  ports.telemetry.event('tenantInventory', 'info', {
    tenant: tenant.id,
    cloud: tenant.cloud,
    status: tenant.status,
    sources: sources.length,
    polled: polled.length,
    needsAttention: inState('needsAttention'),
    degraded: inState('degraded'),
    pending: present.reduce((sum, { pendingUnits }) => sum + pendingUnits, 0),
    gaps: present.reduce((sum, { gapsTotal }) => sum + gapsTotal, 0),
    secondsSinceRun: Math.round((ports.clock.now().getTime() - lastRun) / 1_000),
    // A failing source is asked hourly at the latest; one that is polled less often than that is given three of its intervals.
    silentAfterSeconds: Math.max(leastSilenceSeconds, 3 * Math.min(...intervals, leastSilenceSeconds * 100)),
  });
}
