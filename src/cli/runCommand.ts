import { inWords } from '../app/tenants';
import { SettingsError } from '../settings';

/** Where a command writes: one JSON object with --json, sentences without; progress always goes to standard error. */
export interface Output {
  readonly progress: (sentence: string) => void;
  readonly progressLine: (severity: string, line: string) => void;
  readonly text: (text: string) => void;
  readonly result: (json: Readonly<Record<string, unknown>>, text: string) => void;
}

/**
 * Runs a command: Ctrl+C aborts its signal, failures are told in words with a next step, and the exit code is 0 when it worked, 1 when Microsoft or Azure
 * refused, 2 when what was given cannot be right. Bugs keep their stack.
 */
export async function runCommand(json: boolean, command: (output: Output, signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const write = (stream: NodeJS.WriteStream, text: string): void => void stream.write(`${text}\n`);
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
      process.exitCode = 130;
      return;
    }
    const words = error instanceof SettingsError ? { title: error.message, nextStep: 'See docs/settings.md.' } : inWords(error);
    if (words === undefined) throw error;
    if (json) write(process.stdout, JSON.stringify({ ok: false, error: words.title, nextStep: words.nextStep }));
    else write(process.stderr, `${words.title}\n${words.nextStep}`);
    process.exitCode = error instanceof Error && (error.name === 'InputError' || error instanceof SettingsError) ? 2 : 1;
  }
}
