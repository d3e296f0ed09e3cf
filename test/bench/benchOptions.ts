import { parseArgs } from 'node:util';
import type { Plant } from './deliveryCheck';

/** What is measured: throughput against the baseline, memory over a growing backlog, many tenants at once, a directory read over Graph, or how long a fresh process takes to be ready. */
type Measurement = 'throughput' | 'memory' | 'scale' | 'cold' | 'graph';

/** What `npm run bench` was asked for. */
export interface BenchOptions {
  readonly measurement: Measurement;
  readonly records: readonly number[];
  readonly latencyMs: readonly number[];
  readonly throttlePercent: readonly number[];
  readonly repeat: number;
  readonly json: boolean;
  readonly plant: Plant | undefined;
  readonly scale: ScaleOptions;
  /** Where certificates are kept; everything else is in memory. */
  readonly folder: string;
}

/** How large the scale measurement is. */
export interface ScaleOptions {
  readonly tenants: number;
  readonly backlog: number;
  readonly seconds: number;
  readonly pollSeconds: number;
}

/** The help text of `npm run bench`. */
export const benchHelp = `Measures the connector on the local stack. The connector, the baseline and storage run in processes of their own; only the one that is measured is counted.

  npm run bench                      download, split, ledger, hub: the connector against what an ordinary connector does
  npm run bench -- memory            peak memory of the connector at 500,000 and 2,000,000 records
  npm run bench -- scale             1,000 tenants x 5 sources, mostly idle, one with a backlog of a million records
  npm run bench -- graph             a directory of 50,000 users read over Graph, against what an ordinary connector does
  npm run bench -- cold              from the start of a process to all functions being registered, over bare Node

  --records N[,N]      size of the backlog (default 100000,500000; memory: 500000,2000000; graph: 50000)
  --latency MS[,MS]    added to every answer of Microsoft 365 (default 0,50)
  --throttle P[,P]     percent of requests that are answered 429, with Retry-After: 1 (default 0,5)
  --repeat N           runs of each case, connector and baseline in alternating order; medians are shown (default 1)
  --tenants N  --backlog N  --seconds N  --poll SECONDS
                       scale: how many tenants, the backlog of one of them, how long it is measured, and how often each source
                       is polled (default 1000, 1000000, 240 and 300)
  --quick              one small case, to see that it works
  --plant WHAT         spoils one delivered record (drop, alter or double), to see that the checks notice
  --json               the last line is one JSON object with all results
  --data DIR           keeps the certificates of the local stack there (default .local/bench)

The exit code is 0 only when everything that was served was delivered, byte for byte, and a second poll of unchanged data sent nothing.
`;

/** Thrown for options that cannot be right; the message says what and gives an example. */
export class BenchOptionError extends Error {}

function wholes(name: string, text: string | undefined, least: number, most: number): number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split(',').map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  if (numbers.every((number) => number >= least && number <= most)) return numbers;
  throw new BenchOptionError(
    `--${name} takes whole numbers from ${least} to ${most}, for example --${name} ${Math.max(least, 5)}.`,
  );
}

function whole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  const [first, second] = wholes(name, text, least, most) ?? [];
  if (second !== undefined) throw new BenchOptionError(`--${name} takes one number.`);
  return first;
}

function isMeasurement(text: string): text is Measurement {
  return ['throughput', 'memory', 'scale', 'cold', 'graph'].includes(text);
}

function isPlant(text: string): text is Plant {
  return ['drop', 'alter', 'double'].includes(text);
}

const usual: Readonly<Record<Measurement, Pick<BenchOptions, 'records' | 'latencyMs' | 'throttlePercent'>>> = {
  throughput: { records: [100_000, 500_000], latencyMs: [0, 50], throttlePercent: [0, 5] },
  memory: { records: [500_000, 2_000_000], latencyMs: [0], throttlePercent: [0] },
  scale: { records: [], latencyMs: [0], throttlePercent: [0] },
  cold: { records: [], latencyMs: [0], throttlePercent: [0] },
  graph: { records: [50_000], latencyMs: [0], throttlePercent: [0] },
};

const quickRecords = 3_000;
const usualScale: ScaleOptions = { tenants: 1_000, backlog: 1_000_000, seconds: 240, pollSeconds: 300 };
const quickScale: ScaleOptions = { tenants: 10, backlog: 3_000, seconds: 15, pollSeconds: 5 };

/** Reads the options; undefined when help was asked for. Throws a BenchOptionError. */
export function readBenchOptions(words: readonly string[]): BenchOptions | undefined {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        records: { type: 'string' },
        latency: { type: 'string' },
        throttle: { type: 'string' },
        repeat: { type: 'string' },
        tenants: { type: 'string' },
        backlog: { type: 'string' },
        seconds: { type: 'string' },
        poll: { type: 'string' },
        plant: { type: 'string' },
        data: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new BenchOptionError(
      `${error instanceof Error ? error.message : 'The options cannot be read.'} See npm run bench -- --help`,
    );
  }
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  const [measurement = 'throughput', ...more] = positionals;
  if (!isMeasurement(measurement) || more.length > 0)
    throw new BenchOptionError(
      `There is no benchmark "${positionals.join(' ')}". Known: throughput, memory, scale, cold, graph.`,
    );
  const { plant } = values;
  if (plant !== undefined && !isPlant(plant)) throw new BenchOptionError('--plant takes drop, alter or double.');
  const quick = values.quick ?? false;
  const cases = quick ? { records: [quickRecords], latencyMs: [0], throttlePercent: [0] } : usual[measurement];
  const scale = quick ? quickScale : usualScale;
  return {
    measurement,
    records: wholes('records', values.records, 100, 20_000_000) ?? cases.records,
    latencyMs: wholes('latency', values.latency, 0, 10_000) ?? cases.latencyMs,
    throttlePercent: wholes('throttle', values.throttle, 0, 50) ?? cases.throttlePercent,
    repeat: whole('repeat', values.repeat, 1, 100) ?? 1,
    json: values.json ?? false,
    plant,
    scale: {
      tenants: whole('tenants', values.tenants, 2, 10_000) ?? scale.tenants,
      backlog: whole('backlog', values.backlog, 100, 20_000_000) ?? scale.backlog,
      seconds: whole('seconds', values.seconds, 5, 3_600) ?? scale.seconds,
      pollSeconds: whole('poll', values.poll, 1, 3_600) ?? scale.pollSeconds,
    },
    folder: values.data ?? '.local/bench',
  };
}
