import { writeSync } from 'node:fs';
import type { CollectPorts } from '../../src/app/collectPorts';
import type { Connector } from '../../src/composition';
import type { Around } from './aroundPorts';
import { nested } from './aroundPorts';
import { CollectQueueHost } from './collectQueueHost';
import { composeOnClock } from './composeOnClock';
import { DurableSteps, killNow } from './durableSteps';
import type { StepPosition } from './durableSteps';
import { IoClock, timeFile } from './ioClock';
import { peakMemoryBytes } from './peakMemory';

/** What a worker process is told: first who it is, then, round after round, to do what is due. */
export type WorkerOrder =
  | {
      readonly kind: 'compose';
      readonly environment: Readonly<Record<string, string>>;
      readonly timeFile: string;
      readonly sources: readonly string[];
      /** Kills the process at the nth time it comes to this durable step. */
      readonly killAt?: { readonly step: string; readonly nth: number; readonly position: StepPosition };
      /** Kills the process when so many units of a list are in the ledger, and the others are not. */
      readonly killAfterEnlisting?: number;
      /** Stops the process, until it is told to continue, in front of this durable step. */
      readonly stopBefore?: string;
      /** How long each write to the hub takes, by the clock. */
      readonly writesTakeMs?: number;
    }
  | { readonly kind: 'round' };

/** What a worker process answers when it is ready, and when a round is over: the most memory it ever had, in bytes. */
export interface WorkerAnswer {
  readonly peakBytes: number;
}

const signal = new AbortController().signal;
const host = { log: () => undefined };
let connector: Connector | undefined;
let clock: IoClock | undefined;
let queue: CollectQueueHost | undefined;
let steps: DurableSteps | undefined;
let stopping = false;

function answer(): void {
  process.send?.({ peakBytes: peakMemoryBytes() } satisfies WorkerAnswer);
}

function begin(order: Extract<WorkerOrder, { kind: 'compose' }>): void {
  const { environment, sources, killAt, killAfterEnlisting, writesTakeMs, stopBefore } = order;
  clock = new IoClock(timeFile(order.timeFile));
  steps = new DurableSteps(killAt, stopBefore);
  connector = composeOnClock(environment, {
    clock,
    sources,
    ...(killAfterEnlisting === undefined ? {} : { ports: (real) => dyingLedger(real, killAfterEnlisting) }),
    around: nested(slowWrites(clock, writesTakeMs), steps.around),
    // Synchronous, so that what was logged before a kill is not lost.
    log: (severity, line) => writeSync(1, `${JSON.stringify({ severity, line })}\n`),
  });
  queue = new CollectQueueHost(environment['AzureWebJobsStorage'] ?? '', environment['STORAGE_PREFIX'] ?? '');
}

function dyingLedger({ ledger }: CollectPorts, units: number): Partial<CollectPorts> {
  const enlist: CollectPorts['ledger']['enlist'] = async (scope, all, now, until) => {
    const rows = await ledger.enlist(scope, all.slice(0, units), now, until);
    return all.length > units ? killNow() : rows;
  };
  return { ledger: { ...ledger, enlist } };
}

function slowWrites(on: IoClock, ms: number | undefined): Around {
  return async (call, go) => {
    if (ms !== undefined && call.name === 'sink.write') await on.sleep(ms, signal);
    return go();
  };
}

async function round(): Promise<void> {
  if (connector === undefined || clock === undefined || queue === undefined) throw new Error('A round before the order.');
  const [on, own] = [clock, connector];
  await on.run(own.schedule(host));
  await queue.drain(own, async (work) => on.run(work));
  steps?.roundIsOver();
  answer();
}

async function obey(order: WorkerOrder): Promise<void> {
  if (order.kind === 'round') return round();
  begin(order);
  answer();
}

process.on('message', (order: WorkerOrder) => {
  obey(order).catch((error: unknown) => {
    // What is cut short by the end is not a fault.
    if (stopping) return;
    writeSync(2, `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
});

// As the functions do when the host tells them to stop.
process.on('SIGTERM', () => {
  stopping = true;
  const stopped = connector === undefined ? Promise.resolve() : connector.stop();
  void (clock?.run(stopped) ?? stopped).finally(() => process.exit(0));
});
