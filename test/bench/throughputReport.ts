import type { Collector, RunResult } from './throughput';

/** The runs of one case; connector and baseline in pairs when there is a baseline. */
export interface Case {
  readonly records: number;
  readonly latencyMs: number;
  readonly throttlePercent: number;
  readonly connector: readonly RunResult[];
  readonly baseline: readonly RunResult[];
}

/** The figures of a case: medians, and the median of the ratios pair by pair. */
export interface CaseSummary {
  readonly records: number;
  readonly latencyMs: number;
  readonly throttlePercent: number;
  readonly connector: Figures;
  readonly baseline: Figures | undefined;
  /** CPU seconds of the baseline for one of the connector, while collecting. */
  readonly cpuRatio: number | undefined;
  readonly ok: boolean;
}

interface Figures {
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly wholeCpuSecondsPerMillion: number;
  readonly peakRssMegabytes: number;
  /** Percent of the records whose bytes arrived otherwise than they were published. */
  readonly alteredPercent: number;
}

/** The middle value; of two, their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

function figuresOf(runs: readonly RunResult[]): Figures {
  const of = (pick: (run: RunResult) => number): number => median(runs.map(pick));
  return {
    recordsPerSecond: of((run) => run.recordsPerSecond),
    cpuSecondsPerMillion: of((run) => run.cpuSecondsPerMillion),
    wholeCpuSecondsPerMillion: of((run) => run.wholeCpuSecondsPerMillion),
    peakRssMegabytes: of((run) => run.peakRssBytes / 1e6),
    alteredPercent: of((run) => (100 * run.delivery.altered) / run.records),
  };
}

/** Sums up the runs of a case. */
export function summarise({ connector, baseline, ...facts }: Case): CaseSummary {
  const ratios = connector.flatMap((run, index) => {
    const other = baseline[index];
    return other === undefined ? [] : [other.cpuSecondsPerMillion / run.cpuSecondsPerMillion];
  });
  return {
    records: facts.records,
    latencyMs: facts.latencyMs,
    throttlePercent: facts.throttlePercent,
    connector: figuresOf(connector),
    baseline: baseline.length === 0 ? undefined : figuresOf(baseline),
    cpuRatio: ratios.length === 0 ? undefined : median(ratios),
    ok: [...connector, ...baseline].every(({ ok }) => ok),
  };
}

const header = [
  ...['records', 'latency', '429s', '', 'records/s'],
  ...['CPU s/million', 'whole process', 'peak RSS', 'CPU ratio', 'delivered = served'],
];

function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** The summaries as a table for a terminal; also valid Markdown. */
export function renderCases(cases: readonly CaseSummary[]): string {
  const rows = cases.flatMap((summary) => {
    const row = (name: Collector, figures: Figures, ratio: string): string[] => [
      ...[count(summary.records), `${summary.latencyMs} ms`, `${summary.throttlePercent} %`, name],
      ...[count(figures.recordsPerSecond), figures.cpuSecondsPerMillion.toFixed(1), figures.wholeCpuSecondsPerMillion.toFixed(1)],
      ...[`${figures.peakRssMegabytes.toFixed(0)} MB`, ratio, verdictOf(summary, name, figures)],
    ];
    const { connector, baseline, cpuRatio } = summary;
    return [
      row('connector', connector, cpuRatio === undefined ? '' : `${cpuRatio.toFixed(2)}x less`),
      ...(baseline === undefined ? [] : [row('baseline', baseline, '')]),
    ];
  });
  return renderTable(header, rows);
}

function verdictOf({ ok }: CaseSummary, name: Collector, { alteredPercent }: Figures): string {
  if (!ok) return 'NO, see above';
  return name === 'connector' ? 'yes, byte for byte' : `yes, ${alteredPercent.toFixed(0)} % altered`;
}

/** A table in Markdown, with columns of one width. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** What is wrong with a run, in words; nothing when it is right. */
export function complaintsOf({ collector, delivery, sentAgain }: RunResult): string[] {
  const { missing, duplicates, altered, unknown } = delivery;
  const found: [number, string][] = [
    [missing, 'missing'],
    [duplicates, 'delivered more than once'],
    [unknown, 'never published'],
    ...(collector === 'connector' ? [[altered, 'not byte-identical'] as [number, string]] : []),
    [sentAgain ?? 0, 'sent again by a second poll of unchanged data (events)'],
  ];
  return found.flatMap(([number, words]) => (number === 0 ? [] : [`${collector}: ${count(number)} ${words}`]));
}
