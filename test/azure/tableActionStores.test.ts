import { tableActionLimits, tableActionStore } from '../../src/azure/tableActionStores';
import * as life from '../../src/domain/actionLife';
import type { ActionRow, ActionStore } from '../../src/domain/actionRow';
import { without } from '../../src/domain/without';
import { MemoryActions } from '../support/memoryRowStore';
import { failureKindOf, startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

const { signal } = new AbortController();
const start = Date.parse('2026-11-22T10:00:00.000Z');

/** An action that was asked for so many seconds after the start. */
function action(number: number, tenantId = 'tenant-a'): ActionRow {
  const wanted: life.Wanted = {
    ...{
      id: String(number).padStart(32, '0'),
      key: `key-0000000${number}`,
      body: 'b',
      tenantId,
      action: 'containUser',
      choice: '',
    },
    ...{ reason: 'an alert "quoted"', requestedBy: 'home/requester', steps: ['disable', 'revoke'], longestMs: 3_600_000 },
    target: { kind: 'user', id: 'u', name: 'Zoë', synced: true },
  };
  return life.requested(wanted, ['highImpact'], 60_000, new Date(start + number * 1_000));
}

/** A row in which everything is said that a row can say. */
function full(): ActionRow {
  const now = new Date(start + 5_000);
  let row = life.approved(action(1), 'home/approver', 3_600_000, now);
  row = life.started(row, now);
  const step = () => life.presentStep(row) ?? { id: '', state: 'pending' as const, attempt: 1 };
  row = life.intended(row, step(), 'before', now);
  row = life.unanswered(row, step(), { kind: 'unavailable', code: 'x' }, now);
  row = life.sent(row, step(), { answer: 'HTTP 201', requestId: 'r', operationId: 'o' }, now);
  row = life.seen(row, step(), { kind: 'done', state: 'so' }, now);
  row = life.cancelRequested(row, 'home/requester', 'Responder', now);
  row = life.stepFailed(row, step(), { kind: 'actionRefused', code: 'y', detail: 'z' }, now);
  return { ...row, told: 3, epoch: 4, leaseOwner: 'me', leaseUntil: now.toISOString(), watchUntil: now.toISOString() };
}

/** An action that was declined so many seconds after the start, with nothing left to do. */
function ended(number: number, after: number, tenantId?: string): ActionRow {
  const row = life.declined(action(number, tenantId), 'home/approver', 'Approver', new Date(start + after * 1_000));
  return { ...row, left: true, told: row.story.length };
}

async function idsOf(rows: AsyncIterable<ActionRow>): Promise<string[]> {
  return (await Array.fromAsync(rows)).map(({ id }) => id).sort();
}

const stores: readonly (readonly [string, () => ActionStore])[] = [
  ['in memory', () => new MemoryActions()],
  ['in Azure tables', () => tableActionStore(stand.access, { storagePrefix: stand.prefix() })],
];
let stand: StorageStand;
beforeAll(async () => {
  stand = await startStorageStand();
});
afterAll(async () => stand.stop());

describe.each(stores)('actions %s', (_name, make) => {
  it('come back as they were written', async () => {
    const store = make();
    const etag = await store.save(full(), undefined, signal);

    expect(await store.find(full().id, signal)).toEqual({ row: full(), etag });
    expect(await store.find('f'.repeat(32), signal)).toBeUndefined();
  });

  it('are made once, and changed only as they were read', async () => {
    const store = make();
    const etag = await store.save(action(1), undefined, signal);

    expect(await failureKindOf(store.save(action(1), undefined, signal))).toBe('conflict');
    const next = await store.save({ ...action(1), looks: 1 }, etag, signal);
    expect(await failureKindOf(store.save({ ...action(1), looks: 2 }, etag, signal))).toBe('conflict');
    expect((await store.find(action(1).id, signal))?.etag).toBe(next);
  });

  it('are due while something is left to do and their time has come', async () => {
    const store = make();
    const later = { ...action(2), dueAt: new Date(start + 3_600_000).toISOString() };
    await store.save(action(1), undefined, signal);
    await store.save(later, undefined, signal);
    const etag = await store.save(action(3), undefined, signal);
    const now = new Date(start + 10_000);
    expect(await idsOf(store.due(now, signal))).toEqual([action(1).id, action(3).id]);

    const ended = life.declined(action(3), 'home/approver', 'Approver', now);
    const told: ActionRow = { ...ended, left: true, told: ended.story.length };
    const last = await store.save(told, etag, signal);
    expect(await idsOf(store.due(now, signal))).toEqual([action(1).id]);
    await store.save({ ...told, told: 0 }, last, signal);
    expect(await idsOf(store.due(now, signal))).toEqual([action(1).id, action(3).id]);
    expect(await idsOf(store.due(new Date(start + 3_600_000), signal))).toEqual([1, 2, 3].map((number) => action(number).id));
  });

  it('are listed newest first, of all or of one tenant', async () => {
    const store = make();
    for (const number of [2, 1, 4, 3])
      await store.save(action(number, number % 2 === 0 ? 'tenant-a' : 'tenant-b'), undefined, signal);
    const listed = async (tenant: string | undefined, limit: number) =>
      (await store.newest(tenant, limit, signal)).map(({ id }) => Number(id));

    expect(await listed(undefined, 10)).toEqual([4, 3, 2, 1]);
    expect(await listed(undefined, 3)).toEqual([4, 3, 2]);
    expect(await listed('tenant-a', 10)).toEqual([4, 2]);
    expect(await listed('tenant-c', 10)).toEqual([]);
  });

  it('are forgotten when they ended long ago, and nothing is left to do about them', async () => {
    const store = make();
    const open = action(2);
    const untold: ActionRow = { ...ended(3, 10), told: 0 };
    const inLine: ActionRow = without(ended(4, 10), 'left');
    const lately = ended(5, 90);
    for (const row of [ended(1, 10), open, untold, inLine, lately, ended(6, 10, 'tenant-b')])
      await store.save(row, undefined, signal);
    const cutOff = new Date(start + 60_000);

    expect(await store.forget(cutOff, signal)).toBe(2);
    expect(await store.forget(cutOff, signal)).toBe(0);
    expect(await store.find(action(1).id, signal)).toBeUndefined();
    const kept = await store.newest(undefined, 10, signal);
    expect(kept.map(({ id }) => Number(id))).toEqual([5, 4, 3, 2]);
    expect(await idsOf(store.due(new Date(start + 3_600_000), signal))).toEqual([2, 3, 4].map((number) => action(number).id));
    // The key is free again.
    await store.save(action(1), undefined, signal);
    expect(await idsOf(store.due(new Date(start + 3_600_000), signal))).toContain(action(1).id);
  });
});

describe('the table of actions', () => {
  it('never takes a row that cannot be read for one that is not there', async () => {
    const storagePrefix = stand.prefix();
    const corrupt: string[] = [];
    const store = tableActionStore(stand.access, { storagePrefix, onCorruptRow: (text) => corrupt.push(text) });
    await store.save(action(1), undefined, signal);
    const damaged = { partitionKey: 'actions', rowKey: action(1).id, json: '{"id":' };
    await stand.table(`${storagePrefix}actions`).updateEntity(damaged, 'Merge');

    expect(await failureKindOf(store.find(action(1).id, signal))).toBe('unexpectedResponse');
    expect(await failureKindOf(store.save(action(1), undefined, signal))).toBe('conflict');
    expect(corrupt).not.toEqual([]);
  });

  it.each(['the row', 'the row and an entry of the list of all', 'the row, with its entry among those that are due'])(
    'forgets what is left when a process died after it had deleted %s',
    async (deleted) => {
      const storagePrefix = stand.prefix();
      const store = tableActionStore(stand.access, { storagePrefix });
      const table = stand.table(`${storagePrefix}actions`);
      const old = ended(1, 10);
      await store.save(old, undefined, signal);
      const list = async (): Promise<{ partitionKey: string; rowKey: string }[]> =>
        (await Array.fromAsync(table.listEntities())).map(({ partitionKey = '', rowKey = '' }) => ({ partitionKey, rowKey }));
      const remove = async (partition: string): Promise<void> => {
        for (const { partitionKey, rowKey } of await list())
          if (partitionKey === partition) await table.deleteEntity(partition, rowKey);
      };
      await remove('actions');
      if (deleted.includes('list of all')) await remove('all');
      const due = { partitionKey: 'due', rowKey: old.id, dueAt: old.dueAt };
      if (deleted.includes('due')) await table.createEntity(due);
      expect(await list()).not.toEqual([]);

      await store.forget(new Date(start + 60_000), signal);

      expect(await list()).toEqual([]);
    },
  );

  it('lists an action once whose key was used by several at the same time, or again after it was forgotten', async () => {
    const store = tableActionStore(stand.access, { storagePrefix: stand.prefix() });
    const first = ended(1, 10);
    await store.save(first, undefined, signal);
    const second: ActionRow = { ...first, requestedAt: new Date(start + 2_000).toISOString() };
    expect(await failureKindOf(store.save(second, undefined, signal))).toBe('conflict');

    expect(await store.newest(undefined, 10, signal)).toEqual([first]);
    expect(await store.newest('tenant-a', 10, signal)).toEqual([first]);
    const later = new Date(start + 3_600_000);
    expect(await store.forget(later, signal)).toBeGreaterThan(0);
    expect(await store.newest(undefined, 10, signal)).toEqual([]);
  });

  it('keeps the lines of targets and the budgets of tenants beside it', async () => {
    const { lines, budgets } = tableActionLimits(stand.access, { storagePrefix: stand.prefix() });
    const line = { id: 'l', actions: ['a', 'b'] };
    const budget = { id: 'tenant-a', spent: [{ action: 'a', target: 'user:u', at: new Date(start).toISOString() }] };
    await lines.save(line, undefined, signal);
    await budgets.save(budget, undefined, signal);

    expect((await lines.find('l', signal))?.row).toEqual(line);
    expect((await budgets.find('tenant-a', signal))?.row).toEqual(budget);
    expect(await failureKindOf(lines.save(line, undefined, signal))).toBe('conflict');
  });
});
