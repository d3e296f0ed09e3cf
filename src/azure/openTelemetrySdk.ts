import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { metrics } from '../domain/metrics';
import type { MetricName } from '../domain/metrics';
import type { Severity } from '../domain/ports';

/** Where telemetry goes besides the log of the host: an OTLP endpoint over HTTP. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export interface OtlpTarget {
  /** The base address, without `/v1/logs`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What is left of the OpenTelemetry libraries for the rest of the connector. */
export interface OtlpClients {
  readonly log: (name: string, severity: Severity, attributes: Attributes, at: Date) => void;
  readonly measure: (metric: MetricName, value: number, attributes: Attributes) => void;
  readonly close: () => Promise<void>;
}

const severities = { info: SeverityNumber.INFO, warning: SeverityNumber.WARN, error: SeverityNumber.ERROR };
const exportWithinMs = 10_000;
const exportEveryMs = 60_000;
const serviceName = 'microsoft-365-security-connector';

interface Exporter<Items, Result extends { readonly code: number; readonly error?: Error }> {
  readonly export: (items: Items, done: (result: Result) => void) => void;
}

/** Made once for a process; a separate file, so that the libraries are loaded by those who want them only. */
export function otlpClients({ url, headers }: OtlpTarget, onLost: (reason: string) => void): OtlpClients {
  const resource = resourceFromAttributes({ 'service.name': serviceName });
  const common = { headers: { ...headers }, timeoutMillis: exportWithinMs };
  const logExporter = watched(new OTLPLogExporter({ ...common, url: `${url}/v1/logs` }), onLost);
  const metricExporter = watched(new OTLPMetricExporter({ ...common, url: `${url}/v1/metrics` }), onLost);
  const processor = new BatchLogRecordProcessor({ exporter: logExporter });
  const loggers = new LoggerProvider({ resource, processors: [processor] });
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: exportEveryMs,
    exportTimeoutMillis: exportWithinMs,
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  const logger = loggers.getLogger(serviceName);
  const meter = meters.getMeter(serviceName);
  const instruments = new Map(
    Object.entries(metrics).map(([name, { unit, what }]) => [name, meter.createHistogram(name, { unit, description: what })]),
  );
  return {
    log: (eventName, severity, attributes, at) =>
      logger.emit({
        eventName,
        body: eventName,
        timestamp: at,
        severityNumber: severities[severity],
        severityText: severity,
        attributes: withValues(attributes),
      }),
    measure: (metric, value, attributes) => instruments.get(metric)?.record(value, withValues(attributes)),
    close: async () => {
      await Promise.all([loggers.shutdown(), meters.shutdown()]);
    },
  };
}

function withValues(attributes: Attributes): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** The libraries only log what they could not send, to a log that is off. */
function watched<Items, Result extends { readonly code: number; readonly error?: Error }, E extends Exporter<Items, Result>>(
  exporter: E & Exporter<Items, Result>,
  onLost: (reason: string) => void,
): E {
  const send = exporter.export.bind(exporter);
  return Object.assign(exporter, {
    export: (items: Items, done: (result: Result) => void) =>
      send(items, (result) => {
        if (result.code !== 0) onLost(result.error?.message ?? 'unknown');
        done(result);
      }),
  });
}
