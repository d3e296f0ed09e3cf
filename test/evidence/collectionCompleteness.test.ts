import fc from 'fast-check';
import { emptyCoverage } from '../../src/domain/coverage';
import type { Gap, HourCoverage } from '../../src/domain/coverage';
import type { Finding, Period, SourceCoverage } from '../../src/domain/evidence';
import { hourOf } from '../../src/domain/window';
import { judgeCompleteness } from '../../src/evidence/collectionCompleteness';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const hourMs = 3_600_000;
const begin = Date.parse('2026-11-21T10:00:00Z');
const hours = 24;
const period: Period = { from: new Date(begin), to: new Date(begin + hours * hourMs) };
const scope = { tenantId: '11111111-2222-4333-8444-000000000001', sourceId: 'activity.exchange' };
const at = (hour: number): Date => new Date(begin + hour * hourMs);

const covered = (hour: number, counts: Partial<HourCoverage>): HourCoverage => ({
  ...emptyCoverage(scope, hourOf(at(hour))),
  ...counts,
});
const delivered = (hour: number, units: number): HourCoverage =>
  covered(hour, { listed: units, fetched: units, delivered: units });
const source = (more: Partial<SourceCoverage> = {}): SourceCoverage => ({
  sourceId: scope.sourceId,
  title: 'Exchange activity',
  state: { name: 'collecting', since: '2026-11-01T00:00:00.000Z' },
  listedTo: at(hours + 1),
  listedFrom: at(-1_000),
  hours: Array.from({ length: hours }, (_, hour) => delivered(hour, 3)),
  gaps: [],
  ...more,
});
const gap = (more: Partial<Gap> = {}): Gap => ({
  scope,
  from: at(3),
  to: at(5),
  cause: 'notListedInTime',
  explanation: 'The connector did not run.',
  recordedAt: at(20),
  ...more,
});
const figure = (finding: Finding, name: string) => finding.figures.find((one) => one.name === name)?.value;

/** Units of an hour as they may stand: delivered, waiting and lost. */
const counts = fc.record({ delivered: fc.nat(5), pending: fc.constantFrom(0, 0, 0, 1), gaps: fc.constantFrom(0, 0, 0, 1) });

describe('completeness of collection', () => {
  it('is met exactly when every hour was listed to its end and every unit delivered', () => {
    const situations = fc.record({
      hours: fc.array(fc.record({ hour: fc.integer({ min: -3, max: hours + 3 }), counts }), { maxLength: 12 }),
      listedTo: fc.constantFrom(-1, hours - 1, hours, hours + 1),
    });
    fc.assert(
      fc.property(situations, (given) => {
        const byHour = new Map(given.hours.map((one) => [one.hour, one.counts]));
        const rows = [...byHour].map(([hour, { delivered: done, pending, gaps }]) =>
          covered(hour, { listed: done + pending + gaps, delivered: done, pending, gaps }),
        );
        const finding = judgeCompleteness([source({ hours: rows, listedTo: at(given.listedTo) })], period);
        const within = [...byHour].filter(([hour]) => hour >= 0 && hour < hours).map(([, one]) => one);
        const isComplete = given.listedTo >= hours && within.every(({ pending, gaps }) => pending === 0 && gaps === 0);

        expect(finding.status).toBe(isComplete ? 'met' : 'attention');
        expect(figure(finding, 'unitsListed')).toBe(within.reduce((sum, one) => sum + one.delivered + one.pending + one.gaps, 0));
        expect(figure(finding, 'unitsDelivered')).toBe(within.reduce((sum, one) => sum + one.delivered, 0));
      }),
    );
  });

  it('is said as a count', () => {
    expect(judgeCompleteness([source(), source({ sourceId: 'activity.general' })], period).statement).toBe(
      '144 of 144 units of 24 hours delivered, from 2 sources. Nothing missing.',
    );
  });

  it.each<[string, Partial<SourceCoverage>, string]>([
    ['a unit waits', { hours: [covered(2, { listed: 2, delivered: 1, pending: 1 })] }, '1 not delivered yet'],
    ['a unit is lost', { hours: [covered(2, { listed: 2, delivered: 1, gaps: 1 })] }, '1 lost'],
    ['a span could not be listed', { gaps: [gap()] }, '1 gaps recorded; 2 hours of single sources were not listed to their end'],
    ['the list ends before the period does', { listedTo: at(20) }, '4 hours of single sources were not listed'],
    ['the source began in the middle', { listedFrom: at(6) }, '6 hours of single sources were not listed'],
    ['a unit was lost in the period', { gaps: [gap({ unitId: 'a', to: at(100) })] }, '1 gaps recorded'],
  ])('asks for attention when %s', (_, more, words) => {
    const finding = judgeCompleteness([source(more), source({ sourceId: 'activity.general' })], period);

    expect(finding.status).toBe('attention');
    expect(finding.statement).toContain(words);
  });

  it('leaves gaps of other times alone', () => {
    const elsewhere = [gap({ from: at(-5), to: at(0) }), gap({ from: at(24), to: at(30) }), gap({ unitId: 'a', from: at(-1) })];

    expect(judgeCompleteness([source({ gaps: elsewhere })], period).status).toBe('met');
  });

  it('does not count a source that the licence does not have, and shows it', () => {
    const absent = source({ sourceId: 'graph.signIns', state: { name: 'notAvailable', since: '' }, hours: [] });

    const finding = judgeCompleteness([source(), { ...absent, listedTo: at(-100) }], period);

    expect([finding.status, figure(finding, 'sources')]).toEqual(['met', 1]);
    expect(finding.tables[0]?.rows.map((row) => [row[0], row.at(-1)])).toEqual([
      ['activity.exchange', 'Collecting'],
      ['graph.signIns', 'Not available'],
    ]);
  });

  it.each<[string, readonly SourceCoverage[], Period, true | undefined]>([
    ['nothing is collected', [], period, undefined],
    ['nothing was listed yet', [withoutListing()], period, true],
    [
      'Microsoft has never handed anything over',
      [source({ hours: [], state: { name: 'waiting', since: '', silence: 'awaitingFirstContent' } })],
      period,
      undefined,
    ],
    ['no full hour is over', [source()], { from: at(0), to: at(0) }, true],
  ])('is not available when %s, and looked at again where that may soon be otherwise', (_, sources, of, again) => {
    const finding = judgeCompleteness(sources, of);

    expect([finding.status, finding.again]).toEqual(['notAvailable', again]);
  });

  it('asks for attention when a tenant with its audit log off has never delivered anything', () => {
    const off = {
      ...withoutListing(),
      state: { name: 'needsAttention', since: '', failure: { kind: 'auditOff', code: 'AF20011' } },
    } as const;

    expect(judgeCompleteness([off], period).status).toBe('attention');
  });

  it('hashes what it counted, so that another count has another hash', () => {
    const [before] = judgeCompleteness([source()], period).objects;
    const [after] = judgeCompleteness([source({ hours: [delivered(0, 4)] })], period).objects;

    expect(before?.id).toBe('activity.exchange 2026-11-21T10:00:00.000Z/2026-11-22T10:00:00.000Z');
    expect(after?.sha256).not.toBe(before?.sha256);
  });
});

function withoutListing(): SourceCoverage {
  return { sourceId: scope.sourceId, title: 'Exchange activity', hours: [], gaps: [] };
}
