import { transactionsOf } from '../../src/azure/rowWrites';
import type { RowWrite } from '../../src/azure/rowWrites';
import { keyPart, keyText } from '../../src/azure/tableKeys';
import { TableRows } from '../../src/azure/tableRows';
import { failureKindOf, startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

const { signal } = new AbortController();

describe('TableRows', () => {
  let stand: StorageStand;
  let rows: TableRows;
  let behindProxy: TableRows;

  beforeAll(async () => {
    stand = await startStorageStand();
  });

  afterAll(() => stand.stop());

  beforeEach(() => {
    const name = `${stand.prefix()}rows`;
    rows = new TableRows(stand.access, name);
    behindProxy = new TableRows(stand.proxy.access, name);
    stand.proxy.fail([]);
  });

  const create = (row: string, n = 1): RowWrite => ({ kind: 'create', row, columns: { n } });
  const replace = (row: string, n: number, etag: string): RowWrite => ({ kind: 'replace', row, columns: { n }, etag });
  const valueOf = async (row: string) => (await rows.get('p', row, signal))?.columns['n'];

  it('creates its table and the row, and reads it back with the same etag', async () => {
    const [etag] = await rows.write(
      'p',
      [{ kind: 'create', row: 'r', columns: { text: 'ü', big: 2n ** 40n, on: true, none: undefined } }],
      signal,
    );

    const row = await rows.get('p', 'r', signal);

    expect(row?.etag).toBe(etag);
    expect(row?.columns).toMatchObject({ text: 'ü', big: 2n ** 40n, on: true });
    expect(row?.columns).not.toHaveProperty('none');
    expect(await rows.get('p', 'other', signal)).toBeUndefined();
  });

  it('refuses a create of what exists, and a replace of what changed or is gone', async () => {
    const [first = ''] = await rows.write('p', [create('r')], signal);
    await rows.write('p', [replace('r', 2, first)], signal);

    expect(await failureKindOf(rows.write('p', [create('r')], signal))).toBe('conflict');
    expect(await failureKindOf(rows.write('p', [replace('r', 3, first)], signal))).toBe('conflict');
    expect(await failureKindOf(rows.write('p', [replace('gone', 3, first)], signal))).toBe('conflict');
    expect(await valueOf('r')).toBe(2);
  });

  it('asks once and looks once when the answer is a conflict', async () => {
    const [first = ''] = await behindProxy.write('p', [create('r')], signal);
    await rows.write('p', [replace('r', 2, first)], signal);
    const before = stand.proxy.seen.length;

    expect(await failureKindOf(behindProxy.write('p', [replace('r', 3, first)], signal))).toBe('conflict');

    expect(stand.proxy.seen.slice(before).map((request) => request.split(' ')[0])).toEqual(['PUT', 'GET']);
  });

  it('applies all of a transaction or nothing', async () => {
    await rows.write('p', [create('b')], signal);

    const kind = await failureKindOf(rows.write('p', [create('a'), create('b'), create('c')], signal));

    expect(kind).toBe('conflict');
    expect(await valueOf('a')).toBeUndefined();
    expect(await valueOf('c')).toBeUndefined();
  });

  it.each(['lostAs500', 'lostConnection'] as const)('recognises its own write whose answer was lost (%s)', async (fault) => {
    stand.proxy.fail([fault]);
    const [created = ''] = await behindProxy.write('p', [create('r')], signal);
    stand.proxy.fail([fault]);
    const [replaced = ''] = await behindProxy.write('p', [replace('r', 2, created)], signal);

    expect((await rows.get('p', 'r', signal))?.etag).toBe(replaced);
    expect(replaced).not.toBe(created);
    expect(await valueOf('r')).toBe(2);
  });

  it.each(['lostAs500', 'lostConnection'] as const)(
    'recognises its own transaction whose answer was lost (%s)',
    async (fault) => {
      stand.proxy.fail([fault]);
      const created = await behindProxy.write('p', [create('a'), create('b')], signal);
      stand.proxy.fail([fault]);
      const [a = '', b = ''] = created;
      const replaced = await behindProxy.write('p', [replace('a', 2, a), replace('b', 2, b)], signal);

      expect((await rows.get('p', 'a', signal))?.etag).toBe(replaced[0]);
      expect((await rows.get('p', 'b', signal))?.etag).toBe(replaced[1]);
      expect([await valueOf('a'), await valueOf('b')]).toEqual([2, 2]);
    },
  );

  it('does not take the change of somebody else for its own when the answer was lost', async () => {
    const [etag = ''] = await rows.write('p', [create('r')], signal);
    stand.proxy.fail(['lostAs500']);
    stand.proxy.afterNextWrite(async () => {
      const now = await rows.get('p', 'r', signal);
      await rows.write('p', [replace('r', 99, now?.etag ?? '')], signal);
    });

    expect(await failureKindOf(behindProxy.write('p', [replace('r', 2, etag)], signal))).toBe('conflict');
    expect(await valueOf('r')).toBe(99);
  });

  it('tries again what was refused and not applied, and gives up as unavailable, never as a conflict', async () => {
    const [etag = ''] = await rows.write('p', [create('r')], signal);
    stand.proxy.fail(['refuse500', 'refuse503', 'refuse500', 'refuse500']);
    const [second = ''] = await behindProxy.write('p', [replace('r', 2, etag)], signal);
    stand.proxy.fail(Array.from({ length: 9 }, () => 'refuse500' as const));

    const kind = await failureKindOf(behindProxy.write('p', [replace('r', 3, second)], signal));

    expect(kind).toBe('storeUnavailable');
    expect(await valueOf('r')).toBe(2);
  });

  it('believes the row, not the answer, when a conflict is answered that is none', async () => {
    const [etag = ''] = await rows.write('p', [create('r')], signal);
    stand.proxy.fail(['refuse409']);

    await behindProxy.write('p', [replace('r', 2, etag)], signal);

    expect(await valueOf('r')).toBe(2);
  });

  it('says cancelled when the caller aborts', async () => {
    const aborted = AbortSignal.abort();

    expect(await failureKindOf(rows.write('p', [create('r')], aborted))).toBe('cancelled');
    expect(await failureKindOf(rows.get('p', 'r', aborted))).toBe('cancelled');
    await rows.write('p', [create('r')], signal);
    expect(await failureKindOf(rows.get('p', 'r', aborted))).toBe('cancelled');
  });

  it('says unavailable when nothing listens', async () => {
    const nowhere = new TableRows(
      { kind: 'connectionString', value: stand.connectionString.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:9') },
      'rows',
    );

    expect(await failureKindOf(nowhere.get('p', 'r', signal))).toBe('storeUnavailable');
  });

  it('creates its table again when it was deleted meanwhile', async () => {
    const [etag = ''] = await rows.write('p', [create('r')], signal);
    await stand.table(rows.name).deleteTable();

    expect(await failureKindOf(rows.write('p', [replace('r', 2, etag)], signal))).toBe('conflict');
    await rows.write('p', [create('r', 3)], signal);

    expect(await valueOf('r')).toBe(3);
  });

  it('lists 2,000 rows in order, in pages, and finds the first partition of a range', async () => {
    const writes = Array.from({ length: 2_000 }, (_, index) => create(String(index).padStart(5, '0'), index));
    for (const chunk of transactionsOf(writes)) await rows.write("o'p", chunk, signal);
    await rows.write('q', [create('r')], signal);

    const seen: string[] = [];
    let pages = 0;
    for await (const page of rows.list({ partition: "o'p", from: '00010', before: '01990', columns: ['n'] }, signal)) {
      pages += 1;
      seen.push(...page.map(({ row }) => row));
    }

    expect(pages).toBe(2);
    expect(seen).toHaveLength(1_980);
    expect(seen).toEqual([...seen].sort());
    expect(await rows.firstPartition('o', 'z', signal)).toBe("o'p");
    expect(await rows.firstPartition("o'p", 'z', signal)).toBe('q');
    expect(await rows.firstPartition('q', 'z', signal)).toBeUndefined();
  });

  it('deletes rows, whether they are still there or not', async () => {
    await rows.write('p', [create('a'), create('b'), create('c')], signal);
    stand.proxy.fail(['lostAs500']);

    await behindProxy.removeAll('p', ['a', 'b'], signal);
    await rows.removeAll('p', ['a', 'b', 'c', 'd'], signal);
    await rows.removeAll('p', ['a'], signal);

    expect([await valueOf('a'), await valueOf('b'), await valueOf('c')]).toEqual([undefined, undefined, undefined]);
  });

  it('deletes a row only as it was read, also when the answer is lost', async () => {
    const [etag = ''] = await rows.write('p', [create('r')], signal);
    const read = await rows.get('p', 'r', signal);
    if (read === undefined) throw new Error('The row is gone.');
    await rows.write('p', [replace('r', 2, etag)], signal);

    expect(await rows.removeUnchanged(read, signal)).toBe(false);
    expect(await valueOf('r')).toBe(2);
    const again = await rows.get('p', 'r', signal);
    stand.proxy.fail(['lostAs500']);
    expect(await behindProxy.removeUnchanged(again ?? read, signal)).toBe(true);
    expect(await valueOf('r')).toBeUndefined();
    expect(await rows.removeUnchanged(read, signal)).toBe(true);
  });
});

describe('transactionsOf', () => {
  it('keeps a transaction to 100 rows and below 4 MiB', () => {
    const small = Array.from({ length: 250 }, (_, row) => ({ kind: 'create' as const, row: String(row), columns: {} }));
    const large = small.map((write) => ({ ...write, columns: { ref: 'x'.repeat(16_000), id: 'y'.repeat(16_000) } }));

    expect(transactionsOf(small).map(({ length }) => length)).toEqual([100, 100, 50]);
    for (const chunk of transactionsOf(large)) expect(Buffer.byteLength(JSON.stringify(chunk))).toBeLessThan(4 * 1024 * 1024);
    expect(transactionsOf(large).flat()).toHaveLength(250);
  });
});

describe('keyPart', () => {
  it('leaves nothing in a key that the service forbids, and two texts never become one key', () => {
    const text = 'a/b\\c#d?e%f|g=h\u0000\u0085ü';

    expect(keyPart(text)).not.toMatch(/[/\\#?%|\p{Cc}]/u);
    expect(keyText(keyPart(text))).toBe(text);
    expect(keyPart('a|b')).not.toBe(keyPart('a=7cb'));
    expect(keyPart('activity.exchange')).toBe('activity.exchange');
  });
});
