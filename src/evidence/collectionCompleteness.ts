import type { Gap, HourCoverage } from '../domain/coverage';
import { sha256Of } from '../domain/evidence';
import type { EvidenceCheck, Finding, Period, SourceCoverage, SourceObject } from '../domain/evidence';
import { stateTitles } from '../domain/sourceState';

const hourMs = 60 * 60_000;
const shownGaps = 50;

/** What was found of one source in the hours of the period. */
interface Counted {
  readonly sourceId: string;
  readonly listed: number;
  readonly delivered: number;
  readonly pending: number;
  readonly lost: number;
  readonly records: number;
  /** Hours that were not listed to their end, so that nobody can say what there was. */
  readonly unlistedHours: number;
  readonly gaps: readonly Gap[];
  readonly objects: readonly SourceObject[];
  readonly state: string;
}

function isInPeriod(gap: Gap, { from, to }: Period): boolean {
  // A unit is lost in the hour it was available; a span may reach into the period.
  return gap.unitId === undefined ? gap.from < to && gap.to > from : gap.from >= from && gap.from < to;
}

function countSource(source: SourceCoverage, period: Period): Counted {
  const fromHour = Math.floor(period.from.getTime() / hourMs);
  const toHour = Math.floor(period.to.getTime() / hourMs);
  const at = (hour: HourCoverage): number => Math.floor(Date.parse(`${hour.hour}:00:00Z`) / hourMs);
  const hours = source.hours.filter((hour) => at(hour) >= fromHour && at(hour) < toHour);
  const gaps = source.gaps.filter((gap) => isInPeriod(gap, period));
  const spans = gaps.filter(({ unitId }) => unitId === undefined);
  const { listedFrom, listedTo } = source;
  let unlistedHours = 0;
  for (let hour = fromHour; hour < toHour; hour += 1) {
    const [begin, end] = [hour * hourMs, (hour + 1) * hourMs];
    const isLost = spans.some((gap) => gap.from.getTime() < end && gap.to.getTime() > begin);
    const isListed = listedTo !== undefined && listedTo.getTime() >= end && begin >= (listedFrom?.getTime() ?? -Infinity);
    if (isLost || !isListed) unlistedHours += 1;
  }
  const sum = (count: (hour: HourCoverage) => number): number => hours.reduce((total, hour) => total + count(hour), 0);
  const span = `${period.from.toISOString()}/${period.to.toISOString()}`;
  return {
    sourceId: source.sourceId,
    listed: sum(({ listed }) => listed),
    delivered: sum(({ delivered }) => delivered),
    pending: sum(({ pending }) => pending),
    lost: sum(({ gaps: lost }) => lost),
    records: sum(({ records }) => records),
    unlistedHours,
    gaps,
    objects: [
      { type: 'coverage', id: `${source.sourceId} ${span}`, sha256: sha256Of(JSON.stringify(hours)) },
      ...gaps.map((gap) => ({
        type: 'gap',
        id: `${source.sourceId} ${gap.from.toISOString()} ${gap.unitId ?? gap.cause}`,
        sha256: sha256Of(JSON.stringify(gap)),
      })),
    ],
    state: source.state === undefined ? 'Not run yet' : stateTitles[source.state.name],
  };
}

/**
 * Judges whether everything that Microsoft made available in the period was delivered: met only when each source that exists in the tenant was listed
 * to the end of every hour, and every unit that was listed was acknowledged by Event Hubs.
 */
export function judgeCompleteness(sources: readonly SourceCoverage[], period: Period): Finding {
  const existing = sources.filter(({ state }) => state?.name !== 'notAvailable');
  const counted = existing.map((source) => countSource(source, period));
  const sum = (count: (source: Counted) => number): number => counted.reduce((total, source) => total + count(source), 0);
  const [listed, delivered, pending, lost] = [
    sum((one) => one.listed),
    sum((one) => one.delivered),
    sum((one) => one.pending),
    sum((one) => one.lost),
  ];
  const unlisted = sum(({ unlistedHours }) => unlistedHours);
  const gaps = counted.flatMap((one) => one.gaps);
  const hours = Math.max(0, Math.floor(period.to.getTime() / hourMs) - Math.floor(period.from.getTime() / hourMs));
  const base = {
    figures: [
      { name: 'unitsListed', title: 'Units that Microsoft listed', value: listed },
      { name: 'unitsDelivered', title: 'Of these acknowledged by Event Hubs', value: delivered },
      { name: 'unitsPending', title: 'Of these not delivered yet', value: pending },
      { name: 'unitsLost', title: 'Of these lost', value: lost },
      { name: 'records', title: 'Records delivered', value: sum(({ records }) => records) },
      { name: 'gaps', title: 'Gaps recorded', value: gaps.length },
      { name: 'unlistedSourceHours', title: 'Hours of a source that were not listed to their end', value: unlisted },
      { name: 'sources', title: 'Sources', value: counted.length },
      { name: 'hours', title: 'Length of the period', value: hours, unit: 'h' },
    ],
    tables: tablesOf(counted, sources, gaps),
    objects: counted.flatMap(({ objects }) => objects),
  };
  const silence = silenceOf(existing, listed, hours);
  if (silence !== undefined) return { ...base, ...silence, status: 'notAvailable' };
  const isMet = pending === 0 && lost === 0 && unlisted === 0 && gaps.length === 0 && listed === delivered;
  const troubles = [
    pending > 0 ? `${number(pending)} not delivered yet` : '',
    lost > 0 ? `${number(lost)} lost` : '',
    gaps.length > 0 ? `${number(gaps.length)} gaps recorded` : '',
    unlisted > 0 ? `${number(unlisted)} hours of single sources were not listed to their end` : '',
  ].filter((trouble) => trouble !== '');
  return {
    ...base,
    status: isMet ? 'met' : 'attention',
    statement: `${number(delivered)} of ${number(listed)} units of ${number(hours)} hours delivered, from ${number(counted.length)} ${counted.length === 1 ? 'source' : 'sources'}. ${isMet ? 'Nothing missing.' : `${troubles.join('; ')}.`}`,
    ...(isMet ? {} : { nextStep: 'See what stops each source, and what to do: npm run tenant -- doctor TENANT' }),
  };
}

/** Why there is nothing to judge, and whether there may be soon: no data is never shown as complete without a reason. */
function silenceOf(
  existing: readonly SourceCoverage[],
  listed: number,
  hours: number,
): { readonly statement: string; readonly again?: true } | undefined {
  if (existing.length === 0) return { statement: 'Nothing is collected from this tenant.' };
  if (hours === 0)
    return { statement: 'The period holds no full hour that is over and in which the tenant was collected.', again: true };
  if (existing.every(({ listedTo, state }) => listedTo === undefined && state?.failure === undefined))
    return { statement: 'Collecting has only just begun: no source has been listed to an end yet.', again: true };
  const silent = ['awaitingFirstContent', 'silentSinceStart'];
  return listed === 0 && existing.every(({ state }) => silent.includes(state?.silence ?? ''))
    ? { statement: 'Microsoft has never handed anything over for this tenant, so there is nothing to prove yet.' }
    : undefined;
}

function tablesOf(counted: readonly Counted[], sources: readonly SourceCoverage[], gaps: readonly Gap[]): Finding['tables'] {
  const absent = sources.filter(({ state }) => state?.name === 'notAvailable').map(({ sourceId }) => [sourceId, 0, 0, 0, 0, 0]);
  return [
    {
      title: 'Sources',
      columns: ['Source', 'Listed', 'Delivered', 'Pending', 'Lost', 'Hours not listed', 'State'],
      rows: [
        ...counted.map((one) => [
          ...[one.sourceId, one.listed, one.delivered, one.pending, one.lost, one.unlistedHours],
          one.state,
        ]),
        ...absent.map((cells) => [...cells, stateTitles.notAvailable]),
      ],
    },
    ...(gaps.length === 0
      ? []
      : [
          {
            title: 'Gaps',
            columns: ['Source', 'From', 'To', 'Why', 'Recorded'],
            rows: gaps
              .slice(0, shownGaps)
              .map(({ scope, from, to, explanation, cause, recordedAt }) => [
                scope.sourceId,
                from.toISOString(),
                to.toISOString(),
                `${explanation} [${cause}]`,
                recordedAt.toISOString(),
              ]),
            ...(gaps.length > shownGaps ? { more: gaps.length - shownGaps } : {}),
          },
        ]),
  ];
}

const number = (value: number): string => value.toLocaleString('en-US');

/** Whether the connector itself missed anything; proven by its own ledger. */
export const collectionCompleteness: EvidenceCheck = {
  id: 'collectionCompleteness',
  title: 'Completeness of collection',
  question: 'Are logs collected without loss, and is a loss noticed?',
  metWhen: 'Every source was listed to the end of every hour, and every unit that was listed was acknowledged by Event Hubs.',
  docs: undefined,
  permissions: [],
  licence: '',
  isOfPeriod: true,
  gather: async ({ coverage, period }) => judgeCompleteness(await coverage(period), period),
};
