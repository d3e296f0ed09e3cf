import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OptionError } from './startOptions';

const lockFile = 'npm-start.pid';

/** All that a stack leaves in its folder; nothing else of the folder is ever deleted. */
const contents = [
  'azurite',
  'event-hubs',
  'microsoft365',
  'key-vault.json',
  'ca.pem',
  'trusted.pem',
  'server.pem',
  'environment.json',
  'connector.log',
];

/** Takes a folder for one stack at a time; the returned function gives it back. Throws an OptionError when another process has it. */
export function claimFolder(folder: string): () => void {
  const file = join(folder, lockFile);
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    throw new OptionError(`--data: ${folder} cannot be made a folder.`);
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || attempt > 2) throw error;
      const owner = Number(readFileSync(file, 'utf8'));
      if (isAlive(owner))
        throw new OptionError(
          `Another npm start (process ${owner}) works in ${folder}. Stop it first, or give this one a folder of its own: npm start -- --data .local2\n` +
            `If there is none, delete ${file}.`,
        );
      // Left by one that was killed.
      rmSync(file, { force: true });
    }
  }
}

/** Forgets what earlier stacks left in a folder. */
export function cleanFolder(folder: string): void {
  for (const name of contents) rmSync(join(folder, name), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The code of an error of Node, whichever realm it comes from. */
function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
