import { ago, cut, fit, span, table, widthOf, wrap } from '../../src/cli/table';

describe('widthOf', () => {
  it('counts columns, not characters', () => {
    expect(['', 'abc', '日本', 'e\u0301', 'é', '😀', '\u200b'].map(widthOf)).toEqual([0, 3, 4, 1, 1, 2, 0]);
  });
});

describe('cut and fit', () => {
  it('end a text that is too long with an ellipsis, within the width', () => {
    expect([cut('abcdef', 6), cut('abcdef', 5), cut('日本語', 5), cut('日本語', 4), cut('abc', 1), cut('abc', 0)]).toEqual([
      ...['abcdef', 'abcd…', '日本…', '日…', '…', ''],
    ]);
    expect([fit('ab', 4), fit('ab', 4, 'right'), fit('日', 3), fit('abcdef', 3)]).toEqual(['ab  ', '  ab', '日 ', 'ab…']);
  });

  it('take out what would command the terminal', () => {
    expect(cut('a\u001b[2Jb\nc', 20)).toBe('a [2Jb c');
  });
});

describe('table', () => {
  it('aligns columns, numbers to the right', () => {
    expect(
      table(
        ['Name', 'N'],
        [
          ['日本', '7'],
          ['x', '1,000'],
        ],
        [1],
      ),
    ).toBe('Name      N\n────  ─────\n日本      7\nx     1,000');
  });
});

describe('wrap', () => {
  it('breaks at blanks, after the indent, and leaves a long word alone', () => {
    expect(wrap('one two three', 9, '  ')).toBe('  one two\n  three');
    expect(wrap('supercalifragilistic', 5)).toBe('supercalifragilistic');
  });
});

describe('span and ago', () => {
  it('use the largest unit that fits', () => {
    expect([-5, 0, 99, 100, 5_999, 6_000, 172_799, 172_800].map((seconds) => span(seconds * 1_000))).toEqual([
      ...['0 s', '0 s', '99 s', '2 min', '100 min', '2 h', '48 h', '2 days'],
    ]);
    expect(ago('2026-11-22T10:00:00Z', new Date('2026-11-22T10:00:07Z'))).toBe('7 s ago');
  });
});
