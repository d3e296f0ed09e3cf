import type { Telemetry } from '../domain/ports';
import type { ReadNote } from '../domain/source';

/** Tells the operator what was odd about a read, as an event of its own name: alerts read names. */
export function tellNote(telemetry: Telemetry, note: ReadNote, of: { readonly tenant: string; readonly source: string }): void {
  switch (note) {
    case 'deltaResync':
      return telemetry.event('deltaResync', 'info', of);
    case 'queryDegraded':
      return telemetry.event('queryDegraded', 'warning', of);
    case 'filterIgnored':
      return telemetry.event('filterIgnored', 'warning', of);
    case 'partialResult':
      return telemetry.event('partialResult', 'warning', of);
  }
}
