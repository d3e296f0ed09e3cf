import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { WorkerAnswer, WorkerOrder } from './crashWorker';

type Compose = Extract<WorkerOrder, { kind: 'compose' }>;

const answerWithinMs = 110_000;

/** Bundles the worker once, so that each process starts in a moment. */
export async function bundleWorker(folder: string): Promise<string> {
  const outfile = join(folder, 'crashWorker.cjs');
  await build({
    entryPoints: [join(__dirname, 'crashWorker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['@azure/functions-core'],
    logLevel: 'warning',
  });
  return outfile;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The connector in a process of its own. It is killed, at the latest, when the test ends. */
export class WorkerProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The most memory it had until it answered last. */
  peakBytes = 0;
  #errors = '';
  #onAnswer: ((answer: WorkerAnswer) => void) | undefined;

  private constructor(bundle: string, caFile: string, onLine: (severity: string, line: string) => void) {
    this.child = fork(bundle, { silent: true, execArgv: [], env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile } });
    const killWithParent = (): boolean => this.child.kill('SIGKILL');
    process.once('exit', killWithParent);
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code, signal) => {
        process.off('exit', killWithParent);
        resolve({ code, signal });
      }),
    );
    this.child.on('message', (answer: WorkerAnswer) => this.#onAnswer?.(answer));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    if (this.child.stdout !== null)
      createInterface({ input: this.child.stdout }).on('line', (text) => {
        const { severity, line } = JSON.parse(text) as { severity: string; line: string };
        onLine(severity, line);
      });
  }

  static async start(
    how: { readonly bundle: string; readonly caFile: string; readonly onLine: (severity: string, line: string) => void },
    order: Omit<Compose, 'kind'>,
  ): Promise<WorkerProcess> {
    const worker = new WorkerProcess(how.bundle, how.caFile, how.onLine);
    await worker.#tell({ kind: 'compose', ...order });
    return worker;
  }

  /** Lets it do what is due. Rejects when it ends meanwhile. */
  async round(): Promise<void> {
    await this.#tell({ kind: 'round' });
  }

  /** Tells it to do what is due, and returns how it ended; when it survives that, it is told to stop. */
  async lastRound(): Promise<Ended> {
    await this.round().then(
      () => this.child.kill('SIGTERM'),
      () => undefined,
    );
    return this.ended;
  }

  /** Begins a round without waiting for its end. */
  beginRound(): void {
    this.child.send({ kind: 'round' } satisfies WorkerOrder);
  }

  async stop(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    return this.ended;
  }

  async #tell(order: WorkerOrder): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (what: string) => () => reject(new Error(`The worker process ${what}. ${this.#errors}`));
      const late = setTimeout(failed(`did not answer within ${answerWithinMs / 1_000} s`), answerWithinMs);
      void this.ended.then(failed('has ended'));
      this.#onAnswer = ({ peakBytes }) => {
        clearTimeout(late);
        this.peakBytes = peakBytes;
        resolve();
      };
      void this.ended.then(() => clearTimeout(late));
      this.child.send(order);
    });
  }
}
