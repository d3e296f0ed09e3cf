import { inWords } from '../app/tenants';
import { SettingsError } from '../settings';

/** Where a command writes: one JSON object with --json, sentences without; progress always goes to standard error. */
export interface Output {
  readonly progress: (sentence: string) => void;
  readonly progressLine: (severity: string, line: string) => void;
  readonly text: (text: string | Uint8Array) => void;
  readonly result: (json: Readonly<Record<string, unknown>>, text: string) => void;
}

const write = (stream: NodeJS.WriteStream, text: string | Uint8Array): void => {
  stream.write(typeof text === 'string' ? `${text}\n` : Buffer.concat([text, Buffer.from('\n')]));
};

/**
 * Runs a command: Ctrl+C aborts its signal, failures are told in words with a next step, and the exit code is 0 when it worked, 1 when Microsoft or Azure
 * refused, 2 when what was given cannot be right. With --json the last line of standard output is one object, however it ends. Bugs keep their stack.
 */
export async function runCommand(json: boolean, command: (output: Output, signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  // Whoever reads the output may have had enough of it, as `| head` has.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stop.abort();
  });
  const output: Output = {
    progress: (sentence) => write(process.stderr, sentence),
    progressLine: (severity, line) => {
      if (severity === 'error') write(process.stderr, line);
    },
    text: (text) => write(process.stdout, text),
    result: (object, text) => write(process.stdout, json ? JSON.stringify({ ok: true, ...object }) : text),
  };
  try {
    await command(output, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) {
      if (json)
        write(process.stdout, JSON.stringify({ ok: false, error: 'Stopped before it was done.', nextStep: 'Run it again.' }));
      process.exitCode = 130;
      return;
    }
    tell(error, json);
  } finally {
    await written(process.stdout);
    await written(process.stderr);
    // The Event Hubs SDK may leave a timer behind that renews the token of a link it gave up; nobody waits for that.
    process.exit();
  }
}

/** Resolves when all that was written before has left the process, or nobody reads it any more. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writable) return;
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

function tell(error: unknown, json: boolean): void {
  const settings = error instanceof SettingsError;
  const words = settings
    ? { title: error.message, nextStep: 'docs/settings.md explains them. To use the local stack, start it first: npm start' }
    : inWords(error);
  const isInput = settings || (error instanceof Error && error.name === 'InputError');
  process.exitCode = isInput ? 2 : 1;
  if (words === undefined) write(process.stderr, error instanceof Error ? (error.stack ?? error.message) : String(error));
  const { title, nextStep } = words ?? {
    title: 'This is a fault of the connector.',
    nextStep: 'Report it with what standard error says.',
  };
  if (json) {
    const problems = settings ? { problems: error.problems } : {};
    write(process.stdout, JSON.stringify({ ok: false, error: title, nextStep, ...problems }));
  } else write(process.stderr, `${title}\n${nextStep}`);
}
