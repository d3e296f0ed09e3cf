import { choiceOf } from '../../src/app/schedule';
import { shardOf } from '../../src/domain/schedule';
import type { Source } from '../../src/domain/source';
import { newSourceRow } from '../../src/domain/sourceState';
import type { Polling, Tenant } from '../../src/domain/tenant';
import type { MemoryStores } from './memoryStores';

/** A tenant named by its situation. Its id is made from the name. */
export function tenantNamed(name: string, more: Partial<Tenant> & { readonly polling?: Polling } = {}): Tenant {
  const { polling, ...rest } = more;
  const digits = Buffer.from(name.padEnd(16, '.').slice(0, 16)).toString('hex');
  return {
    id: `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20, 32)}`,
    name,
    description: '',
    cloud: 'commercial',
    clientId: '11111111-2222-3333-4444-555555555555',
    secretName: `tenant-${name}`,
    integrations: [{ id: 'office365Audit', polling: polling ?? { kind: 'adaptive' } }],
    stampName: false,
    status: 'active',
    statusSince: '2026-11-01T00:00:00.000Z',
    epoch: 1,
    addedAt: '2026-11-01T00:00:00.000Z',
    ...rest,
  };
}

const atOnce = new AbortController().signal;

/** Writes a tenant and makes its sources due now, as adding it does. */
export function startTenant(stores: MemoryStores, sources: readonly Source[], tenant: Tenant, now: Date, shards: number): void {
  stores.tenants.put(tenant);
  for (const source of sources.filter((candidate) => choiceOf(tenant, candidate) !== undefined)) {
    void stores.sourceRows.create(newSourceRow(tenant.id, source.id, now), atOnce);
    const entry = {
      shard: shardOf(tenant.id, shards),
      dueAt: now,
      tenantId: tenant.id,
      sourceId: source.id,
      ticket: 0,
      backlog: false,
    };
    void stores.schedule.put([entry], atOnce);
  }
}
