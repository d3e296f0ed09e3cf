import { tableRingStore } from '../../src/azure/tableRingStore';
import type { CredentialRing } from '../../src/domain/credential';
import type { RingStore } from '../../src/domain/ports';
import { failureKindOf, withStorage } from './storageStand';
import type { FreshStorage } from './storageStand';

const { signal } = new AbortController();
const at = '2026-11-22T12:00:00.000Z';
const failure = { kind: 'credentialRejected', code: 'AADSTS7000215', detail: 'x' } as const;
const times = { startsAt: at, expiresAt: '2027-05-21T12:00:00.000Z' };
// Everything a ring can hold: what is left out here would be forgotten with each write.
const ring: Required<CredentialRing> = {
  ...{ name: 'tenant-1', kind: 'certificate', cloud: 'china', clientId: 'c', tenantId: 't' },
  current: { version: 'v1', keyId: 'k1', ...times, ours: true, removed: true },
  previous: { version: 'v2', ours: false },
  staged: { version: 'v3', keyId: 'k3', ours: true },
  rotation: {
    ...{ id: 'r', reason: 'due', step: 'verifying', since: at, startedAt: at, attempt: 2, askedAt: at },
    ...{ lifeDays: 180, verifiedAt: [at], refusedAt: [at], failure },
  },
  ...{ dueAt: at, reapAt: at, comparedAt: at, unseen: failure, warnedDays: 45, foreign: ['f'] },
  failing: { since: at, times: 3, failure, retryAt: at },
  facts: [{ kind: 'rotated', id: 'r', at, daysLeft: 179, expiresAt: at, keyId: 'k1', failure }],
  ...{ leaseOwner: 'me', leaseUntil: at, etag: '' },
};

describe('tableRingStore', () => {
  let stand: FreshStorage;
  let store: RingStore;

  withStorage((fresh) => {
    stand = fresh;
    store = tableRingStore(stand.access, stand.options);
  });

  const due = async (now: string): Promise<string[]> =>
    (await Array.fromAsync(store.due(new Date(now), signal))).map(({ name }) => name);

  it('keeps all of a ring, and changes it only from the state that was read', async () => {
    const saved = await store.save(ring, signal);
    expect(await store.find(ring.name, signal)).toEqual(saved);
    expect({ ...saved, etag: '' }).toEqual(ring);

    await store.save({ ...saved, warnedDays: 30 }, signal);

    expect(await failureKindOf(store.save({ ...saved, warnedDays: 14 }, signal))).toBe('conflict');
    expect(await failureKindOf(store.save(ring, signal))).toBe('conflict');
    expect((await store.find(ring.name, signal))?.warnedDays).toBe(30);
  });

  it('finds the rings that are due', async () => {
    await store.save({ ...ring, name: 'a', dueAt: '2026-11-22T12:00:00.000Z' }, signal);
    await store.save({ ...ring, name: 'b', dueAt: '2026-11-22T12:00:00.001Z' }, signal);

    expect(await due('2026-11-22T12:00:00.000Z')).toEqual(['a']);
    expect(await due('2026-11-22T12:00:00.001Z')).toEqual(['a', 'b']);
    await store.remove('a', signal);
    await store.remove('never-there', signal);
    expect(await due('2027-01-01T00:00:00.000Z')).toEqual(['b']);
  });

  it('does not take a ring that cannot be read for one that is not there', async () => {
    await store.save(ring, signal);
    const table = stand.table(`${stand.storagePrefix}credentials`);
    await table.updateEntity({ partitionKey: 'rings', rowKey: ring.name, ring: '{"name":"tenant-1"}' }, 'Merge');

    expect(await failureKindOf(store.find(ring.name, signal))).toBe('unexpectedResponse');
    expect(await due('2027-01-01T00:00:00.000Z')).toEqual([]);
    expect(stand.corrupt).toHaveLength(2);
    expect(await store.find('another', signal)).toBeUndefined();
  });
});
