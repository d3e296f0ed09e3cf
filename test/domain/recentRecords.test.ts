import * as fc from 'fast-check';
import { countRecent, recordsPerHour } from '../../src/domain/recentRecords';

const start = Date.parse('2026-11-22T10:00:00Z');
const at = (minutes: number): Date => new Date(start + minutes * 60_000);

describe('records of the last hour', () => {
  it.each([
    ['nothing yet', [], 30, 0],
    ['of this hour', [[5, 100] as const], 30, 100],
    ['the hour before counts by the share that is within sixty minutes', [[30, 100] as const], 75, 75],
    ['both', [[30, 100] as const, [70, 40] as const], 90, 90],
    ['not those of two hours ago', [[30, 100] as const], 121, 0],
  ])('%s', (_, counted, now, expected) => {
    let text: string | undefined;
    for (const [minutes, records] of counted) text = countRecent(text, records, at(minutes));

    expect(recordsPerHour(text, at(now))).toBe(expected);
  });

  it.each([undefined, '', 'x', '1|2', '1|2|3|4', '-1|0|0', '1.5|0|0'])('takes %j for none', (text) => {
    expect(recordsPerHour(text, at(30))).toBe(0);
    expect(recordsPerHour(countRecent(text, 7, at(30)), at(31))).toBe(7);
  });

  it('never says more than was counted', () => {
    const counts = fc.array(fc.tuple(fc.nat(300), fc.nat(10_000)), { maxLength: 20 });
    fc.assert(
      fc.property(counts, fc.nat(400), (given, now) => {
        const inOrder = given.toSorted(([a], [b]) => a - b).filter(([minutes]) => minutes <= now);
        const text = inOrder.reduce<string | undefined>(
          (known, [minutes, records]) => countRecent(known, records, at(minutes)),
          undefined,
        );
        const said = recordsPerHour(text, at(now));
        const all = inOrder.filter(([minutes]) => now - minutes < 120).reduce((sum, [, records]) => sum + records, 0);
        const surely = inOrder
          .filter(([minutes]) => Math.floor(minutes / 60) === Math.floor(now / 60))
          .reduce((sum, [, records]) => sum + records, 0);
        expect(said).toBeLessThanOrEqual(all);
        expect(said).toBeGreaterThanOrEqual(surely);
      }),
    );
  });
});
