import type { EventHubsEmulator } from './eventHubs/eventHubsEmulator';
import { renderLiveView, renderPlainLine, tellChanges } from './liveView';
import type { LiveState } from './liveView';
import type { OverviewReader, TenantOverview } from './overview';
import { RateMeter } from './rateMeter';

interface ScreenParts {
  readonly overview: OverviewReader;
  readonly hubs: Pick<EventHubsEmulator, 'counts'>;
  readonly hubNames: readonly string[];
  /** Shown in place, again and again; otherwise as lines. */
  readonly live: boolean;
  readonly startedAt: number;
  readonly forSeconds: number | undefined;
  readonly pages: string;
}

const plainEveryMs = 5_000;
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

/** Shows the state again and again: in place on a terminal, a line every five seconds elsewhere. */
export class Screen {
  readonly #parts: ScreenParts;
  readonly #rates = new RateMeter();
  #lines = 0;
  #plainAt = -Infinity;
  #latest: readonly TenantOverview[] = [];
  phase = 'collecting';

  constructor(parts: ScreenParts) {
    this.#parts = parts;
    if (!parts.live) return;
    process.stdout.write(hideCursor);
    process.stdout.on('resize', () => {
      // What was written before is broken differently now, so that nobody knows where it began.
      this.#lines = 0;
      process.stdout.write('\u001b[2J\u001b[H');
    });
  }

  /** The tenants as they were last read. */
  get latest(): readonly TenantOverview[] {
    return this.#latest;
  }

  /** Reads the state and shows it. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { overview, hubs, hubNames, live, startedAt, forSeconds, pages } = this.#parts;
    const before = this.#latest;
    this.#latest = await overview.read(signal);
    const now = Date.now();
    this.#rates.note(now, new Map(this.#latest.map((row) => [row.tenant.id, row.records])));
    const counts = hubNames.map((name) => hubs.counts(name));
    const state: LiveState = {
      startedAt,
      now,
      forSeconds,
      pages,
      phase: this.phase,
      tenants: this.#latest,
      recordsPerSecond: this.#rates.perSecond(),
      events: counts.reduce((sum, { events }) => sum + events, 0),
      bytes: counts.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    if (live) this.#draw(state);
    else this.#print(state, tellChanges(before, this.#latest));
  }

  /** Leaves the last picture where it is and gives the terminal back. */
  end(): void {
    if (this.#parts.live) process.stdout.write(showCursor);
  }

  #draw(state: LiveState): void {
    // A terminal that does not know its size says 0.
    const columns = process.stdout.columns || 80;
    const rows = process.stdout.rows || 24;
    const colour = (process.env['NO_COLOR'] ?? '') === '';
    const lines = renderLiveView(state, { columns, rows, colour });
    const up = this.#lines > 0 ? `\u001b[${this.#lines}F` : '';
    // In one write, each line over the old one: nothing flickers.
    process.stdout.write(`${up}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    this.#lines = lines.length;
  }

  #print(state: LiveState, changes: readonly string[]): void {
    for (const change of changes) process.stderr.write(`${change}\n`);
    if (state.now - this.#plainAt < plainEveryMs) return;
    this.#plainAt = state.now;
    process.stderr.write(`${renderPlainLine(state)}\n`);
  }
}
