import { mkdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { BenchOptionError, benchHelp, readBenchOptions } from './benchOptions';
import type { BenchOptions } from './benchOptions';
import { renderCold, runCold } from './cold';
import { renderGraph, runGraph } from './graph';
import type { GraphResult } from './graph';
import { renderScale, runScale } from './scale';
import { runOnce } from './throughput';
import type { Collector, RunResult } from './throughput';
import { complaintsOf, renderCases, summarise } from './throughputReport';
import type { CaseSummary } from './throughputReport';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** What issue and design ask for, at 500,000 records, without latency and throttling. */
const targets = { records: 500_000, cpuSecondsPerMillion: 20, cpuRatio: 2, peakRssMegabytes: 250 };

class Progress {
  readonly #name: string;
  readonly #total: number;
  #saidAt = performance.now();

  constructor(name: string, total: number) {
    this.#name = name;
    this.#total = total;
    say(`${name} …`);
  }

  show(arrived: number): void {
    const everyMs = process.stderr.isTTY ? 1_000 : 10_000;
    if (performance.now() - this.#saidAt < everyMs) return;
    this.#saidAt = performance.now();
    say(`${this.#name}: ${Math.floor((100 * arrived) / this.#total)} %`);
  }
}

async function measure(options: BenchOptions, collector: Collector, facts: Facts): Promise<RunResult> {
  const { records, latencyMs, throttlePercent } = facts;
  const name = `${collector}, ${records} records, ${latencyMs} ms, ${throttlePercent} % throttled`;
  const progress = new Progress(name, records);
  const plant = collector === 'connector' ? options.plant : undefined;
  const run = await runOnce({
    collector,
    ...facts,
    folder: options.folder,
    plant,
    onProgress: (arrived) => progress.show(arrived),
  });
  say(
    `${name}: ${Math.round(run.recordsPerSecond)} records/s, ${run.cpuSecondsPerMillion.toFixed(1)} CPU s per million, ` +
      `${Math.round(run.peakRssBytes / 1e6)} MB`,
  );
  for (const complaint of complaintsOf(run)) say(`  ${complaint}`);
  return run;
}

interface Facts {
  readonly records: number;
  readonly latencyMs: number;
  readonly throttlePercent: number;
}

async function measureCase(options: BenchOptions, facts: Facts): Promise<CaseSummary> {
  const runs: Record<Collector, RunResult[]> = { connector: [], baseline: [] };
  for (let round = 0; round < options.repeat; round += 1) {
    // Whoever comes second may find a warmer machine, or a busier one.
    const order: Collector[] = round % 2 === 0 ? ['connector', 'baseline'] : ['baseline', 'connector'];
    for (const collector of options.measurement === 'memory' ? (['connector'] as const) : order)
      runs[collector].push(await measure(options, collector, facts));
  }
  return summarise({ ...facts, ...runs });
}

function judge(cases: readonly CaseSummary[]): string[] {
  const wanted = cases.find((each) => each.records === targets.records && each.latencyMs === 0 && each.throttlePercent === 0);
  if (wanted === undefined) return [];
  const { connector, cpuRatio } = wanted;
  const line = (what: string, value: string, target: string, reached: boolean): string =>
    `${reached ? 'reached    ' : 'NOT REACHED'} ${what}: ${value} (wanted ${target})`;
  const { cpuSecondsPerMillion, peakRssMegabytes } = connector;
  return [
    `At ${targets.records} records:`,
    line(
      'CPU seconds per million records',
      cpuSecondsPerMillion.toFixed(1),
      `at most ${targets.cpuSecondsPerMillion}`,
      cpuSecondsPerMillion <= targets.cpuSecondsPerMillion,
    ),
    ...(cpuRatio === undefined
      ? []
      : [
          line(
            'less CPU than the baseline',
            `${cpuRatio.toFixed(2)}x`,
            `at least ${targets.cpuRatio}x`,
            cpuRatio >= targets.cpuRatio,
          ),
        ]),
    line(
      'peak memory',
      `${peakRssMegabytes.toFixed(0)} MB`,
      `at most ${targets.peakRssMegabytes} MB`,
      peakRssMegabytes <= targets.peakRssMegabytes,
    ),
  ];
}

async function run(options: BenchOptions): Promise<boolean> {
  mkdirSync(options.folder, { recursive: true });
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryMegabytes: Math.round(totalmem() / 1e6),
    node: process.version,
  };
  if (options.measurement === 'scale') {
    const result = await runScale({ ...options.scale, folder: options.folder, plant: options.plant }, say);
    console.log(renderScale(result));
    if (options.json) console.log(JSON.stringify({ measurement: 'scale', ok: result.ok, machine, result }));
    return result.ok;
  }
  if (options.measurement === 'cold') {
    const result = await runCold(Math.max(options.repeat, 15), say);
    console.log(renderCold(result));
    if (options.json) console.log(JSON.stringify({ measurement: 'cold', ok: result.ok, machine, result }));
    return result.ok;
  }
  if (options.measurement === 'graph') {
    const { folder, repeat, plant } = options;
    const results: GraphResult[] = [];
    for (const records of options.records) results.push(await runGraph({ records, folder, repeat, plant }, say));
    for (const result of results) console.log(renderGraph(result));
    const ok = results.every((result) => result.ok);
    console.log(ok ? 'Everything that was served was delivered.' : 'NOT EVERYTHING WAS DELIVERED AS IT WAS SERVED.');
    if (options.json) console.log(JSON.stringify({ measurement: 'graph', ok, machine, results }));
    return ok;
  }
  const cases: CaseSummary[] = [];
  for (const records of options.records)
    for (const latencyMs of options.latencyMs)
      for (const throttlePercent of options.throttlePercent)
        cases.push(await measureCase(options, { records, latencyMs, throttlePercent }));
  const ok = cases.every((each) => each.ok);
  console.log(`${machine.cpus} x ${machine.model}, Node ${machine.node}, median of ${options.repeat}\n`);
  console.log(renderCases(cases));
  console.log(
    [
      '',
      ...judge(cases),
      ok ? 'Everything that was served was delivered.' : 'NOT EVERYTHING WAS DELIVERED AS IT WAS SERVED.',
    ].join('\n'),
  );
  if (options.json) console.log(JSON.stringify({ measurement: options.measurement, ok, machine, repeat: options.repeat, cases }));
  return ok;
}

async function main(words: readonly string[]): Promise<number> {
  const options = readBenchOptions(words);
  if (options === undefined) {
    console.log(benchHelp);
    return 0;
  }
  return (await run(options)) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    say(
      error instanceof BenchOptionError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
    process.exit(error instanceof BenchOptionError ? 2 : 1);
  },
);
