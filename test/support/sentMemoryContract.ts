import type { LedgerScope } from '../../src/domain/ledger';
import type { SentMemory, SentRow } from '../../src/domain/ports';

const { signal } = new AbortController();
const scope: LedgerScope = { tenantId: '11111111-1111-4111-8111-111111111111', sourceId: 'graph.users' };
const other: LedgerScope = { ...scope, sourceId: 'graph.groups' };
const noon = new Date('2026-11-22T12:00:00Z');
const row = (part: string, number: number, entries: Buffer = Buffer.from([number])): SentRow => ({ part, number, entries });

/** What every memory of what was sent has to do. */
export function sentMemoryContract(make: () => SentMemory): void {
  it('gives back what was added, in the order of parts and numbers, and nothing of others', async () => {
    const memory = make();
    await memory.append(scope, [row('2026-11-22T10', 0), row('2026-11-22T11', 0)], noon, signal);
    for (let number = 1; number < 12; number += 1) await memory.append(scope, [row('2026-11-22T10', number)], noon, signal);
    await memory.append(other, [row('2026-11-22T10', 0)], noon, signal);

    const loaded = await memory.load(scope, '2026-11-22T10', '2026-11-22T10', signal);
    expect(loaded.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await memory.load(scope, '', '~', signal)).toHaveLength(13);
    expect(await memory.load(scope, '2026-11-22T12', '2026-11-22T13', signal)).toEqual([]);
  });

  it('keeps long entries byte for byte', async () => {
    const memory = make();
    const entries = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 31) % 256));
    await memory.append(scope, [row('snapshot-20261122T100000000Z', 0, entries)], noon, signal);

    const [loaded] = await memory.load(scope, '', '~', signal);
    expect(loaded?.entries.equals(entries)).toBe(true);
  });

  it('refuses a number that is taken, and then adds none of the rows', async () => {
    const memory = make();
    await memory.append(scope, [row('2026-11-22T10', 0)], noon, signal);
    const both = memory.append(scope, [row('2026-11-22T11', 0), row('2026-11-22T10', 0)], noon, signal);

    await expect(both).rejects.toMatchObject({ failure: { kind: 'conflict' } });
    expect(await memory.load(scope, '', '~', signal)).toHaveLength(1);
  });

  it('forgets the parts before one, but not what was written lately', async () => {
    const memory = make();
    const later = new Date(noon.getTime() + 3_600_000);
    await memory.append(scope, [row('2026-11-22T10', 0), row('2026-11-22T11', 0), row('2026-11-22T12', 0)], noon, signal);
    await memory.append(scope, [row('2026-11-22T10', 1)], later, signal);
    await memory.forget(scope, '2026-11-22T12', later, signal);

    const left = await memory.load(scope, '', '~', signal);
    expect(left.map(({ part, number }) => `${part}/${number}`)).toEqual(['2026-11-22T10/1', '2026-11-22T12/0']);
  });
}
