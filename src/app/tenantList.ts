import type { Clock, SourceStore, TenantStore } from '../domain/ports';
import type { Source } from '../domain/source';
import type { Tenant } from '../domain/tenant';
import { explainTenant, worstFirst } from './explain';
import type { TenantExplanation } from './explain';

/** One tenant as the list shows it. */
export interface ListedTenant extends TenantExplanation {
  readonly tenant: Tenant;
  readonly lastRecordAt: string | undefined;
  readonly records: number;
  readonly gaps: number;
}

const atOnce = 32;

interface ListPorts {
  readonly clock: Clock;
  readonly tenants: TenantStore;
  readonly sourceRows: SourceStore;
  readonly sources: ReadonlyMap<string, Source>;
}

/** All tenants with their state, those that need a person first. */
export async function listTenants(ports: ListPorts, signal: AbortSignal): Promise<readonly ListedTenant[]> {
  const tenants: Tenant[] = [];
  for await (const tenant of ports.tenants.all(signal)) tenants.push(tenant);
  const found: ListedTenant[] = [];
  for (let start = 0; start < tenants.length; start += atOnce)
    found.push(...(await Promise.all(tenants.slice(start, start + atOnce).map(async (tenant) => listed(ports, tenant, signal)))));
  const rank = ({ state }: ListedTenant): number => worstFirst.indexOf(state);
  return found.sort((a, b) => rank(a) - rank(b) || a.tenant.name.localeCompare(b.tenant.name));
}

async function listed(ports: ListPorts, tenant: Tenant, signal: AbortSignal): Promise<ListedTenant> {
  const rows = await ports.sourceRows.ofTenant(tenant.id, signal);
  const lastRecordAt = rows
    .flatMap((row) => row.lastRecordAt ?? [])
    .sort()
    .at(-1);
  return {
    ...explainTenant(tenant, rows, ports.sources.values()),
    tenant,
    lastRecordAt,
    records: rows.reduce((sum, { recordsTotal }) => sum + recordsTotal, 0),
    gaps: rows.reduce((sum, { gapsTotal }) => sum + gapsTotal, 0),
  };
}
