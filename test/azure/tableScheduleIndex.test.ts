import { tableScheduleIndex } from '../../src/azure/tableScheduleIndex';
import type { ScheduleIndex } from '../../src/domain/ports';
import type { ScheduleEntry } from '../../src/domain/schedule';
import { failureKindOf, withStorage } from './storageStand';
import type { FreshStorage } from './storageStand';

const { signal } = new AbortController();
const now = new Date('2026-11-22T12:00:00.000Z');
const later = new Date('2026-11-22T12:10:00.000Z');

function entry(number: number, minutes = 0, shard = 3): ScheduleEntry {
  const tenantId = `11111111-1111-4111-8111-${String(number).padStart(12, '0')}`;
  return {
    shard,
    dueAt: new Date(now.getTime() + minutes * 60_000),
    tenantId,
    sourceId: 'activity.exchange',
    ticket: 2 ** 33,
    backlog: number % 2 === 0,
  };
}

async function gathered(entries: AsyncIterable<ScheduleEntry>): Promise<ScheduleEntry[]> {
  const all: ScheduleEntry[] = [];
  for await (const each of entries) all.push(each);
  return all;
}

describe('tableScheduleIndex', () => {
  let stand: FreshStorage;
  let index: ScheduleIndex;
  let behindProxy: ScheduleIndex;

  withStorage((fresh) => {
    stand = fresh;
    index = tableScheduleIndex(stand.access, stand.options);
    behindProxy = tableScheduleIndex(stand.proxy.access, stand.options);
  });

  it('gives what is due in a shard, earliest first, up to the limit', async () => {
    await index.put([entry(1, 0), entry(2, -5), entry(3, 1), entry(4, -1), entry(5, -9, 4), entry(4, -1)], signal);

    expect(await index.due(3, now, { atMost: 10 }, signal)).toEqual([entry(2, -5), entry(4, -1), entry(1, 0)]);
    expect(await index.due(3, now, { atMost: 2 }, signal)).toEqual([entry(2, -5), entry(4, -1)]);
    expect(await index.due(5, now, { atMost: 2 }, signal)).toEqual([]);
    expect(await gathered(index.all(3, signal))).toEqual([entry(2, -5), entry(4, -1), entry(1, 0), entry(3, 1)]);
  });

  it('gives each entry to one of two callers only', async () => {
    const entries = Array.from({ length: 120 }, (_, number) => entry(number));
    await index.put(entries, signal);

    const claims = await Promise.all([
      index.claim(entries, later, signal),
      tableScheduleIndex(stand.access, stand.options).claim(entries, later, signal),
    ]);

    const tenants = claims.flat().map(({ tenantId }) => tenantId);
    expect(tenants).toHaveLength(120);
    expect(new Set(tenants).size).toBe(120);
    expect(claims.flat().every(({ dueAt }) => dueAt.getTime() === later.getTime())).toBe(true);
    expect(await index.due(3, now, { atMost: 1_000 }, signal)).toEqual([]);
    expect(await index.due(3, later, { atMost: 1_000 }, signal)).toHaveLength(120);
  });

  it('moves those that are still there when some are gone', async () => {
    await index.put([entry(1), entry(2), entry(3)], signal);
    await index.remove([entry(2), entry(9)], signal);

    const moved = await index.claim([entry(1), entry(2), entry(3)], later, signal);

    expect(moved).toEqual([entry(1, 10), entry(3, 10)]);
    expect(await gathered(index.all(3, signal))).toEqual(moved);
  });

  it('moves an entry onto one that is there already, and two of the same source onto each other', async () => {
    await index.put([entry(1), entry(1, 10), entry(2), entry(2, -1)], signal);

    const moved = await index.claim([entry(1), entry(2), entry(2, -1)], later, signal);

    expect(moved).toHaveLength(3);
    expect(await gathered(index.all(3, signal))).toEqual([entry(1, 10), entry(2, 10)]);
    expect(await index.claim([entry(1, 10)], later, signal)).toEqual([]);
  });

  it.each(['lostAs500', 'lostConnection'] as const)('knows what it claimed when the answer was lost (%s)', async (fault) => {
    await index.put([entry(1), entry(2)], signal);
    stand.proxy.fail([fault]);

    expect(await behindProxy.claim([entry(1), entry(2)], later, signal)).toHaveLength(2);
    expect(await index.claim([entry(1), entry(2)], later, signal)).toEqual([]);
  });

  it('does not claim what somebody else moved while its own answer was lost', async () => {
    await index.put([entry(1)], signal);
    stand.proxy.fail(['refuse500', 'refuse500', 'refuse500']);
    const claiming = behindProxy.claim([entry(1)], later, signal);
    const other = await index.claim([entry(1)], later, signal);

    expect(other).toHaveLength(1);
    expect(await claiming).toEqual([]);
  });

  it('takes away an entry that cannot be read, so that it does not stand in front of the others', async () => {
    await index.put([entry(1, -5), entry(2)], signal);
    const table = stand.table(`${stand.storagePrefix}schedule`);
    await table.createEntity({ partitionKey: 's03', rowKey: '2020 or so', tenantId: 'x' });
    await table.updateEntity(
      {
        partitionKey: 's03',
        rowKey: `2026-11-22T11:55:00.000Z|${entry(1).tenantId}|activity.exchange|${entry(1).ticket}`,
        ticket: 'one',
      },
      'Merge',
    );

    expect(await index.due(3, now, { atMost: 1 }, signal)).toEqual([entry(2)]);
    expect(stand.corrupt).toHaveLength(2);
    expect(await gathered(index.all(3, signal))).toEqual([entry(2)]);
    expect(stand.corrupt).toHaveLength(2);
  });

  it('says unavailable when the store is', async () => {
    stand.proxy.fail(
      Array.from({ length: 20 }, () => 'refuse503' as const),
      { reads: true },
    );

    expect(await failureKindOf(behindProxy.due(3, now, { atMost: 1 }, signal))).toBe('storeUnavailable');
  });
});
