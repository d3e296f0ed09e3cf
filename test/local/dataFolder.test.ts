import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimFolder, cleanFolder } from './dataFolder';

const folder = mkdtempSync(join(tmpdir(), 'data-'));
const lock = join(folder, 'npm-start.pid');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('claimFolder', () => {
  it('gives a folder to one at a time, and makes it when it is not there', () => {
    const own = join(folder, 'new', 'one');
    const release = claimFolder(own);

    expect(() => claimFolder(own)).toThrow(`Another npm start (process ${process.pid}) works in ${own}.`);

    release();
    claimFolder(own)();
    expect(readdirSync(own)).toEqual([]);
  });

  it('takes over what a killed one left', () => {
    // A process that has ended, so that nobody has its number.
    const dead = spawnSync(process.execPath, ['-e', '']).pid;

    for (const left of [String(dead), '', 'nonsense', '-1']) {
      writeFileSync(lock, left);
      const release = claimFolder(folder);
      expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
      release();
    }
  });

  it('says when the folder cannot be one', () => {
    writeFileSync(join(folder, 'file'), '');

    expect(() => claimFolder(join(folder, 'file'))).toThrow('cannot be made a folder');
  });
});

describe('cleanFolder', () => {
  it('deletes what a stack leaves, and nothing else', () => {
    const home = join(folder, 'home');
    mkdirSync(join(home, 'azurite', 'deep'), { recursive: true });
    mkdirSync(join(home, 'documents'));
    for (const name of ['key-vault.json', 'npm-start.pid', 'thesis.txt']) writeFileSync(join(home, name), '');

    cleanFolder(home);

    expect(readdirSync(home).sort()).toEqual(['documents', 'npm-start.pid', 'thesis.txt']);
  });
});
