import type { Clock, Meter, Severity, Telemetry } from '../domain/ports';
import type { OtlpClients, OtlpTarget } from './openTelemetrySdk';
import { redactFields } from './telemetry';

/** Telemetry and measurements that go to an OTLP endpoint. */
export interface OpenTelemetry {
  readonly telemetry: Telemetry;
  readonly meter: Meter;
  /** Sends what waits. Resolves after two seconds at the latest. */
  readonly close: () => Promise<void>;
}

const closeWithinMs = 2_000;

/**
 * Sends events as log records, with their fields as attributes, and measurements as histograms. The libraries are loaded only here. An endpoint that does not
 * answer never holds anything up: `onLost` is told, and the log of the host has the same events.
 */
export function openTelemetry(target: OtlpTarget, clock: Pick<Clock, 'now'>, onLost: (reason: string) => void): OpenTelemetry {
  const loading = import('./openTelemetrySdk').then(({ otlpClients }) => otlpClients(target, onLost));
  const use = (work: (clients: OtlpClients) => void): void => {
    loading.then(work).catch((error: unknown) => onLost(error instanceof Error ? error.message : 'not an error'));
  };
  return {
    telemetry: {
      event: (name: string, severity: Severity, fields = {}) => {
        const at = clock.now();
        const attributes = redactFields(fields);
        use(({ log }) => log(name, severity, attributes, at));
      },
    },
    meter: {
      measure: (metric, value, dimensions) => use(({ measure }) => measure(metric, value, { ...dimensions })),
    },
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeWithinMs)));
      try {
        await Promise.race([loading.then(async ({ close }) => close()).catch(() => undefined), enough]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Telemetry that goes to several places, in their order. */
export function telemetryToAll(places: readonly Telemetry[]): Telemetry {
  return {
    event: (name, severity, fields) => {
      for (const place of places) place.event(name, severity, fields);
    },
  };
}
