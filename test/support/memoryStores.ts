import type { TenantStore } from '../../src/domain/ports';
import type { Tenant } from '../../src/domain/tenant';
import { MemoryCoverageStore } from './memoryCoverageStore';
import { MemoryVault } from './memoryCredentials';
import { MemoryLedger } from './memoryLedger';
import { conflict, MemoryRows, refuseAborted } from './memoryRows';
import { MemoryProfileStore } from './memoryProfileStore';
import { MemoryPoisonStore, MemoryQueue, MemoryScheduleIndex } from './memorySchedule';
import { MemoryOversizeStore, MemorySink } from './memorySink';
import { MemorySentMemory } from './memorySentMemory';
import { MemorySourceStore } from './memorySourceStore';
import type { VirtualClock } from './virtualClock';

/** The tenants in memory. */
class MemoryTenantStore implements TenantStore {
  readonly #rows = new MemoryRows<{ readonly tenant: Tenant }>();

  readonly find: TenantStore['find'] = async (id, signal) => {
    refuseAborted('finding the tenant', signal);
    return Promise.resolve(this.#rows.get(id));
  };

  async *all(signal: AbortSignal): AsyncGenerator<Tenant> {
    for (const key of this.#rows.keys()) {
      refuseAborted('reading tenants', signal);
      const row = this.#rows.get(key);
      if (row !== undefined) yield await Promise.resolve(row.tenant);
    }
  }

  readonly save: TenantStore['save'] = async (tenant, expected, signal) => {
    refuseAborted('saving the tenant', signal);
    const etag = this.#rows.write(tenant.id, { tenant }, expected ?? 'new');
    if (etag === undefined) throw conflict('saving the tenant');
    return Promise.resolve(etag);
  };

  readonly remove: TenantStore['remove'] = async (id, signal) => {
    refuseAborted('removing the tenant', signal);
    this.#rows.delete(id);
    return Promise.resolve();
  };

  /** Writes a tenant as it is, for the start of a test. */
  put(tenant: Tenant): void {
    this.#rows.write(tenant.id, { tenant }, 'any');
  }
}

/** Everything durable, in memory: it outlives the processes that work on it. */
export class MemoryStores {
  readonly ledger = new MemoryLedger();
  readonly sourceRows = new MemorySourceStore();
  readonly tenants = new MemoryTenantStore();
  readonly profiles = new MemoryProfileStore();
  readonly schedule = new MemoryScheduleIndex();
  readonly coverage = new MemoryCoverageStore();
  readonly sent = new MemorySentMemory();
  readonly oversize = new MemoryOversizeStore();
  readonly poison = new MemoryPoisonStore();
  readonly secrets = new MemoryVault();
  readonly queue: MemoryQueue;
  readonly sink: MemorySink;

  constructor(clock: VirtualClock) {
    this.queue = new MemoryQueue(clock.now);
    this.sink = new MemorySink(clock.now);
  }
}
