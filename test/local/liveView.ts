import type { StateName } from '../../src/domain/sourceState';
import type { TenantOverview } from './overview';

/** What the live view shows besides the tenants. */
export interface LiveState {
  readonly startedAt: number;
  readonly now: number;
  readonly phase: string;
  readonly tenants: readonly TenantOverview[];
  readonly recordsPerSecond: ReadonlyMap<string, number>;
  readonly events: number;
  readonly bytes: number;
  readonly connectionString: string;
}

const marks: Readonly<Record<StateName | 'notRunYet', string>> = {
  collecting: '●',
  catchingUp: '◐',
  waiting: '○',
  needsAttention: '✖',
  degraded: '▲',
  notAvailable: '–',
  paused: '‖',
  notRunYet: '·',
};

const colours: Readonly<Record<StateName | 'notRunYet', string>> = {
  collecting: '32',
  catchingUp: '34',
  waiting: '37',
  needsAttention: '31',
  degraded: '33',
  notAvailable: '90',
  paused: '90',
  notRunYet: '90',
};

const number = (value: number): string => value.toLocaleString('en-US');

/** A time span in the largest unit that says enough. */
function span(seconds: number | undefined): string {
  if (seconds === undefined) return '–';
  if (seconds < 120) return `< ${seconds} s`;
  if (seconds < 7_200) return `< ${Math.round(seconds / 60)} min`;
  return `< ${Math.round(seconds / 3_600)} h`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** The live view as lines of text; with colour for a terminal. */
export function renderLiveView(state: LiveState, width: number, colour: boolean): string[] {
  const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const seconds = Math.round((state.now - state.startedAt) / 1_000);
  const delivered = state.tenants.reduce((sum, { records }) => sum + records, 0);
  const rate = [...state.recordsPerSecond.values()].reduce((sum, value) => sum + value, 0);
  const nameWidth = Math.max(6, ...state.tenants.map(({ tenant }) => Math.min(24, tenant.name.length)));
  const head = `  ${'Tenant'.padEnd(nameWidth)}  ${'State'.padEnd(21)}  ${'Rec/s'.padStart(6)}  ${'Records'.padStart(9)}  ${'Late p95'.padStart(9)}  ${'Blobs delivered'.padStart(16)}  ${'Pend.'.padStart(5)}  ${'Gaps'.padStart(4)}`;
  const rows = state.tenants.flatMap((row) => {
    const line =
      `${cut(row.tenant.name, 24).padEnd(nameWidth)}  ${row.stateTitle.padEnd(21)}  ${number(Math.round(state.recordsPerSecond.get(row.tenant.id) ?? 0)).padStart(6)}  ` +
      `${number(row.records).padStart(9)}  ${span(row.latenessP95Seconds).padStart(9)}  ${`${number(row.delivered)} of ${number(row.listed)}`.padStart(16)}  ` +
      `${number(row.pending).padStart(5)}  ${number(row.gaps).padStart(4)}`;
    const why = row.why === '' ? [] : [paint('90', cut(`    ${row.why}`, width))];
    return [`${paint(colours[row.state], marks[row.state])} ${line}`, ...why];
  });
  return [
    paint('1', 'Microsoft 365 security connector') + paint('90', `  ${state.phase} · ${seconds} s`),
    '',
    paint('90', head),
    ...rows,
    '',
    `  ${number(delivered)} records in ${number(state.events)} events (${(state.bytes / 1e6).toFixed(1)} MB), ${number(Math.round(rate))} records/s`,
    paint('90', cut('  See records: npm run consume -- --hub m365-audit --from latest    Explain: npm run tenant -- doctor NAME    Stop: Ctrl+C', width)),
  ];
}

/** The same as one line, for where there is no terminal. */
export function renderPlainLine(state: LiveState): string {
  const seconds = Math.round((state.now - state.startedAt) / 1_000);
  const delivered = state.tenants.reduce((sum, { records }) => sum + records, 0);
  const pending = state.tenants.reduce((sum, row) => sum + row.pending, 0);
  const gaps = state.tenants.reduce((sum, row) => sum + row.gaps, 0);
  const rate = [...state.recordsPerSecond.values()].reduce((sum, value) => sum + value, 0);
  const states = [...Map.groupBy(state.tenants, ({ stateTitle }) => stateTitle)].map(([title, rows]) => `${rows.length} ${title}`).join(', ');
  return `${String(seconds).padStart(4)} s  ${state.phase}  ${number(delivered)} records delivered, ${number(Math.round(rate))}/s, ${pending} blobs pending, ${gaps} gaps · ${states}`;
}
