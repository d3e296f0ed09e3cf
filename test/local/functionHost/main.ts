// Runs the connector's function app as a process of its own: what `func start` does, without the Core Tools. Everything comes from the environment:
// FUNCTION_HOST_SCRIPT (default: package.json's main), FUNCTION_HOST_PORT (7071 if free), FUNCTION_HOST_KEY, FUNCTION_HOST_GRACE_SECONDS (10),
// FUNCTION_HOST_INVISIBLE_SECONDS (600), and the app's own settings. host.json is read from the current folder.
import { fstatSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { freePort } from '../freePort';
import { startFunctionHost, writeJsonLine, type FunctionHost } from './functionHost';
import { describeError } from './hostLog';

const environment = z.object({
  FUNCTION_HOST_SCRIPT: z.string().optional(),
  FUNCTION_HOST_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  FUNCTION_HOST_GRACE_SECONDS: z.coerce.number().min(0).default(10),
});

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${resolve(file)} cannot be read as JSON.`, { cause });
  }
}

function fail(what: string, error: unknown): never {
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  writeJsonLine({ event: 'failed', time: new Date().toISOString(), message, detail: describeError(error) });
  process.exit(1);
}

async function start(): Promise<FunctionHost> {
  const { FUNCTION_HOST_SCRIPT, FUNCTION_HOST_PORT, FUNCTION_HOST_GRACE_SECONDS } = environment.parse(process.env);
  const script = resolve(FUNCTION_HOST_SCRIPT ?? z.object({ main: z.string() }).parse(readJson('package.json')).main);
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) settings[name] = value;
  return startFunctionHost({
    ...{ script, settings, hostJson: readJson('host.json'), graceMs: FUNCTION_HOST_GRACE_SECONDS * 1000 },
    port: FUNCTION_HOST_PORT ?? (await freePort(7071)),
  });
}

/** Calls back when the parent is gone, in whatever way it went: the operating system then closes the pipe or channel it held. */
function onParentGone(callback: () => void): void {
  if (process.connected) process.once('disconnect', callback);
  const stdin = fstatSync(0);
  // Only a pipe says something: a terminal stays open, and /dev/null has ended from the start.
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.once('end', callback).once('error', callback).resume();
}

// A dead parent reads no output, which must not keep the host from stopping properly.
process.stdout.on('error', () => undefined);
process.on('uncaughtException', (error) => fail('Uncaught exception in the function app', error));

const starting = start();
let stopping = false;
const stop = () => {
  if (stopping) return;
  stopping = true;
  void starting.then((host) => host.stop()).then(() => process.exit(0));
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
onParentGone(stop);
starting.then(
  ({ port, functions }) => writeJsonLine({ event: 'ready', port, functions }),
  (error: unknown) => fail('The function app did not start', error),
);
