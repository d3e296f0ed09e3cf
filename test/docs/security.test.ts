import { existsSync, readFileSync } from 'node:fs';

const document = readFileSync('docs/security.md', 'utf8');
const rows = document
  .split('\n')
  .map((line) => /^\| (\d+) \| (.+) \| (.+) \| (.+) \|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, number = '', what = '', holds = '', tests = '']) => ({ number: Number(number), what, holds, tests }));

describe('docs/security.md', () => {
  it('has a row for each requirement', () => {
    const all = Array.from({ length: 34 }, (_, index) => index + 1);

    expect(rows.map(({ number }) => number)).toEqual(all);
  });

  it.each(rows.map((row) => [row.number, row] as const))(
    'requirement %i is held by what is there, and by a test that is there',
    (_, row) => {
      const files = [...`${row.holds} ${row.tests}`.matchAll(/`([\w./-]+\/[\w.-]+|package\.json)`/g)].map(
        ([, file = '']) => file,
      );
      const named = [...row.tests.matchAll(/`(test\/[\w./]+\.test\.ts)` “([^”]+)”/g)];

      expect(files.length).toBeGreaterThanOrEqual(2);
      expect(row.tests).toContain('.test.ts');
      expect(files.filter((file) => !existsSync(file))).toEqual([]);
      for (const [, file = '', name = ''] of named) expect(readFileSync(file, 'utf8')).toContain(name);
      // Every quoted name belongs to a file.
      expect(named).toHaveLength(row.tests.split('“').length - 1);
    },
  );
});
