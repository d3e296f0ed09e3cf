import type { ProfileStore } from '../../src/domain/ports';
import type { TenantProfile } from '../../src/domain/verdict';
import { MemoryRows, refuseAborted } from './memoryRows';

/** What the probe found out, in memory. */
export class MemoryProfileStore implements ProfileStore {
  readonly #rows = new MemoryRows<{ readonly profile: TenantProfile }>();

  readonly find: ProfileStore['find'] = async (tenantId, signal) => {
    refuseAborted('finding the profile', signal);
    return Promise.resolve(this.#rows.get(tenantId)?.profile);
  };

  readonly save: ProfileStore['save'] = async (profile, signal) => {
    refuseAborted('saving the profile', signal);
    this.#rows.write(profile.tenantId, { profile }, 'any');
    return Promise.resolve();
  };

  readonly remove: ProfileStore['remove'] = async (tenantId, signal) => {
    refuseAborted('removing the profile', signal);
    this.#rows.delete(tenantId);
    return Promise.resolve();
  };
}
