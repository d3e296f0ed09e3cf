interface MetricFacts {
  readonly unit: 'ms';
  readonly what: string;
}

/** What is measured too often for a line each: it is summed up in the process and told once a minute. */
export const metrics = {
  requestMs: { unit: 'ms', what: 'From sending a request to Microsoft to the head of its answer.' },
  hubSendMs: { unit: 'ms', what: 'From handing a batch to Event Hubs to its acknowledgement.' },
  queueWaitMs: { unit: 'ms', what: 'From putting a message on a queue to a worker taking it.' },
} as const satisfies Readonly<Record<string, MetricFacts>>;

/** The name of a metric. */
export type MetricName = keyof typeof metrics;

/** What a measurement is told apart by; never anything of a record. */
export interface MetricDimensions {
  readonly tenant?: string | undefined;
  readonly api?: string | undefined;
  readonly hub?: string | undefined;
  readonly queue?: string | undefined;
  readonly outcome?: 'ok' | 'throttled' | 'failed' | undefined;
}
