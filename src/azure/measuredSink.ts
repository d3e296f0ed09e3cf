import type { Meter, Sink } from '../domain/ports';

/** The sink, with the time that each write takes measured by hub and outcome. `nowMs` is a clock that only runs forward. */
export function measuredSink(sink: Sink, meter: Meter, nowMs: () => number): Sink {
  return {
    ...sink,
    write: async (events, signal) => {
      const began = nowMs();
      let outcome: 'ok' | 'failed' = 'failed';
      try {
        await sink.write(events, signal);
        outcome = 'ok';
      } finally {
        meter.measure('hubSendMs', nowMs() - began, { hub: events[0]?.hub, outcome });
      }
    },
  };
}
