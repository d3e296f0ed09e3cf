import type { MetricDimensions, MetricName } from '../domain/metrics';
import type { Clock, Meter, Telemetry } from '../domain/ports';

/** A meter that sums up, and tells when it is asked to. */
export interface SummingMeter extends Meter {
  /** Tells what was measured since the last time, if that is a minute ago or `always`. Called at the end of each invocation: a process that is frozen between two has no timers. */
  readonly tell: (always?: boolean) => void;
}

const tellEveryMs = 60_000;
// A process that asks for more tenants than this within a minute tells the rest together, so that its memory is bounded.
const seriesLimit = 2_000;
const bucketsPerDoubling = 4;

interface Series {
  readonly metric: MetricName;
  readonly dimensions: MetricDimensions;
  count: number;
  sum: number;
  most: number;
  /** How many values lie in each bucket; bucket n ends at 2^(n/4). */
  readonly buckets: Map<number, number>;
}

/** Sums measurements up by metric and dimensions, and tells each sum as one event `measured`; `also` gets each as it is. Percentiles are upper bounds, at most a fifth too high. */
export function summingMeter(telemetry: Telemetry, clock: Pick<Clock, 'now'>, also?: Meter): SummingMeter {
  let all = new Map<string, Series>();
  let toldAt = clock.now().getTime();

  const seriesOf = (metric: MetricName, dimensions: MetricDimensions): Series => {
    const { tenant = '', api = '', hub = '', queue = '', outcome = '' } = dimensions;
    const key = [metric, tenant, api, hub, queue, outcome].join('|');
    const present = all.get(key);
    if (present !== undefined) return present;
    if (all.size >= seriesLimit && tenant !== '') return seriesOf(metric, { ...dimensions, tenant: undefined });
    const made: Series = { metric, dimensions, count: 0, sum: 0, most: 0, buckets: new Map() };
    all.set(key, made);
    return made;
  };

  return {
    measure: (metric, value, dimensions) => {
      also?.measure(metric, value, dimensions);
      const counted = Number.isFinite(value) ? Math.max(0, value) : 0;
      const series = seriesOf(metric, dimensions);
      series.count += 1;
      series.sum += counted;
      series.most = Math.max(series.most, counted);
      const bucket = counted <= 1 ? 0 : Math.ceil(bucketsPerDoubling * Math.log2(counted));
      series.buckets.set(bucket, (series.buckets.get(bucket) ?? 0) + 1);
    },
    tell: (always = false) => {
      const now = clock.now().getTime();
      if (!always && now - toldAt < tellEveryMs) return;
      toldAt = now;
      const told = all;
      all = new Map();
      for (const series of told.values()) {
        const { metric, count } = series;
        const { tenant, api, hub, queue, outcome } = series.dimensions;
        telemetry.event('measured', 'info', {
          metric,
          tenant,
          api,
          hub,
          queue,
          outcome,
          count,
          sum: Math.round(series.sum),
          p50: percentile(series, 0.5),
          p95: percentile(series, 0.95),
          most: Math.round(series.most),
        });
      }
    },
  };
}

function percentile({ buckets, count, most }: Series, share: number): number {
  let seen = 0;
  for (const bucket of [...buckets.keys()].sort((a, b) => a - b)) {
    seen += buckets.get(bucket) ?? 0;
    if (seen >= count * share) return Math.round(Math.min(most, 2 ** (bucket / bucketsPerDoubling)));
  }
  return Math.round(most);
}
