import fc from 'fast-check';
import { failureOf } from '../../src/domain/failure';
import { ledgerDay, ledgerHour } from '../../src/domain/ledger';
import type { LedgerRow, LedgerScope } from '../../src/domain/ledger';
import type { Ledger } from '../../src/domain/ports';
import type { Unit } from '../../src/domain/source';
import { without } from '../../src/domain/without';

const signal = new AbortController().signal;
const start = Date.parse('2026-11-20T22:00:00Z');

const unitOf = (number: number): Unit => {
  // Twins share a time; the hours cross midnight.
  const at = new Date(start + Math.floor(number / 2) * 37 * 60_000);
  const undated = number % 7 === 6;
  return {
    id: `https://manage.office.com/audit$blob'${number}"é|#?/\\%`,
    at: undated ? new Date('2026-11-20T22:00:00Z') : at,
    expires: new Date(at.getTime() + 7 * 86_400_000),
    ref: `https://manage.office.com/${number}?x=1&y=2`,
    ...(undated ? { undated } : {}),
    ...(number % 11 === 10 ? { refused: { kind: 'refusedUrl', code: 'foreignHost', detail: 'another host' } } : {}),
  };
};

const scopesOf = (run: number): readonly [LedgerScope, LedgerScope] => [
  { tenantId: `11111111-2222-3333-4444-${String(run).padStart(12, '0')}`, sourceId: 'activity.exchange' },
  { tenantId: `11111111-2222-3333-4444-${String(run).padStart(12, '0')}`, sourceId: 'activity.exchange2' },
];

type Command =
  | { readonly do: 'enlist'; readonly units: readonly number[] }
  | { readonly do: 'finish' | 'advance' | 'rest' | 'lose' | 'stale'; readonly units: readonly number[] }
  | { readonly do: 'forget' };

const units = fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: 24 });
const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('enlist' as const), units }),
    fc.record({
      do: fc.constantFrom('finish' as const, 'advance' as const, 'rest' as const, 'lose' as const, 'stale' as const),
      units,
    }),
    fc.record({ do: fc.constant('forget' as const) }),
  ),
  { minLength: 1, maxLength: 12 },
);

async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

const now = new Date(start + 86_400_000);

function changed(row: LedgerRow, what: Exclude<Command['do'], 'enlist' | 'forget'>): LedgerRow {
  const delivered = {
    records: row.delivered.records + 5_000_000_000,
    bytes: 9_007_199_254_740_000,
    checksum: 0xffffffff,
    lateness: [0, 3, 2],
  };
  switch (what) {
    case 'advance':
    case 'stale':
      return { ...row, delivered: { ...delivered, records: Math.min(delivered.records, Number.MAX_SAFE_INTEGER) } };
    case 'finish':
      return {
        ...without(row, 'notBefore', 'cause'),
        state: 'done',
        fetched: true,
        delivered: { ...delivered, records: 7 },
        finishedAt: now,
      };
    case 'rest':
      return {
        ...row,
        attempts: row.attempts + 1,
        notBefore: now,
        cause: { kind: 'unexpectedResponse', code: '200', detail: 'odd "text"' },
      };
    case 'lose':
      return {
        ...row,
        state: 'gap',
        attempts: row.attempts + 1,
        cause: { kind: 'contentExpired', code: 'AF20051' },
        finishedAt: now,
      };
  }
}

const byKey = (rows: readonly LedgerRow[]): unknown[] =>
  rows.map((row) => without(row, 'etag')).sort((a, b) => (a.unit.id < b.unit.id ? -1 : 1));

/** What every ledger has to do, as a model and as examples. `numRuns` is smaller for one that is reached over a network. */
export function ledgerContract(makeLedger: () => Ledger, options: { readonly numRuns: number } = { numRuns: 100 }): void {
  let runs = 0;

  it('behaves as a map of rows with etags, whatever is done to it', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (todo) => {
        const ledger = makeLedger();
        const [scope, neighbour] = scopesOf((runs += 1));
        const model = new Map<string, LedgerRow>();
        await ledger.enlist(neighbour, [unitOf(0)], now, signal);
        for (const command of todo) await apply(ledger, scope, model, command);

        for (const day of new Set([...model.values()].map(({ unit }) => ledgerDay(unit)))) {
          const pending = await collect(ledger.pending(scope, day, signal));
          const expected = [...model.values()].filter(({ unit, state }) => ledgerDay(unit) === day && state === 'pending');
          expect(byKey(pending)).toEqual(byKey(expected));
          if (day !== 'undated')
            expect(pending.map(({ unit }) => unit.at)).toEqual(
              pending.map(({ unit }) => unit.at).sort((a, b) => a.getTime() - b.getTime()),
            );
        }
        for (const hour of new Set([...model.values()].map(({ unit }) => ledgerHour(unit))))
          expect(byKey(await collect(ledger.hour(scope, hour, signal)))).toEqual(
            byKey([...model.values()].filter(({ unit }) => ledgerHour(unit) === hour)),
          );
        for (let number = 0; number < 24; number += 1) {
          const found = await ledger.find(scope, unitOf(number), signal);
          expect(found).toEqual(model.get(unitOf(number).id));
        }
        expect((await ledger.days(scope, signal)).toSorted()).toEqual(
          [...new Set([...model.values()].map(({ unit }) => ledgerDay(unit)))].sort(),
        );
        expect(await ledger.days(neighbour, signal)).toEqual([ledgerDay(unitOf(0))]);
      }),
      { numRuns: options.numRuns },
    );
  }, 120_000);

  it('enlists a unit once, also when two do it at the same time, and gives everybody its row', async () => {
    const ledger = makeLedger();
    const [scope] = scopesOf((runs += 1));
    const all = Array.from({ length: 150 }, (_, index) => ({ ...unitOf(0), id: `unit${index}` }));

    const results = await Promise.all(
      [0, 1, 2].map(async (shift) =>
        ledger.enlist(scope, all.slice(shift * 20, 110 + shift * 20), new Date(now.getTime() + shift), signal),
      ),
    );
    const rows = await collect(ledger.pending(scope, ledgerDay(unitOf(0)), signal));

    expect(rows).toHaveLength(150);
    for (const result of results) expect(result).toHaveLength(110);
    for (const row of results.flat()) expect(rows).toContainEqual(row);
  }, 30_000);

  it('lets one of two writers of the same row through, and keeps what it wrote', async () => {
    const ledger = makeLedger();
    const [scope] = scopesOf((runs += 1));
    const [row] = await ledger.enlist(scope, [unitOf(1)], now, signal);
    if (row === undefined) throw new Error('no row');

    const saves = await Promise.allSettled([
      ledger.save([changed(row, 'finish')], signal),
      ledger.save([changed(row, 'rest')], signal),
    ]);

    const failed = saves.filter((save) => save.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failureOf(failed[0]?.reason)?.kind).toBe('conflict');
    const won = saves.find((save) => save.status === 'fulfilled');
    expect(won?.status === 'fulfilled' ? won.value[0] : undefined).toEqual(await ledger.find(scope, unitOf(1), signal));
  });

  it('saves many rows at once and returns them with the etags they have', async () => {
    const ledger = makeLedger();
    const [scope] = scopesOf((runs += 1));
    const rows = await ledger.enlist(
      scope,
      Array.from({ length: 130 }, (_, index) => ({ ...unitOf(index * 2), id: `unit${index}` })),
      now,
      signal,
    );

    const once = await ledger.save(
      rows.map((row) => changed(row, 'advance')),
      signal,
    );
    const twice = await ledger.save(
      once.map((row) => changed(row, 'finish')),
      signal,
    );

    expect(twice.map(({ unit }) => unit.id)).toEqual(rows.map(({ unit }) => unit.id));
    expect(new Set([...rows, ...once, ...twice].map(({ etag, unit }) => `${unit.id}${etag}`)).size).toBe(390);
    expect(await ledger.find(scope, twice[100]?.unit ?? unitOf(0), signal)).toEqual(twice[100]);
  }, 30_000);

  it('does nothing, and says so, when the signal has aborted', async () => {
    const ledger = makeLedger();
    const [scope] = scopesOf((runs += 1));
    const aborted = AbortSignal.abort();

    await expect(ledger.enlist(scope, [unitOf(1)], now, aborted)).rejects.toThrow();

    expect(await ledger.find(scope, unitOf(1), signal)).toBeUndefined();
  });
}

async function apply(ledger: Ledger, scope: LedgerScope, model: Map<string, LedgerRow>, command: Command): Promise<void> {
  switch (command.do) {
    case 'enlist': {
      const rows = await ledger.enlist(scope, command.units.map(unitOf), now, signal);
      expect(rows.map(({ unit }) => unit.id)).toEqual(command.units.map((number) => unitOf(number).id));
      for (const row of rows) {
        const known = model.get(row.unit.id);
        if (known === undefined)
          expect(row).toMatchObject({ state: row.unit.refused === undefined ? 'pending' : 'gap', listedAt: now, attempts: 0 });
        else expect(row).toEqual(known);
        model.set(row.unit.id, row);
      }
      return;
    }
    case 'forget': {
      const before = new Date(start + 7 * 86_400_000 + 4 * 3_600_000);
      for (const day of new Set([...model.values()].map(({ unit }) => ledgerDay(unit)))) {
        const ofDay = [...model.values()].filter(({ unit }) => ledgerDay(unit) === day);
        const old = ofDay.filter(({ state, unit }) => state !== 'pending' && unit.expires < before);
        expect(await ledger.forget(scope, day, before, signal)).toEqual({ kept: ofDay.length - old.length });
        for (const { unit } of old) model.delete(unit.id);
      }
      return;
    }
    case 'stale': {
      const rows = command.units.flatMap((number) => model.get(unitOf(number).id) ?? []).slice(0, 1);
      for (const row of rows) {
        const [newer] = await ledger.save([changed(row, 'advance')], signal);
        if (newer !== undefined) model.set(newer.unit.id, newer);
        const again = ledger.save([changed(row, 'stale')], signal).catch((error: unknown) => failureOf(error)?.kind);
        expect(await again).toBe('conflict');
      }
      return;
    }
    case 'finish':
    case 'advance':
    case 'rest':
    case 'lose': {
      const rows = command.units.flatMap((number) => model.get(unitOf(number).id) ?? []);
      const saved = await ledger.save(
        rows.map((row) => changed(row, command.do)),
        signal,
      );
      expect(saved.map((row) => without(row, 'etag'))).toEqual(rows.map((row) => without(changed(row, command.do), 'etag')));
      for (const row of saved) model.set(row.unit.id, row);
    }
  }
}
