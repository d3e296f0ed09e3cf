import type { Clock, Telemetry } from '../domain/ports';
import { httpDateMs } from './retryAfter';

const tolerableMs = 30_000;

/** How far the clocks of the servers are from ours, by their Date headers; a clock that is more than 30 s off is reported once per change. */
export class ServerClocks {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #offsets = new Map<string, number>();
  readonly #reported = new Map<string, number>();

  constructor(clock: Clock, telemetry: Telemetry) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** Notes the Date header of an answer that has just arrived. */
  note(origin: string, date: string | undefined): void {
    const serverMs = httpDateMs(date ?? '');
    if (Number.isNaN(serverMs)) return;
    // The header has whole seconds: on average it is half a second behind.
    const offset = serverMs + 500 - this.#clock.now().getTime();
    this.#offsets.set(origin, offset);
    const before = this.#reported.get(origin) ?? 0;
    const changed = Math.abs(offset - before) > tolerableMs;
    const off = Math.abs(offset) > tolerableMs;
    if (off && changed) {
      this.#reported.set(origin, offset);
      this.#telemetry.event('clockSkew', 'warning', { host: new URL(origin).host, offsetSeconds: Math.round(offset / 1_000) });
    } else if (!off) this.#reported.delete(origin);
  }

  /** Server time minus ours, in ms, as of the newest answer; 0 when there was none. */
  offsetMs(origin: string): number {
    return this.#offsets.get(origin) ?? 0;
  }
}
