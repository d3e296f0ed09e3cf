import { shownStateTitles, worstFirst } from '../../src/app/explain';
import type { ShownState } from '../../src/app/explain';
import { cut, fit, span, widthOf, wrap } from '../../src/cli/table';
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
  /** How many seconds it runs in all, when it ends by itself. */
  readonly forSeconds?: number | undefined;
  /** The address of the operator's page. */
  readonly pages?: string | undefined;
}

/** The screen it is shown on. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const looks: Readonly<Record<ShownState, readonly [mark: string, colour: string]>> = {
  collecting: ['●', '32'],
  catchingUp: ['◐', '34'],
  waiting: ['○', '37'],
  needsAttention: ['✖', '31'],
  degraded: ['▲', '33'],
  notAvailable: ['–', '90'],
  disabled: ['–', '90'],
  paused: ['‖', '90'],
  notRunYet: ['·', '90'],
};

const urgent: readonly ShownState[] = ['needsAttention', 'degraded'];
const widestState = Math.max(...Object.values(shownStateTitles).map(widthOf));
const number = (value: number): string => value.toLocaleString('en-US');

interface Column {
  readonly head: string;
  readonly width: number;
  readonly text: (row: TenantOverview) => string;
}

function lagText({ lagSeconds }: TenantOverview): string {
  return lagSeconds === undefined ? '–' : span(lagSeconds * 1_000);
}

/** How many of its sources the tenant allows. */
function availableText({ available, sources }: TenantOverview): string {
  return available === undefined ? '–' : `${available} of ${sources}`;
}

/** The columns there is room for, in the order in which they stand; the most important ones stay longest. */
function columnsFor(state: LiveState, room: number): readonly Column[] {
  const coverage = ({ delivered, listed }: TenantOverview): string => `${number(delivered)} of ${number(listed)}`;
  const rate = ({ tenant }: TenantOverview): string => number(Math.round(state.recordsPerSecond.get(tenant.id) ?? 0));
  const column = (head: string, least: number, text: Column['text']): Column => ({
    head,
    text,
    width: Math.max(widthOf(head), least, ...state.tenants.map((row) => widthOf(text(row)))),
  });
  const all = {
    rate: column('Rec/s', 5, rate),
    records: column('Records', 9, ({ records }) => number(records)),
    lag: column('Lag', 6, lagText),
    coverage: column('Blobs delivered', 15, coverage),
    pending: column('Pending', 7, ({ pending }) => number(pending)),
    gaps: column('Gaps', 4, ({ gaps }) => number(gaps)),
    available: column('Sources', 7, availableText),
  };
  const chosen = new Set<Column>();
  let left = room;
  for (const next of [all.coverage, all.rate, all.gaps, all.lag, all.records, all.pending, all.available]) {
    if (next.width + 2 > left) break;
    chosen.add(next);
    left -= next.width + 2;
  }
  return Object.values(all).filter((one) => chosen.has(one));
}

/** How much is said about a tenant that needs a look: all of it, a line each for why and what next, only why, or nothing. */
type Detail = 'all' | 'steps' | 'why' | 'none';

function reasons({ why, nextStep }: TenantOverview, detail: Detail, width: number): string[] {
  const texts = detail === 'none' ? [] : detail === 'why' ? [why] : [why, `→ ${nextStep}`];
  return texts.flatMap((text) =>
    (detail === 'all' ? wrap(text, width, '    ').split('\n') : [`    ${text}`]).map((line) => cut(line, width)),
  );
}

/** Which tenants are shown, and how many are not: all that fit; otherwise those that need a person, worst first, then the busiest. */
function choose(
  tenants: readonly TenantOverview[],
  room: number,
  width: number,
): { readonly shown: readonly TenantOverview[]; readonly detail: Detail; readonly hidden: readonly TenantOverview[] } {
  const rank = ({ state }: TenantOverview): number => worstFirst.indexOf(state);
  const needy = tenants.filter(({ state }) => urgent.includes(state)).sort((a, b) => rank(a) - rank(b));
  const others = tenants.filter(({ state }) => !urgent.includes(state));
  const everyone = [...needy, ...others];
  for (const detail of ['all', 'steps', 'why'] as const)
    if (everyone.length + needy.reduce((sum, row) => sum + reasons(row, detail, width).length, 0) <= room)
      return { shown: everyone, detail, hidden: [] };
  const left = Math.max(1, room - 1);
  const busiest = [...others].sort((a, b) => b.records - a.records);
  const detail = 2 * needy.length + Math.min(3, busiest.length) <= left ? 'why' : 'none';
  const lines = detail === 'why' ? 2 : 1;
  const shownNeedy = needy.slice(0, Math.max(1, Math.floor(left / lines)));
  const shown = [...shownNeedy, ...busiest.slice(0, Math.max(0, left - lines * shownNeedy.length))];
  return { shown, detail, hidden: everyone.filter((row) => !shown.includes(row)) };
}

function hiddenText(hidden: readonly TenantOverview[]): string {
  const needy = hidden.filter(({ state }) => urgent.includes(state)).length;
  if (needy > 0) return `and ${number(hidden.length)} more, of which ${number(needy)} need a look: npm run tenant -- list`;
  const well = hidden.every(({ state }) => state === 'collecting');
  return `and ${number(hidden.length)} more, ${well ? 'all well' : statesText(hidden, (state) => shownStateTitles[state])}`;
}

function statesText(tenants: readonly TenantOverview[], title: (state: ShownState) => string): string {
  const byState = Map.groupBy(tenants, ({ state }) => state);
  return worstFirst
    .flatMap((state) => (byState.has(state) ? `${number(byState.get(state)?.length ?? 0)} ${title(state)}` : []))
    .join(', ');
}

/** The live view as lines of text that fit the screen; with colour for a terminal. */
export function renderLiveView(state: LiveState, { columns: wide, rows, colour }: ScreenSize): string[] {
  // The last column stays free: some terminals break the line when it is written to.
  const width = Math.max(20, wide - 1);
  const paint = (code: string, text: string): string => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  const grey = (text: string): string => paint('90', cut(text, width));
  const names = state.tenants.map(({ tenant }) => widthOf(cut(tenant.name, 24)));
  const stateWidth = Math.min(widestState, Math.max(6, width - 2 - 8 - 2));
  const shortName = Math.min(Math.max(6, ...names), 14);
  const columns = columnsFor(state, width - 2 - shortName - 2 - stateWidth);
  const taken = columns.reduce((sum, one) => sum + one.width + 2, 0);
  const nameWidth = Math.max(6, Math.min(Math.max(6, ...names), width - 2 - 2 - stateWidth - taken));
  const cells = (name: string, title: string, texts: readonly string[]): string =>
    `${fit(name, nameWidth)}  ${fit(title, stateWidth)}${texts.map((text, index) => `  ${fit(text, columns[index]?.width ?? 0, 'right')}`).join('')}`;

  const title = 'Microsoft 365 security connector';
  const ends = state.forSeconds === undefined ? '' : ` of ${state.forSeconds} s`;
  const running = `${Math.round((state.now - state.startedAt) / 1_000)} s${ends}`;
  const top = `  ${state.phase} · ${running}${state.pages === undefined ? '' : ` · ${state.pages}`}`;
  const rate = [...state.recordsPerSecond.values()].reduce((sum, value) => sum + value, 0);
  const records = state.tenants.reduce((sum, row) => sum + row.records, 0);
  const totals = `${number(records)} records in ${number(state.events)} events (${(state.bytes / 1e6).toFixed(1)} MB), ${number(Math.round(rate))} records/s`;
  const around = 8;
  const { shown, detail, hidden } = choose(state.tenants, Math.max(3, rows - around - 1), width);
  const lines = shown.flatMap((row) => {
    const [mark, code] = looks[row.state];
    const line = cells(
      row.tenant.name,
      row.stateTitle,
      columns.map(({ text }) => text(row)),
    );
    const told = urgent.includes(row.state) ? reasons(row, detail, width).map((text) => paint('90', text)) : [];
    return [`${paint(code, mark)} ${line}`.trimEnd(), ...told];
  });
  const none = state.tenants.length === 0 ? [cut('  No tenants yet. Add one: npm run tenant -- add --help', width)] : [];
  return [
    paint('1', cut(title, width)) + paint('90', cut(top, Math.max(0, width - widthOf(title)))),
    cut(`  ${summary(state.tenants)}`, width),
    '',
    ...(state.tenants.length === 0
      ? none
      : [
          grey(
            `  ${cells(
              'Tenant',
              'State',
              columns.map(({ head }) => head),
            )}`,
          ),
        ]),
    ...lines,
    ...(hidden.length > 0 ? [grey(`  ${hiddenText(hidden)}`)] : []),
    '',
    cut(`  ${totals}`, width),
    grey('  Records: npm run consume -- --hub m365-audit   Why: npm run tenant -- doctor NAME   Stop: Ctrl+C'),
  ];
}

/** Is everything all right, and if not, how much is not. */
function summary(tenants: readonly TenantOverview[]): string {
  if (tenants.length === 0) return '';
  if (tenants.every(({ state }) => state === 'collecting')) return `All ${number(tenants.length)} tenants are up to date.`;
  return statesText(tenants, (state) => shownStateTitles[state]);
}

/** The same as one line, for where there is no terminal. */
export function renderPlainLine(state: LiveState): string {
  const seconds = Math.round((state.now - state.startedAt) / 1_000);
  const sum = (count: (row: TenantOverview) => number): number => state.tenants.reduce((total, row) => total + count(row), 0);
  const rate = [...state.recordsPerSecond.values()].reduce((total, value) => total + value, 0);
  const counts = [
    `${number(sum(({ records }) => records))} records`,
    `${number(Math.round(rate))}/s`,
    `${number(sum(({ delivered }) => delivered))} of ${number(sum(({ listed }) => listed))} blobs`,
    `${number(sum(({ gaps }) => gaps))} gaps`,
    `${number(sum(({ available = 0 }) => available))} of ${number(sum(({ sources }) => sources))} sources available`,
  ];
  const states = statesText(state.tenants, (name) => shownStateTitles[name]);
  return `${String(seconds).padStart(4)} s  ${state.phase}  ${counts.join(', ')}  ${states === '' ? 'no tenants yet' : states}`;
}

/** What a log should say about tenants whose trouble began or ended since before. */
export function tellChanges(before: readonly TenantOverview[], after: readonly TenantOverview[]): string[] {
  const earlier = new Map(before.map((row) => [row.tenant.id, row]));
  return after.flatMap((row) => {
    const was = earlier.get(row.tenant.id);
    const isUrgent = urgent.includes(row.state);
    if (isUrgent && was?.why !== row.why) return [`${row.tenant.name}: ${row.stateTitle}. ${row.why} Next: ${row.nextStep}`];
    return !isUrgent && was !== undefined && urgent.includes(was.state) ? [`${row.tenant.name}: ${row.stateTitle}.`] : [];
  });
}
