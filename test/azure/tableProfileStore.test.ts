import { tableProfileStore } from '../../src/azure/tableProfileStore';
import type { ProfileStore } from '../../src/domain/ports';
import type { TenantProfile } from '../../src/domain/verdict';
import { profileStoreContract } from '../support/storeContracts';
import { withStorage } from './storageStand';
import type { FreshStorage } from './storageStand';

const { signal } = new AbortController();
const profile: TenantProfile = {
  tenantId: '11111111-1111-4111-8111-111111111111',
  epoch: 1,
  probedAt: '2026-11-22T12:00:00.000Z',
  roles: {},
  verdicts: {},
  alertFlows: {},
};

describe('tableProfileStore', () => {
  let stand: FreshStorage;
  let makeStore: () => ProfileStore;

  withStorage((fresh) => {
    stand = fresh;
    makeStore = () => tableProfileStore(stand.access, stand.options);
  });

  profileStoreContract(() => makeStore());

  it('takes a row that cannot be read for none, says so, and writes it anew', async () => {
    const store = makeStore();
    await store.save(profile, signal);
    const damaged = { partitionKey: profile.tenantId, rowKey: 'profile', verdicts: 'not JSON' };
    await stand.table(`${stand.storagePrefix}profiles`).updateEntity(damaged, 'Merge');

    expect(await store.find(profile.tenantId, signal)).toBeUndefined();
    expect(stand.corrupt).toEqual([expect.stringContaining('column verdicts cannot be read')]);

    await store.save(profile, signal);
    expect(await store.find(profile.tenantId, signal)).toEqual(profile);
  });

  it('leaves out what a newer version wrote in words of its own', async () => {
    const store = makeStore();
    const verdict = { evidence: 'Because.', at: profile.probedAt, since: profile.probedAt };
    await store.save(profile, signal);
    const newer = {
      partitionKey: profile.tenantId,
      rowKey: 'profile',
      servicePlans: JSON.stringify(['MTP', 'A_PLAN_OF_TOMORROW']),
      verdicts: JSON.stringify({ 'graph.users': { name: 'ok', ...verdict }, 'graph.signIns': { name: 'tomorrow', ...verdict } }),
    };
    await stand.table(`${stand.storagePrefix}profiles`).updateEntity(newer, 'Merge');

    const found = await store.find(profile.tenantId, signal);

    expect(found?.servicePlans).toEqual(['MTP']);
    expect(Object.keys(found?.verdicts ?? {})).toEqual(['graph.users']);
    expect(stand.corrupt).toEqual([]);
  });
});
