import type { Telemetry } from '../domain/ports';
import type { ReadNote } from '../domain/source';

/** Tells the operator what was odd about a read, as an event of its own name: alerts read names. */
export function tellNote(telemetry: Telemetry, note: ReadNote, of: { readonly tenant: string; readonly source: string }): void {
  switch (note) {
    case 'deltaResync': {
      telemetry.event('deltaResync', 'info', of);
      return;
    }
    case 'queryDegraded': {
      telemetry.event('queryDegraded', 'warning', of);
      return;
    }
    case 'filterIgnored': {
      telemetry.event('filterIgnored', 'warning', of);
      return;
    }
    case 'partialResult': {
      telemetry.event('partialResult', 'warning', of);
      return;
    }
  }
}
