import { retryAfterMs } from '../../src/microsoft/retryAfter';

const now = new Date('2026-11-22T10:00:00Z');

describe('retryAfterMs', () => {
  it.each<[string | undefined, number | undefined]>([
    ['30', 30_000],
    ['1.5', 1_500],
    [' 5 ', 5_000],
    ['0', 1_000],
    ['999999', 900_000],
    ['Sun, 22 Nov 2026 10:02:00 GMT', 120_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 1_000],
    ['Sun, 22 Nov 2099 09:00:00 GMT', 900_000],
    ['-1', undefined],
    ['soon', undefined],
    ['1e3', undefined],
    ['2026', 900_000],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
