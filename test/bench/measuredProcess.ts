import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Usage } from './meter';

/** A process whose use of the machine is measured from within. */
export interface MeasuredProcess {
  readonly measure: () => Promise<Usage>;
  /** Says a word to the script. */
  readonly say: (word: string) => void;
  /** Ends it and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

export interface MeasuredProcessOptions {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** More options for Node, such as --cpu-prof. */
  readonly nodeOptions?: readonly string[];
  /** Told every line of standard output. */
  readonly onLine: (line: string) => void;
  /** Told when it ends without having been asked to, with the last it said on standard error. */
  readonly onDeath: (error: Error) => void;
}

const endWithinMs = 40_000;
const complaintLines = 30;

/** Starts a script of dist/ with the meter in front of it. */
export function startMeasured(options: MeasuredProcessOptions): MeasuredProcess {
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), '--require', './dist/benchMeter.js', options.script], {
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let stopping = false;
  const complaints: string[] = [];
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('error', options.onDeath);
  child.once('exit', (code, signal) => {
    if (stopping) return;
    options.onDeath(new Error(`${options.script} ended by itself (${signal ?? code ?? 'unknown'}).\n${complaints.join('\n')}`));
  });
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', options.onLine);
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => {
      complaints.push(line);
      complaints.splice(0, complaints.length - complaintLines);
    });
  return {
    measure: () =>
      new Promise((resolve, reject) => {
        child.once('message', (message) => resolve((message as { usage: Usage }).usage));
        child.send('measure', (error) => {
          if (error !== null) reject(error);
        });
      }),
    say: (word) => void child.send(word),
    stop: async () => {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const killing = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
      await ended;
      clearTimeout(killing);
    },
  };
}
