import fc from 'fast-check';
import { latenessOf } from '../../src/domain/event';
import { addLateness, formatLateness, latenessAt, latenessBucket, noLateness, parseLateness } from '../../src/domain/lateness';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const seconds = fc.oneof(fc.integer({ min: -1_000, max: 20_000_000 }), fc.double({ min: 0, max: 100, noNaN: true }));
const late = fc.array(seconds, { minLength: 1, maxLength: 60 });
const now = Date.parse('2026-11-22T10:00:00Z');
const histogramOf = (values: readonly number[]): number[] =>
  latenessOf(
    values.map((value) => now - value * 1_000),
    now,
  );

describe('lateness', () => {
  it('counts each record once, in the bucket below the next power of two', () => {
    fc.assert(
      fc.property(seconds, (value) => {
        const bucket = latenessBucket(value);

        expect(bucket).toBeGreaterThanOrEqual(0);
        expect(bucket).toBeLessThan(24);
        if (value < 2 ** 23) expect(value).toBeLessThan(2 ** bucket);
        if (bucket > 0) expect(value).toBeGreaterThanOrEqual(2 ** (bucket - 1));
      }),
    );
  });

  it('added is the same as counted together', () => {
    fc.assert(
      fc.property(late, late, (a, b) => {
        expect(addLateness(histogramOf(a), histogramOf(b))).toEqual(histogramOf([...a, ...b]));
      }),
    );
  });

  it('bounds a share of the records from above, by less than twice', () => {
    fc.assert(
      fc.property(late, fc.constantFrom(0.5, 0.95, 1), (values, share) => {
        const bound = latenessAt(histogramOf(values), share) ?? NaN;
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(values.length * share) - 1] ?? NaN;
        const below = values.filter((value) => value < bound || bound === 2 ** 23).length;

        expect(below).toBeGreaterThanOrEqual(values.length * share);
        if (exact >= 1 && exact < 2 ** 22) expect(bound).toBeLessThanOrEqual(2 * exact);
      }),
    );
    expect(latenessAt(noLateness, 0.5)).toBeUndefined();
  });

  it('survives being written down', () => {
    fc.assert(
      fc.property(late, (values) => {
        expect(parseLateness(formatLateness(histogramOf(values)))).toEqual(histogramOf(values));
      }),
    );
    expect(['', 'x', '1,-2', '1.5'].map(parseLateness)).toEqual([[], [], [], []]);
  });
});
