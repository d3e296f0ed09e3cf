import fc from 'fast-check';
import { ledgerDay, ledgerDays, ledgerHour, unitRestMs } from '../../src/domain/ledger';
import type { Unit } from '../../src/domain/source';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const unit = (at: string, undated = false): Unit => ({
  id: 'unit',
  at: new Date(at),
  expires: new Date(at),
  ref: '',
  ...(undated ? { undated } : {}),
});

describe('unitRestMs', () => {
  it('doubles from half a minute to half an hour and stays there', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((attempts) => unitRestMs(attempts) / 1_000)).toEqual([
      30, 60, 120, 240, 480, 960, 1_800, 1_800,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        (attempts) => unitRestMs(attempts) > 0 && unitRestMs(attempts) <= 1_800_000,
      ),
    );
  });
});

describe('the place of a unit', () => {
  it('is its UTC day and hour, to the last millisecond', () => {
    expect(ledgerDay(unit('2026-11-22T23:59:59.999Z'))).toBe('2026-11-22');
    expect(ledgerHour(unit('2026-11-22T23:59:59.999Z'))).toBe('2026-11-22T23');
    expect(ledgerHour(unit('2026-11-23T00:00:00.000Z'))).toBe('2026-11-23T00');
  });

  it('is apart from the days when its time cannot be right', () => {
    expect([ledgerDay(unit('1601-01-01T00:00:00Z', true)), ledgerHour(unit('1601-01-01T00:00:00Z', true))]).toEqual([
      'undated',
      'undated',
    ]);
  });
});

describe('ledgerDays', () => {
  it('covers everything of the last eight days, oldest first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 8 * 86_400_000 }), (now, ago) => {
        const days = ledgerDays(new Date(now));

        expect(days).toContain(ledgerDay(unit(new Date(now - ago).toISOString())));
        expect(days).toEqual([...new Set(days)].sort());
        expect(days.at(-1)).toBe('undated');
      }),
    );
  });
});
