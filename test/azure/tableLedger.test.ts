import { tableLedger } from '../../src/azure/tableLedger';
import type { LedgerRow, LedgerScope } from '../../src/domain/ledger';
import type { Ledger } from '../../src/domain/ports';
import type { Unit } from '../../src/domain/source';
import { failureKindOf, withStorage } from './storageStand';
import type { FreshStorage } from './storageStand';

const { signal } = new AbortController();
const scope: LedgerScope = { tenantId: '11111111-1111-4111-8111-111111111111', sourceId: 'activity.exchange' };
const now = new Date('2026-11-22T12:00:00.000Z');

function unit(number: number, at = '2026-11-22T10:00:00.000Z'): Unit {
  const made = new Date(Date.parse(at) + number);
  const id = `2026112210${number}$audit_exchange$na0045`;
  return { id, at: made, expires: new Date(made.getTime() + 7 * 86_400_000), ref: `https://manage.office.com/${number}` };
}

function done(row: LedgerRow): LedgerRow {
  const delivered = { records: 7, bytes: 5_000_000_000, checksum: 4_294_967_295, lateness: [0, 2, 5] };
  return { ...row, state: 'done', fetched: true, delivered, finishedAt: new Date('2026-11-22T12:05:00.000Z') };
}

async function gathered(pages: AsyncIterable<readonly LedgerRow[]>): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}

describe('tableLedger', () => {
  let stand: FreshStorage;
  let ledger: Ledger;
  let behindProxy: Ledger;

  withStorage((fresh) => {
    stand = fresh;
    ledger = tableLedger(stand.access, stand.options);
    behindProxy = tableLedger(stand.proxy.access, stand.options);
  });

  const damage = (row: LedgerRow, columns: object) =>
    stand.table(`${stand.storagePrefix}ledger`).updateEntity(
      {
        partitionKey: `${scope.tenantId}|${scope.sourceId}|${row.unit.at.toISOString().slice(0, 10)}`,
        rowKey: rowKeys.get(row.unit.id) ?? '',
        ...columns,
      },
      'Merge',
    );
  const rowKeys = new Map<string, string>();
  const gatheredRows = async () => {
    const found: Record<string, unknown>[] = [];
    for await (const row of stand.table(`${stand.storagePrefix}ledger`).listEntities()) found.push(row);
    return found;
  };
  const noteKeys = async () => {
    for (const { id, rowKey } of await gatheredRows()) rowKeys.set(String(id), String(rowKey));
  };

  it('adds units as pending and returns all rows in the order given, new and known, duplicates too', async () => {
    const [first] = await ledger.enlist(scope, [unit(2)], now, signal);

    const rows = await ledger.enlist(scope, [unit(3), unit(2), unit(1, '2026-11-21T23:59:59.000Z'), unit(3)], new Date(), signal);

    expect(rows.map((row) => row.unit)).toEqual([unit(3), unit(2), unit(1, '2026-11-21T23:59:59.000Z'), unit(3)]);
    expect(rows.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending', 'pending']);
    expect(rows[1]).toEqual(first);
    expect(rows[1]?.listedAt).toEqual(now);
    expect(await ledger.find(scope, unit(3), signal)).toEqual(rows[0]);
    expect(await gathered(ledger.pending(scope, '2026-11-22', signal))).toEqual([rows[1], rows[0]]);
  });

  it('keeps every part of a row, whatever the numbers', async () => {
    const [row] = await ledger.enlist(scope, [unit(1)], now, signal);
    if (row === undefined) throw new Error('no row');
    const changes: LedgerRow[] = [
      {
        ...row,
        attempts: 3,
        notBefore: new Date('2026-11-22T12:30:00.000Z'),
        cause: { kind: 'throttled', code: '429', retryAfterMs: 60_000 },
      },
    ];

    const [resting] = await ledger.save(changes, signal);
    expect(await ledger.find(scope, unit(1), signal)).toEqual(resting);
    const [finished] = await ledger.save([done({ ...row, attempts: 3, etag: resting?.etag ?? '' })], signal);

    // The service takes a plain number up to 2^31 only.
    const [stored] = await gatheredRows();
    expect(stored).toMatchObject({ records: 7n, bytes: 5_000_000_000n, checksum: 4_294_967_295n });
    expect(finished).toEqual({ ...done({ ...row, attempts: 3 }), etag: finished?.etag });
    expect(await ledger.find(scope, unit(1), signal)).toEqual(finished);
    expect(await ledger.enlist(scope, [unit(1)], now, signal)).toEqual([finished]);
    expect(await gathered(ledger.pending(scope, '2026-11-22', signal))).toEqual([]);
  });

  it('keeps a unit that Microsoft described unusably as a gap, and one without a usable time apart', async () => {
    const refused: Unit = { ...unit(1), refused: { kind: 'refusedUrl', code: 'host', detail: 'evil.example' } };
    const undated: Unit = { ...unit(2), at: new Date(NaN), undated: true };

    const [gap, apart] = await ledger.enlist(scope, [refused, undated], now, signal);

    expect(gap).toMatchObject({ state: 'gap', cause: refused.refused, finishedAt: now });
    expect(apart).toMatchObject({ state: 'pending' });
    const found = await gathered(ledger.pending(scope, 'undated', signal));
    expect(found.map((row) => [row.unit.id, row.unit.undated])).toEqual([[undated.id, true]]);
    expect(await gathered(ledger.hour(scope, 'undated', signal))).toEqual(found);
    expect((await ledger.find(scope, refused, signal))?.unit.refused).toEqual(refused.refused);
    expect(await ledger.save(found.map(done), signal)).toMatchObject([{ state: 'done' }]);
  });

  it('refuses a change of a row that somebody else changed, and changes nothing of that transaction', async () => {
    const rows = await ledger.enlist(scope, [unit(1), unit(2), unit(3)], now, signal);
    await ledger.save(rows.slice(1, 2).map(done), signal);

    expect(await failureKindOf(ledger.save(rows.map(done), signal))).toBe('conflict');
    expect((await gathered(ledger.pending(scope, '2026-11-22', signal))).map((row) => row.unit)).toEqual([unit(1), unit(3)]);
  });

  it('saves rows of several days and returns them in the order given', async () => {
    const units = [unit(1), unit(2, '2026-11-20T00:00:00.000Z'), unit(3), unit(4, '2026-11-20T00:00:00.000Z')];
    const rows = await ledger.enlist(scope, units, now, signal);

    const saved = await ledger.save(rows.map(done), signal);

    expect(saved.map((row) => row.unit)).toEqual(units);
    for (const row of saved) expect(await ledger.find(scope, row.unit, signal)).toEqual(row);
  });

  it('lists 2,000 units of which half are known, and gives the pending ones back in order', async () => {
    const units = Array.from({ length: 2_000 }, (_, index) => unit(index));
    const odd = await ledger.enlist(
      scope,
      units.filter((_, index) => index % 2 === 1),
      now,
      signal,
    );
    await ledger.save(odd.slice(0, 500).map(done), signal);

    const rows = await ledger.enlist(scope, [...units].reverse(), now, signal);

    expect(rows.map((row) => row.unit.id)).toEqual(units.map(({ id }) => id).reverse());
    const pending = await gathered(ledger.pending(scope, '2026-11-22', signal));
    expect(pending).toHaveLength(1_500);
    expect(pending.map((row) => row.unit.at.getTime())).toEqual(
      pending.map((row) => row.unit.at.getTime()).sort((a, b) => a - b),
    );
    expect(rows.filter(({ state }) => state === 'done')).toHaveLength(500);
  });

  it('asks for single rows when a few units span many others', async () => {
    const units = Array.from({ length: 4_200 }, (_, index) => unit(index));
    await ledger.enlist(scope, units, now, signal);
    const before = stand.proxy.seen.length;

    const rows = await behindProxy.enlist(scope, [unit(0), unit(4_100), unit(4_199), unit(5_000)], now, signal);

    expect(rows.map((row) => row.unit.id)).toEqual([unit(0), unit(4_100), unit(4_199), unit(5_000)].map(({ id }) => id));
    // Creating the table, three pages of the range, three rows and one insert.
    expect(stand.proxy.seen.length - before).toBe(8);
  });

  it('lets two runs list the same units at once', async () => {
    const units = Array.from({ length: 150 }, (_, index) => unit(index));

    const [a, b] = await Promise.all([
      ledger.enlist(scope, units, now, signal),
      tableLedger(stand.access, stand.options).enlist(scope, units.slice(50), now, signal),
    ]);

    expect(a.slice(50).map(({ etag }) => etag)).toEqual(b.map(({ etag }) => etag));
    expect(await gathered(ledger.pending(scope, '2026-11-22', signal))).toHaveLength(150);
  });

  it.each(['lostAs500', 'lostConnection'] as const)('recognises what it wrote when the answer was lost (%s)', async (fault) => {
    const units = Array.from({ length: 10 }, (_, index) => unit(index));
    stand.proxy.fail([fault]);
    const rows = await behindProxy.enlist(scope, units, now, signal);
    stand.proxy.fail([fault]);

    const saved = await behindProxy.save(rows.map(done), signal);

    expect(saved.every(({ state }) => state === 'done')).toBe(true);
    expect(await gathered(ledger.hour(scope, '2026-11-22T10', signal))).toEqual(saved);
  });

  it('gives the rows of one hour, and those only', async () => {
    const at = ['09:59:59.999', '10:00:00.000', '10:59:59.999', '11:00:00.000'].map((time) => `2026-11-22T${time}Z`);
    await ledger.enlist(
      scope,
      at.map((time, index) => ({ ...unit(index), at: new Date(time) })),
      now,
      signal,
    );

    const rows = await gathered(ledger.hour(scope, '2026-11-22T10', signal));

    expect(rows.map((row) => row.unit.at.toISOString())).toEqual(at.slice(1, 3));
  });

  it('collects a unit again whose row cannot be read, and passes over such rows everywhere else', async () => {
    const rows = await ledger.enlist(scope, [unit(1), unit(2), unit(3)], now, signal);
    const [, second, third] = await ledger.save(rows.map(done), signal);
    if (second === undefined || third === undefined) throw new Error('no rows');
    await noteKeys();
    await damage(second, { state: 'finished?' });
    await damage(third, { ref: 12 });

    expect((await gathered(ledger.hour(scope, '2026-11-22T10', signal))).map((row) => row.unit.id)).toEqual([unit(1).id]);
    expect(await ledger.find(scope, unit(2), signal)).toBeUndefined();
    expect(stand.corrupt).toHaveLength(3);
    expect(stand.corrupt.join()).toContain('column state');
    const again = await ledger.enlist(scope, [unit(1), unit(2), unit(3)], now, signal);

    expect(again.map(({ state }) => state)).toEqual(['done', 'pending', 'pending']);
    expect(await gathered(ledger.pending(scope, '2026-11-22', signal))).toEqual(again.slice(1));
  });

  it('forgets what is finished and expired, and keeps the rest', async () => {
    const units = Array.from({ length: 250 }, (_, index) => unit(index));
    const [pending, young, ...old] = await ledger.enlist(scope, units, now, signal);
    if (pending === undefined || young === undefined) throw new Error('no rows');
    const late = { ...young, unit: { ...young.unit, expires: new Date('2027-01-01T00:00:00.000Z') } };
    await ledger.save([done(late), ...old.map(done)], signal);
    const expiredBefore = new Date('2026-12-05T00:00:00.000Z');

    const { kept } = await ledger.forget(scope, '2026-11-22', expiredBefore, signal);

    expect(kept).toBe(2);
    expect((await gathered(ledger.hour(scope, '2026-11-22T10', signal))).map((row) => row.unit.id)).toEqual([
      unit(0).id,
      unit(1).id,
    ]);
    expect(await ledger.forget(scope, '2026-11-22', expiredBefore, signal)).toEqual({ kept: 2 });
  });

  it('knows the days of a scope, and of that scope only', async () => {
    const other = { ...scope, sourceId: 'activity.exchange2' };
    await ledger.enlist(scope, [unit(1), unit(2, '2026-11-20T00:00:00.000Z'), unit(3, '2026-10-01T00:00:00.000Z')], now, signal);
    await ledger.enlist(scope, [{ ...unit(4), undated: true }], now, signal);
    await ledger.enlist(other, [unit(1, '2026-11-01T00:00:00.000Z')], now, signal);

    expect(await ledger.days(scope, signal)).toEqual(['2026-10-01', '2026-11-20', '2026-11-22', 'undated']);
    expect(await ledger.days({ ...scope, sourceId: 'none' }, signal)).toEqual([]);
  });

  it('says unavailable when the store is, and cancelled when the caller gives up', async () => {
    stand.proxy.fail(
      Array.from({ length: 20 }, () => 'refuse503' as const),
      { reads: true },
    );

    expect(await failureKindOf(behindProxy.enlist(scope, [unit(1)], now, signal))).toBe('storeUnavailable');
    expect(await failureKindOf(ledger.enlist(scope, [unit(1)], now, AbortSignal.abort()))).toBe('cancelled');
  });
});
