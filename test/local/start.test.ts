import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../cli/commandStack';
import type { Ran } from '../cli/commandStack';

jest.setTimeout(180_000);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'start-'));
  folders.push(folder);
  return folder;
}

// `npm test` builds it first.
const start = async (...words: string[]): Promise<Ran> =>
  runCommand('dist/start.js', words, { environment: {}, withinMs: 150_000 });

describe('npm start', () => {
  it('runs for a while, proves that everything arrived, and stops everything', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'mine.txt'), 'not to be cleaned');

    const ran = await start('--for', '8', '--tenants', '3', '--json', '--clean', '--data', folder);

    expect([ran.code, ran.stderr.split('\n').filter((line) => line.includes('Proven'))]).toEqual([
      0,
      [expect.stringContaining('(0 missing, 0 altered, 0 sent more than once, 0 gaps)')],
    ]);
    const result = ran.json();
    expect(result).toMatchObject({ ok: true, tenants: 3, missing: 0, altered: 0, foreign: 0, duplicates: 0, gaps: 0 });
    expect(result['delivered']).toBe(result['available']);
    expect(result['available']).toBeGreaterThan(500);
    expect(result['firstRecordSeconds']).toBeLessThan(60);
    // One line of JSON and nothing else, so that a script can read it.
    expect(ran.stdout).toBe(`${ran.last}\n`);
    expect(readdirSync(folder)).toContain('mine.txt');
    expect(existsSync(join(folder, 'environment.json'))).toBe(false);
    expect(existsSync(join(folder, 'npm-start.pid'))).toBe(false);
  });

  it('does not take a folder that another npm start works in', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'npm-start.pid'), String(process.pid));

    const ran = await start('--clean', '--json', '--data', folder);

    expect(ran.code).toBe(2);
    expect(ran.json()).toMatchObject({ ok: false, error: expect.stringContaining(`(process ${process.pid})`) as string });
    expect(existsSync(join(folder, 'npm-start.pid'))).toBe(true);
  });

  it('refuses options that cannot be right, and explains itself', async () => {
    const [wrong, help] = await Promise.all([start('--for', 'ever', '--json'), start('--help')]);

    expect([wrong.code, wrong.json()]).toEqual([
      2,
      { ok: false, error: expect.stringContaining('--for takes a whole number') as string },
    ]);
    expect([help.code, help.stdout.includes('--no-simulation')]).toEqual([0, true]);
  });
});
