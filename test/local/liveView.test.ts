import { shownStateTitles } from '../../src/app/explain';
import type { ShownState } from '../../src/app/explain';
import { widthOf } from '../../src/cli/table';
import { renderLiveView, renderPlainLine, tellChanges } from './liveView';
import type { LiveState } from './liveView';
import type { TenantOverview } from './overview';

const why =
  'Unified audit logging is off, or was turned on less than a few hours ago, so Microsoft has nothing to hand over. [AF20011]';
const nextStep = 'Turn it on in the Purview portal; the first records follow within a few hours, sometimes a day.';

function row(name: string, state: ShownState = 'collecting', changes: Partial<TenantOverview> = {}): TenantOverview {
  return {
    tenant: { id: name, name, addedAt: '2026-11-22T10:00:00Z' },
    state,
    stateTitle: shownStateTitles[state],
    since: '2026-11-22T10:00:00Z',
    why: state === 'collecting' ? '' : why,
    nextStep,
    records: 1_234,
    auditRecords: 1_000,
    sources: 33,
    available: 27,
    listed: 1_033,
    delivered: 1_033,
    pending: 0,
    gaps: 0,
    lagSeconds: 5,
    ...changes,
  };
}

function stateOf(tenants: readonly TenantOverview[], changes: Partial<LiveState> = {}): LiveState {
  const recordsPerSecond = new Map(tenants.map(({ tenant }, index) => [tenant.id, index]));
  return { startedAt: 0, now: 65_000, phase: 'collecting', tenants, recordsPerSecond, events: 321, bytes: 4_560_000, ...changes };
}

const view = (state: LiveState, columns = 100, rows = 40): string[] => renderLiveView(state, { columns, rows, colour: false });
const many = (count: number, state: ShownState = 'collecting') =>
  Array.from({ length: count }, (_, index) => row(`Tenant ${index}`, state, { records: index }));
const troubles = [row('Well'), row('Odd', 'degraded'), row('Bad', 'needsAttention'), row('Behind', 'catchingUp')];

describe('renderLiveView', () => {
  it.each([32, 40, 60, 80, 100, 140, 200])('fits %i columns, whatever the names and numbers', (columns) => {
    const huge = {
      records: 123_456_789,
      listed: 1_234_567,
      delivered: 1_234_566,
      pending: 98_765,
      gaps: 4_321,
      lagSeconds: 600_000,
    };
    const tenants = [
      row('x'.repeat(60), 'needsAttention', huge),
      row('日本マイクロソフト株式会社', 'waiting', huge),
      row('e\u0301mile 😀', 'catchingUp'),
    ];

    for (const lines of [view(stateOf(tenants), columns), view(stateOf([]), columns), view(stateOf(many(50)), columns)])
      for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
  });

  it.each([12, 16, 24, 50])('never takes more than the %i rows of the screen', (rows) => {
    for (const tenants of [many(3), many(50), many(50, 'needsAttention'), [...many(30), ...many(30, 'degraded')], troubles])
      expect(view(stateOf(tenants), 100, rows).length).toBeLessThan(rows);
  });

  it('shows for each tenant state, rate, lag, coverage as a count, and gaps, also at 80 columns', () => {
    const tenants = [row('Contoso', 'catchingUp', { delivered: 12, listed: 1_033, lagSeconds: 7_500, gaps: 3 })];

    const lines = view(stateOf(tenants, { recordsPerSecond: new Map([['Contoso', 41.6]]) }), 80);

    expect(lines.find((line) => line.includes('Tenant'))).toMatch(/Tenant +State +Rec\/s +Lag +Blobs delivered +Gaps$/);
    expect(lines.find((line) => line.includes('Contoso'))).toMatch(/^◐ Contoso +Catching up +42 +2 h +12 of 1,033 +3$/);
  });

  it('gives up the less important columns first when it is narrow, and never the state', () => {
    const heads = (columns: number): string | undefined =>
      view(stateOf([row('Contoso')]), columns)
        .find((line) => line.includes('Tenant'))
        ?.trim()
        .replace(/\s{2,}/g, '|');

    expect(heads(140)).toBe('Tenant|State|Rec/s|Records|Lag|Blobs delivered|Pending|Gaps|Sources');
    expect(heads(80)).toBe('Tenant|State|Rec/s|Lag|Blobs delivered|Gaps');
    expect(heads(60)).toBe('Tenant|State|Rec/s|Blobs delivered');
    expect(heads(40)).toBe('Tenant|State');
  });

  it('says at once that all is well', () => {
    const lines = view(stateOf(many(3)));

    expect(lines[0]).toBe('Microsoft 365 security connector  collecting · 65 s');
    expect(lines[1]).toBe('  All 3 tenants are up to date.');
    expect(lines.join('\n')).not.toContain('→');
  });

  it('puts those who need a person first, worst first, with why and what next, and leaves the others in their order', () => {
    const lines = view(stateOf([row('Zeta'), ...troubles, row('Alpha')]), 140);

    const order = lines.flatMap((line) => /^[●◐○✖▲–‖·] (\w+)/.exec(line)?.[1] ?? []);
    expect(order).toEqual(['Bad', 'Odd', 'Zeta', 'Well', 'Behind', 'Alpha']);
    expect(lines[1]).toBe('  1 Needs attention, 1 Degraded, 1 Catching up, 3 Collecting');
    const bad = lines.findIndex((line) => line.includes('Bad'));
    expect(lines.slice(bad + 1, bad + 3)).toEqual([`    ${why}`, `    → ${nextStep}`]);
    expect(lines.filter((line) => line.includes('→'))).toHaveLength(2);
  });

  it('shows of many tenants those who need a person, then the busiest, and says that the rest is well', () => {
    const lines = view(stateOf([...many(50), row('Bad', 'needsAttention')]), 100, 24);

    const order = lines.flatMap((line) => /^[●✖] (\w+ ?\d*)/.exec(line)?.[1]?.trim() ?? []);
    expect(order.slice(0, 4)).toEqual(['Bad', 'Tenant 49', 'Tenant 48', 'Tenant 47']);
    expect(lines.find((line) => line.includes('more'))).toBe(`  and ${51 - order.length} more, all well`);
    expect(lines.join('\n')).toContain(why.slice(0, 60));
  });

  it('says so when even those who need a person do not fit', () => {
    const lines = view(stateOf([...many(10), ...many(50, 'needsAttention')]), 100, 24);

    const shown = lines.filter((line) => line.startsWith('✖')).length;
    expect(shown).toBeGreaterThan(5);
    expect(lines.find((line) => line.includes('more'))).toContain(`and ${60 - shown} more, of which ${50 - shown} need a look`);
  });

  it('does not call the rest well when it is not', () => {
    const lines = view(stateOf([...many(30), ...many(30, 'catchingUp')]), 100, 20);

    expect(lines.find((line) => line.includes('more'))).toMatch(/and \d+ more, \d+ Catching up, \d+ Collecting/);
  });

  it('adds up what arrived, and says when it ends', () => {
    const lines = view(
      stateOf([row('A'), row('B')], {
        forSeconds: 90,
        recordsPerSecond: new Map([
          ['A', 10.4],
          ['B', 10.4],
        ]),
      }),
    );

    expect(lines[0]).toContain('65 s of 90 s');
    expect(lines).toContain('  2,468 records in 321 events (4.6 MB), 21 records/s');
  });

  it('says how to begin when there is no tenant', () => {
    expect(view(stateOf([])).join('\n')).toContain('No tenants yet. Add one: npm run tenant -- add --help');
  });

  it('shows every state by word and mark, and colours only when asked to', () => {
    const states = Object.keys(shownStateTitles) as ShownState[];
    const plain = view(stateOf(states.map((state) => row(state, state))), 140, 60);
    const coloured = renderLiveView(stateOf(many(1)), { columns: 100, rows: 40, colour: true });

    for (const state of states)
      expect(plain.some((line) => line.includes(state) && line.includes(shownStateTitles[state]))).toBe(true);
    // eslint-disable-next-line no-control-regex -- what is looked for
    expect([plain.join('').includes('\u001b'), /\u001b\[32m●/.test(coloured.join(''))]).toEqual([false, true]);
  });

  it('lets no name reach the terminal as a command to it', () => {
    const lines = view(stateOf([row('Evil\u001b[2J\nname')]));

    expect(lines.join('\n')).not.toContain('\u001b');
    expect(lines.some((line) => line.includes('Evil [2J name'))).toBe(true);
  });
});

describe('renderPlainLine', () => {
  it('says the same in one line', () => {
    const line = renderPlainLine(
      stateOf([row('A', 'collecting', { gaps: 2 }), row('B', 'needsAttention')], { phase: 'draining' }),
    );

    expect(line).toBe(
      '  65 s  draining  2,468 records, 1/s, 2,066 of 2,066 blobs, 2 gaps, 54 of 66 sources available  1 Needs attention, 1 Collecting',
    );
    expect(renderPlainLine(stateOf([]))).toContain('no tenants yet');
  });
});

describe('tellChanges', () => {
  it('tells trouble when it begins, changes and ends, once each', () => {
    const well = [row('A')];
    const bad = [row('A', 'needsAttention')];
    const other = [row('A', 'degraded', { why: 'Something else.' })];

    expect(tellChanges([], well)).toEqual([]);
    expect(tellChanges(well, bad)).toEqual([`A: Needs attention. ${why} Next: ${nextStep}`]);
    expect(tellChanges(bad, bad)).toEqual([]);
    expect(tellChanges(bad, other)).toEqual([`A: Degraded. Something else. Next: ${nextStep}`]);
    expect(tellChanges(other, well)).toEqual(['A: Collecting.']);
    expect(tellChanges([], bad)).toHaveLength(1);
  });
});
