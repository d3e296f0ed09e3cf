import { tableChangeStore } from '../../src/azure/tableOnboardingStores';
import type { Change } from '../../src/domain/onboarding';
import { startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

const { signal } = new AbortController();
const start = Date.parse('2026-11-22T10:00:00.000Z');

const change = (number: number, tenantId?: string): Change => ({
  ...{ id: `change-${number}`, at: new Date(start + number * 1_000).toISOString(), who: 'home/operator', what: 'tenant.changed' },
  ...(tenantId === undefined ? {} : { tenantId }),
});
const idsOf = (changes: readonly Change[]): (string | undefined)[] => changes.map(({ id }) => id);

describe('the audit in Azure tables', () => {
  let stand: StorageStand;
  beforeAll(async () => {
    stand = await startStorageStand();
  });
  afterAll(async () => stand.stop());

  it('is forgotten up to a moment, for each tenant and for all, bar what is still to be told', async () => {
    const changes = tableChangeStore(stand.access, { storagePrefix: stand.prefix() });
    for (const made of [change(1, 'tenant-a'), change(2, 'tenant-b'), change(3), change(4, 'tenant-a'), change(5)]) {
      await changes.record(made, signal);
      if (made.id !== 'change-2') await changes.told(made, signal);
    }

    expect(await changes.forget(new Date(start + 4_000), signal)).toBe(3);
    expect(await changes.forget(new Date(start + 4_000), signal)).toBe(0);
    expect(idsOf(await changes.newest(undefined, 10, signal))).toEqual(['change-5', 'change-4']);
    expect(idsOf(await changes.newest('tenant-a', 10, signal))).toEqual(['change-4']);
    expect(idsOf(await changes.newest('tenant-b', 10, signal))).toEqual([]);
    expect(idsOf(await changes.untold(10, signal))).toEqual(['change-2']);
  });
});
