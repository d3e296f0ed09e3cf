import { tableSourceStore } from '../../src/azure/tableSourceStore';
import { ledgerDays } from '../../src/domain/ledger';
import type { SourceStore } from '../../src/domain/ports';
import { newSourceRow } from '../../src/domain/sourceState';
import type { SourceRow } from '../../src/domain/sourceState';
import { failureKindOf, withStorage } from './storageStand';
import type { FreshStorage } from './storageStand';

const { signal } = new AbortController();
const tenantId = '11111111-1111-4111-8111-111111111111';
const now = new Date('2026-11-22T12:00:00.000Z');
const clock = { now: () => now };

describe('tableSourceStore', () => {
  let stand: FreshStorage;
  let store: SourceStore;
  let behindProxy: SourceStore;

  withStorage((fresh) => {
    stand = fresh;
    store = tableSourceStore(stand.access, clock, stand.options);
    behindProxy = tableSourceStore(stand.proxy.access, clock, stand.options);
  });

  const create = (sourceId: string) => store.create(newSourceRow(tenantId, sourceId, now), signal);
  const full = (row: SourceRow): SourceRow => ({
    ...row,
    epoch: 12,
    leaseOwner: 'worker-1',
    leaseUntil: '2026-11-22T12:10:00.000Z',
    unclean: true,
    cursor: { listedTo: '2026-11-22T11:00:00.000Z', dayRelistedAt: '2026-11-22T11:00:00.000Z' },
    openDays: ['2026-11-21', 'undated'],
    memory: { readyAt: '2026-11-20T00:00:00.000Z' },
    state: {
      name: 'needsAttention',
      since: '2026-11-22T11:00:00.000Z',
      failure: { kind: 'permissionMissing', code: '403', permission: 'ActivityFeed.Read' },
    },
    idleRuns: 3,
    failedRuns: 4,
    dueAt: '2026-11-22T12:05:00.000Z',
    ticket: 11,
    pendingUnits: 5,
    reportedTo: '2026-11-22T09',
    firstRunAt: '2026-11-01T00:00:00.000Z',
    lastRunAt: '2026-11-22T11:00:00.000Z',
    lastSuccessAt: '2026-11-22T11:00:00.000Z',
    lastRecordAt: '2026-11-22T10:59:00.000Z',
    recordsTotal: 9_000_000_000,
    bytesTotal: 20_000_000_000_000,
    gapsTotal: 1,
  });

  it('keeps every part of a row', async () => {
    const created = await create('activity.exchange');
    expect(await store.find(tenantId, 'activity.exchange', signal)).toEqual(created);

    const saved = await store.save(full(created), signal);

    expect(saved).toEqual({ ...full(created), etag: saved.etag });
    expect(await store.find(tenantId, 'activity.exchange', signal)).toEqual(saved);
    const quiet = await store.save(
      { ...created, etag: saved.etag, state: { name: 'collecting', since: '2026-11-22T11:00:00.000Z', silence: 'quiet' } },
      signal,
    );
    expect(await store.find(tenantId, 'activity.exchange', signal)).toEqual(quiet);
    expect(quiet.leaseOwner).toBeUndefined();
  });

  it('refuses to create a row twice, and to save one that changed', async () => {
    const created = await create('activity.exchange');
    await store.save(full(created), signal);

    expect(await failureKindOf(create('activity.exchange'))).toBe('conflict');
    expect(await failureKindOf(store.save(created, signal))).toBe('conflict');
  });

  it('lets only one of two take the lease', async () => {
    const created = await create('activity.exchange');

    const outcomes = await Promise.all(
      ['a', 'b'].map((leaseOwner) => failureKindOf(store.save({ ...created, leaseOwner, epoch: 1 }, signal))),
    );

    expect([...outcomes].sort()).toEqual(['conflict', 'none']);
    expect((await store.find(tenantId, 'activity.exchange', signal))?.leaseOwner).toBe(outcomes[0] === 'none' ? 'a' : 'b');
  });

  it.each(['lostAs500', 'lostConnection'] as const)('recognises a save whose answer was lost (%s)', async (fault) => {
    const created = await create('activity.exchange');
    stand.proxy.fail([fault]);

    const saved = await behindProxy.save(full(created), signal);

    expect(await store.find(tenantId, 'activity.exchange', signal)).toEqual(saved);
  });

  it('gives the rows of one tenant, and removes them', async () => {
    await create('activity.exchange');
    await create('activity.sharePoint');
    await store.create(newSourceRow('22222222-2222-4222-8222-222222222222', 'activity.exchange', now), signal);

    expect((await store.ofTenant(tenantId, signal)).map(({ sourceId }) => sourceId)).toEqual([
      'activity.exchange',
      'activity.sharePoint',
    ]);
    await store.remove(tenantId, signal);
    await store.remove(tenantId, signal);

    expect(await store.ofTenant(tenantId, signal)).toEqual([]);
    expect(await store.ofTenant('22222222-2222-4222-8222-222222222222', signal)).toHaveLength(1);
  });

  it.each([
    ['cursor', '{"listedTo":', { cursor: {} }],
    ['cursor', '{"listedTo":7}', { cursor: {} }],
    ['cursor', '[]', { cursor: {} }],
    ['cursor', 12, { cursor: {} }],
    ['openDays', '{"a":1}', { openDays: ledgerDays(now) }],
    ['memory', 'null', { memory: {} }],
    ['state', '{"name":"fine"}', { state: { name: 'waiting', since: now.toISOString() } }],
    ['epoch', 'twelve', { epoch: 0 }],
    ['unclean', 'no', { unclean: true }],
    ['dueAt', 'soon', { dueAt: now.toISOString() }],
    ['leaseUntil', 5, { leaseUntil: undefined }],
    ['ticket', -1, { ticket: 0 }],
  ])('replaces %s when it is %j by what loses nothing', async (column, value, replaced) => {
    const saved = await store.save(full(await create('activity.exchange')), signal);
    const keys = { partitionKey: tenantId, rowKey: 'activity.exchange' };
    await stand.table(`${stand.storagePrefix}sources`).updateEntity({ ...keys, [column]: value }, 'Merge');

    const row = await store.find(tenantId, 'activity.exchange', signal);

    expect({ ...row, etag: '' }).toEqual({ ...saved, ...replaced, etag: '' });
    expect(stand.corrupt).toEqual([expect.stringContaining(column)]);
  });

  it.each([['fine|2026-11-22T11:00:00.000Z||||||0|0|0||'], ['collecting|2026-11-22T11:00:00.000Z|'], [12]])(
    'tells of what a list cannot show (%j), and shows the others',
    async (value) => {
      const idle = async (sourceId: string): Promise<SourceRow> => store.save(await create(sourceId), signal);
      await idle('activity.exchange');
      await idle('activity.general');
      const keys = { partitionKey: 'tenants', rowKey: tenantId };
      await stand.table(`${stand.storagePrefix}glances`).updateEntity({ ...keys, source_activity_2eexchange: value }, 'Merge');

      const [glance, ...more] = await Array.fromAsync(store.glances(signal));

      expect([glance?.sources.map(({ sourceId }) => sourceId), more]).toEqual([['activity.general'], []]);
      expect(stand.corrupt).toEqual([expect.stringContaining('source_activity_2eexchange')]);
    },
  );

  it('reads a row of which nothing is left but its keys', async () => {
    const keys = { partitionKey: tenantId, rowKey: 'activity.exchange' };
    await create('activity.exchange');
    await stand.table(`${stand.storagePrefix}sources`).updateEntity(keys, 'Replace');

    const row = await store.find(tenantId, 'activity.exchange', signal);

    expect(row).toMatchObject({ tenantId, sourceId: 'activity.exchange', cursor: {}, openDays: ledgerDays(now) });
    if (row !== undefined) await store.save(full(row), signal);
    expect(await store.find(tenantId, 'activity.exchange', signal)).toMatchObject({ epoch: 12 });
  });
});
