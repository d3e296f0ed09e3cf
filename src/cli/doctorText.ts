import type { ProductFlow } from '../app/describeProfile';
import type { Diagnosis, TenantFindings } from '../app/doctor';
import type { Tenant } from '../domain/tenant';
import { verdictTitles } from '../domain/verdict';
import { ago, span, table, wrap } from './table';

const width = 100;
const gapsShown = 10;

/** What the doctor says: a table of the sources, then why each is as it is and what to do, then what the tenant allows, and what was lost. */
export function doctorText(tenant: Tenant, diagnoses: readonly Diagnosis[], found: TenantFindings, now: Date): string {
  const rows = diagnoses.map(({ source, stateTitle, since, lastRecordAt, lastDay }) => [
    source,
    stateTitle,
    since === undefined ? '' : span(now.getTime() - Date.parse(since)),
    lastRecordAt === undefined ? 'never' : ago(lastRecordAt, now),
    `${count(lastDay.delivered)} of ${count(lastDay.units)}`,
    count(lastDay.lost),
  ]);
  const heads = ['Source', 'State', 'For', 'Last record', 'Units, 24 h', 'Lost'];
  const well = diagnoses.filter(isWell);
  const others = Map.groupBy(
    diagnoses.filter((diagnosis) => !isWell(diagnosis)),
    ({ why, nextStep }) => `${wrap(why, width, '  ')}\n${wrap(`Next: ${nextStep}`, width, '  ')}`,
  );
  const words = [...others].map(([text, those]) => `${namesOf(those)}\n${text}`);
  if (well.length > 0) words.push(`${namesOf(well)}\n  ${wellText(well)}`);
  const gaps = diagnoses.flatMap((diagnosis) => diagnosis.gaps.map((gap) => ({ source: diagnosis.source, ...gap })));
  gaps.sort((a, b) => b.recordedAt.getTime() - a.recordedAt.getTime());
  const lost = gaps
    .slice(0, gapsShown)
    .map(({ source, from, to, explanation, cause }) =>
      wrap(`Lost: ${source}, available ${minute(from)} to ${minute(to)}. ${explanation} [${cause}]`, width),
    );
  if (gaps.length > gapsShown) lost.push(`And ${count(gaps.length - gapsShown)} more; --json lists all.`);
  const overdue = diagnoses.flatMap(({ overdueSince }) => overdueSince ?? []).sort()[0];
  const stopped =
    overdue === undefined
      ? []
      : [`Nothing has run since ${ago(overdue, now)}, although it was due: check that the connector is running.`];
  const parts = [
    `${tenant.name} (${tenant.cloud}, ${tenant.id})`,
    ...stopped,
    table(heads, rows, [4, 5]),
    ...words,
    ...findingsText(found, now),
  ];
  return [...parts, ...(lost.length === 0 ? [] : [lost.join('\n')])].join('\n\n');
}

/** Nothing to say about it but that it is complete. */
function isWell({ state, lastDay, nextStep }: Diagnosis): boolean {
  return state === 'collecting' && lastDay.units > 0 && lastDay.units === lastDay.delivered && nextStep === 'Nothing to do.';
}

function wellText(diagnoses: readonly Diagnosis[]): string {
  const counts = [...Map.groupBy(diagnoses, ({ unitsAre }) => unitsAre)].map(([word, those]) => {
    const units = count(those.reduce((sum, { lastDay }) => sum + lastDay.units, 0));
    return `${units} of ${units} ${word}`;
  });
  const records = diagnoses.reduce((sum, { lastDay }) => sum + lastDay.records, 0);
  const text = `${listText(counts)} of the last 24 hours delivered, ${count(records)} records. Nothing missing.`;
  return wrap(text, width, '  ').trimStart();
}

/** What is known about the tenant as a whole, for a program. */
export function findingsJson({ profile, licences, alerts, budget }: TenantFindings): Readonly<Record<string, unknown>> {
  return { probedAt: profile?.probedAt, licences, permissions: profile?.roles, verdicts: profile?.verdicts, alerts, budget };
}

/** The same in sentences. */
function findingsText({ profile, licences, alerts, budget }: TenantFindings, now: Date): string[] {
  if (profile === undefined) return budgetText(budget);
  const has =
    licences === undefined
      ? 'Its licences cannot be read: that takes LicenseAssignment.Read.All.'
      : licences.length === 0
        ? 'No licence of it opens a feed.'
        : `Its licences contain ${listText(licences)}.`;
  const probed = `Licences, consent and cloud were looked at ${ago(profile.probedAt, now)}; again every day. ${has}`;
  return [wrap(probed, width), ...alertsText(alerts, now), ...budgetText(budget)];
}

function alertsText(alerts: readonly ProductFlow[], now: Date): string[] {
  const of = (flow: ProductFlow['flow']): readonly ProductFlow[] => alerts.filter((one) => one.flow === flow);
  const titles = (those: readonly ProductFlow[]): string => listText(those.map(({ title }) => title));
  const flowing = of('flowing').map(({ title, lastAlertAt = '' }) => `${title} (last ${ago(lastAlertAt, now)})`);
  const sentences = [
    flowing.length === 0 ? '' : `Alerts arrive from ${listText(flowing)}.`,
    of('silent').length === 0 ? '' : `Microsoft holds no alert of ${titles(of('silent'))}: quiet, or not connected.`,
    of('notLicensed').length === 0 ? '' : `Not licensed: ${titles(of('notLicensed'))}.`,
  ].filter((sentence) => sentence !== '');
  return sentences.length === 0 ? [] : [wrap(sentences.join(' '), width)];
}

const worthTelling = 0.01;

function budgetText(budget: TenantFindings['budget']): string[] {
  const told = budget.filter(({ share, throttled }) => share >= worthTelling || throttled > 0);
  if (told.length === 0) return budget.length === 0 ? [] : ["The last runs took less than 1 % of each of Microsoft's limits."];
  const parts = told.map(({ title, share, throttled }) => {
    const refused = throttled === 0 ? '' : ` (refused ${count(throttled)} times)`;
    return `${title} ${Math.round(share * 100)} %${refused}`;
  });
  return [wrap(`Taken of Microsoft's limits by the last runs, at most: ${parts.join('; ')}.`, width)];
}

/** What is shown about a tenant: the given lines, then source by source what it allows, and since when. */
export function showText(lines: string, sources: readonly string[], found: TenantFindings, now: Date): string {
  const { profile } = found;
  if (profile === undefined) return lines;
  const rows = sources.flatMap((id) => {
    const verdict = profile.verdicts[id];
    return verdict === undefined
      ? []
      : [[id, verdictTitles[verdict.name], span(now.getTime() - Date.parse(verdict.since)), verdict.evidence]];
  });
  return [lines, table(['Source', 'Verdict', 'For', 'Why'], rows), ...findingsText(found, now)].join('\n\n');
}

/** One, two and three. */
function listText(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}

function namesOf(diagnoses: readonly Diagnosis[]): string {
  return wrap(diagnoses.map(({ source }) => source).join(', '), width);
}

const count = (number: number): string => number.toLocaleString('en-US');

/** `2026-11-22 10:11 UTC` */
const minute = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
