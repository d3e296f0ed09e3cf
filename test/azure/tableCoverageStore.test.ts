import { tableCoverageStore } from '../../src/azure/tableCoverageStore';
import { tablePoisonStore } from '../../src/azure/tablePoisonStore';
import { emptyCoverage } from '../../src/domain/coverage';
import type { Gap, HourCoverage } from '../../src/domain/coverage';
import type { CoverageStore } from '../../src/domain/ports';
import { withStorage } from './storageStand';
import type { FreshStorage } from './storageStand';

const { signal } = new AbortController();
const scope = { tenantId: '11111111-1111-4111-8111-111111111111', sourceId: 'activity.exchange' };
const gap: Gap = {
  scope,
  from: new Date('2026-11-10T00:00:00.000Z'),
  to: new Date('2026-11-12T00:00:00.000Z'),
  cause: 'contentExpired',
  explanation: 'Nobody collected for nine days.',
  recordedAt: new Date('2026-11-22T12:00:00.000Z'),
};
const unitGap: Gap = { ...gap, unitId: 'unit/1?#', to: gap.from };

function hour(name: string, listed: number): HourCoverage {
  return {
    ...emptyCoverage(scope, name),
    listed,
    delivered: listed,
    records: 5_000_000_000,
    bytes: 2 ** 45,
    lateness: [0, 1, 3_000_000_000],
  };
}

let stand: FreshStorage;

withStorage((fresh) => {
  stand = fresh;
});

describe('tableCoverageStore', () => {
  let store: CoverageStore;

  beforeEach(() => {
    store = tableCoverageStore(stand.access, stand.options);
  });

  it('keeps hours, replaces them, and gives those of a span in order', async () => {
    const hours = Array.from({ length: 150 }, (_, index) =>
      hour(new Date(Date.UTC(2026, 10, 20, index)).toISOString().slice(0, 13), index),
    );
    await store.saveHours([...hours, hour('undated', 4)], signal);
    await store.saveHours([hour('2026-11-20T05', 99)], signal);

    expect(await store.hours(scope, '2026-11-20T04', '2026-11-20T07', signal)).toEqual([
      hour('2026-11-20T04', 4),
      hour('2026-11-20T05', 99),
      hour('2026-11-20T06', 6),
    ]);
    expect(await store.hours(scope, '2026-11-20T00', 'undated~', signal)).toHaveLength(151);
    expect(await store.hours({ ...scope, sourceId: 'other' }, '2026', '2027', signal)).toEqual([]);
  });

  it('records a gap once, also when the answer was lost, and knows which were sent', async () => {
    stand.proxy.fail(['lostAs500']);
    const behindProxy = tableCoverageStore(stand.proxy.access, stand.options);

    expect(await behindProxy.recordGap(gap, signal)).toBe(true);
    expect(await store.recordGap({ ...gap, explanation: 'Told otherwise.', recordedAt: new Date() }, signal)).toBe(false);
    expect(await store.recordGap(unitGap, signal)).toBe(true);
    expect(await store.recordGap({ ...gap, cause: 'other' }, signal)).toBe(true);
    const all = await store.gaps(scope, signal);
    expect(all).toHaveLength(3);
    expect(all).toEqual(expect.arrayContaining([gap, unitGap, { ...gap, cause: 'other' }]));
    expect(await store.unsentGaps(scope, signal)).toEqual(all);
    await store.markGapsSent([gap, unitGap], signal);

    expect(await store.unsentGaps(scope, signal)).toEqual([{ ...gap, cause: 'other' }]);
    expect(await store.recordGap(gap, signal)).toBe(false);
    expect(await store.gaps(scope, signal)).toEqual(all);
    await store.markGapsSent([], signal);
  });

  it('passes over rows that cannot be read, with a word', async () => {
    await store.saveHours([hour('2026-11-20T04', 4), hour('2026-11-20T05', 5)], signal);
    await store.recordGap(gap, signal);
    const partitionKey = `${scope.tenantId}|${scope.sourceId}`;
    await stand
      .table(`${stand.storagePrefix}coverage`)
      .updateEntity({ partitionKey, rowKey: '2026-11-20T04', listed: 'four' }, 'Merge');
    await stand.table(`${stand.storagePrefix}gaps`).createEntity({ partitionKey, rowKey: 'x', sent: false });

    expect(await store.hours(scope, '2026-11-20', '2026-11-21', signal)).toEqual([hour('2026-11-20T05', 5)]);
    expect(await store.unsentGaps(scope, signal)).toEqual([gap]);
    expect(stand.corrupt).toHaveLength(2);
  });
});

describe('tablePoisonStore', () => {
  it('keeps what could not be processed, however long', async () => {
    const at = new Date('2026-11-22T12:00:00.000Z');
    const entries = Array.from({ length: 100 }, (_, ticket) => ({
      tenantId: scope.tenantId,
      sourceId: scope.sourceId,
      ticket,
      dueAt: at.toISOString(),
    }));
    const store = tablePoisonStore(stand.access, stand.options);

    await store.record({ cause: 'not JSON', message: '\u0000'.repeat(60_000), entries, at }, signal);
    await store.record({ cause: 'not JSON', message: '\u0000'.repeat(60_000), entries, at }, signal);

    const rows: Record<string, unknown>[] = [];
    for await (const row of stand.table(`${stand.storagePrefix}poison`).listEntities()) rows.push(row);
    expect(rows).toEqual([
      expect.objectContaining({ partitionKey: '2026-11-22', cause: 'not JSON', entries: JSON.stringify(entries) }),
    ]);
  });
});
