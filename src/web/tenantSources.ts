import type { LastDelivery } from '../app/lastDeliveries';
import type { CoverageRow } from '../app/heatMap';
import type { IntegrationView } from '../app/integrationsView';
import type { HourCoverage } from '../domain/coverage';
import { addLateness, latenessAt, noLateness } from '../domain/lateness';
import { verdictTitles } from '../domain/verdict';
import { barChart } from './charts';
import type { Bar } from './charts';
import { html } from './html';
import type { Html } from './html';
import { count, moment, span, stateChip, withoutCommand } from './layout';

/** Hours by sources, with what the ledger proves of each. */
export interface ShownCoverage {
  readonly hours: readonly string[];
  readonly rows: readonly CoverageRow[];
}

/** Every source with its state and verdict, what it delivered, and how late. */
export function sourcesTable(integrations: readonly IntegrationView[]): Html {
  return html`<h2 id="sources">Sources</h2>
    <table class="stack">
      <caption class="hidden">
        Sources with their states
      </caption>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col" class="why">How it is, why, and what to do</th>
          <th scope="col" class="tight">May be read</th>
          <th scope="col" class="number">Delivered, 24 h</th>
          <th scope="col" class="number">Records, 24 h</th>
          <th scope="col" class="number">Late, 95 %</th>
          <th scope="col">Last record</th>
        </tr>
      </thead>
      <tbody>
        ${integrations.flatMap(({ sources }) => sources.map(sourceRow))}
      </tbody>
    </table>`;
}

function sourceRow(one: IntegrationView['sources'][number]): Html {
  const { title, source, state, why, nextStep, lastDay, lastRecordAt, verdict } = one;
  const late = lastDay.latenessSecondsP95;
  const step = withoutCommand(nextStep);
  // The counts beside it say the same.
  const calm = state === 'collecting' && lastDay.delivered === lastDay.units;
  return html`<tr>
    <th scope="row" class="source">${title}<br /><code class="quiet">${source}</code></th>
    <td>
      ${stateChip(state)} ${!calm && html`<p>${why}</p>`}
      ${!calm && step !== 'Nothing to do.' && html`<p class="quiet">${step}</p>`}
    </td>
    <td data-label="May be read" class="${verdict === undefined ? 'empty' : ''}">
      ${verdict !== undefined && html`${verdictTitles[verdict.name]}${verdict.missing !== undefined && html`: <code>${verdict.missing.join(', ')}</code>`}`}
    </td>
    <td class="number" data-label="Delivered, 24 h">${count(lastDay.delivered)} of ${count(lastDay.units)}</td>
    <td class="number" data-label="Records, 24 h">${count(lastDay.records)}</td>
    <td class="number" data-label="Late, 95 %">${late === undefined ? '–' : `≤ ${span(late)}`}</td>
    <td data-label="Last record">${moment(lastRecordAt)}</td>
  </tr>`;
}

interface Cell {
  readonly look: string;
  readonly mark: string;
  readonly text: string;
}

function cellOf(hour: HourCoverage | undefined): Cell {
  if (hour === undefined || hour.listed === 0) return { look: '', mark: '', text: 'nothing listed' };
  const counts = `${count(hour.delivered)} of ${count(hour.listed)} delivered`;
  if (hour.gaps > 0) return { look: 'lost', mark: '×', text: `${counts}, ${count(hour.gaps)} lost` };
  if (hour.pending > 0) return { look: 'open', mark: '…', text: `${counts}, ${count(hour.pending)} waiting` };
  return { look: 'whole', mark: '', text: `${counts}, ${count(hour.records)} records` };
}

const hourLabel = (hour: string): string => `${hour.slice(0, 10)} ${hour.slice(11, 13)}:00 UTC`;

const hoursDrawn = 48;

/** Hours by sources; each cell says in words what its colour shows. Above it, in a sentence each, what a day and a week come to. */
export function heatMap({ hours: all, rows }: ShownCoverage): Html {
  const hours = all.slice(-hoursDrawn);
  return html`<h2 id="coverage">Coverage, last ${hours.length} hours</h2>
    <p>Last 24 hours: ${coverageSentence(rows, all.slice(-24))}</p>
    <p>Last 7 days: ${coverageSentence(rows, all)}</p>
    <div class="card scroll" tabindex="0" role="region" aria-label="Coverage, hour by hour">
      <table class="heat">
        <thead>
          <tr>
            <th scope="col"><span class="hidden">Source</span></th>
            ${hours.map(
              (hour) =>
                html`<th scope="col">
                  <span class="hidden">${hourLabel(hour)}</span
                  >${hour.endsWith('T00') || hour.endsWith('T12') ? html`<span aria-hidden="true">${hour.slice(11, 13)}</span>` : ''}
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                <th scope="row">${row.title}</th>
                ${hours.map((hour) => {
                  const { look, mark, text } = cellOf(row.hours.get(hour));
                  return html`<td class="${look}" title="${hourLabel(hour)}: ${text}">
                    <span class="hidden">${text}</span><span aria-hidden="true">${mark}</span>
                  </td>`;
                })}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <ul class="legend">
      <li>Filled: everything that was listed is delivered</li>
      <li>…: some of it waits</li>
      <li>×: some of it is lost for good</li>
      <li>Empty: nothing was listed</li>
    </ul>
    ${volume({ hours, rows })} ${lateness({ hours, rows })}`;
}

function coverageSentence(rows: readonly CoverageRow[], hours: readonly string[]): string {
  const all = rows.flatMap((row) => hours.flatMap((hour) => row.hours.get(hour) ?? []));
  const sum = (of: (hour: HourCoverage) => number): number => all.reduce((total, hour) => total + of(hour), 0);
  const [listed, delivered, waiting, lost] = [
    sum((h) => h.listed),
    sum((h) => h.delivered),
    sum((h) => h.pending),
    sum((h) => h.gaps),
  ];
  if (listed === 0) return 'nothing was listed.';
  const rest = [...(waiting > 0 ? [`${count(waiting)} waiting`] : []), ...(lost > 0 ? [`${count(lost)} lost`] : [])];
  return `${count(delivered)} of ${count(listed)} units delivered. ${rest.length === 0 ? 'Nothing missing.' : `${rest.join(', ')}.`}`;
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** Every sixth hour has a label, midnight that of its day. */
function hourTick(hour: string): Bar['label'] {
  const ofDay = Number(hour.slice(11, 13));
  if (ofDay % 6 !== 0) return undefined;
  const text = ofDay === 0 ? dayFormat.format(new Date(`${hour}:00:00Z`)) : `${hour.slice(11, 13)}:00`;
  return { text, major: ofDay % 12 === 0 };
}

/** Records by hour. */
function volume({ hours, rows }: ShownCoverage): Html {
  const bars = hours.map((hour) => ({
    name: hourLabel(hour),
    value: rows.reduce((total, row) => total + (row.hours.get(hour)?.records ?? 0), 0),
    label: hourTick(hour),
  }));
  const total = bars.reduce((all, { value }) => all + value, 0);
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const words = `${count(total)} records in ${hours.length} hours; at most ${count(most)} in one.`;
  const axes = { across: 'Hour, in UTC', up: 'Records' };
  return barChart({ id: 'volume', title: 'Records by hour', words, ...axes, bars });
}

/** How late records came, in spans of time that double. */
function lateness({ hours, rows }: ShownCoverage): Html {
  const all = rows.flatMap((row) => hours.map((hour) => row.hours.get(hour)?.lateness ?? noLateness));
  const buckets = all.reduce(addLateness, noLateness);
  const [half, most] = [latenessAt(buckets, 0.5), latenessAt(buckets, 0.95)];
  if (half === undefined || most === undefined) return html``;
  const bars = buckets.map((value, bucket) => {
    const text = span(2 ** bucket);
    return { name: `within ${text}`, value, label: bucket % 2 === 0 ? { text, major: bucket % 4 === 0 } : undefined };
  });
  const words = `Half of the records within ${span(half)} of what they tell of, 95 % within ${span(most)}.`;
  const axes = { across: 'Late by up to', up: 'Records' };
  return barChart({ id: 'lateness', title: 'How late records came', words, ...axes, bars });
}

const gapsShown = 20;

/** Every loss in words: what, of when, and why. */
export function gapsList(integrations: readonly IntegrationView[]): Html {
  const gaps = integrations
    .flatMap(({ sources }) => sources.flatMap(({ title, gaps: lost }) => lost.map((gap) => ({ title, ...gap }))))
    .sort((a, b) => b.recordedAt.getTime() - a.recordedAt.getTime());
  if (gaps.length === 0) return html``;
  return html`<h2 id="gaps">Lost for good</h2>
    <ul class="gaps">
      ${gaps.slice(0, gapsShown).map(
        ({ title, from, to, explanation, recordedAt }) =>
          html`<li>
            <strong>${title}</strong>, ${moment(from.toISOString())} to ${moment(to.toISOString())}. ${explanation}
            <span class="quiet">Recorded ${moment(recordedAt.toISOString())}.</span>
          </li>`,
      )}
    </ul>
    ${gaps.length > gapsShown && html`<p class="quiet">And ${count(gaps.length - gapsShown)} more: the evidence report has all.</p>`}`;
}

/** What arrived last, newest first. */
export function deliveriesTable(deliveries: readonly LastDelivery[]): Html {
  return html`<h2 id="live">Live</h2>
    ${
      deliveries.length === 0
        ? html`<p class="quiet">Nothing was delivered in the last six hours.</p>`
        : html`<table class="stack">
            <caption class="hidden">
              What Event Hubs acknowledged last
            </caption>
            <thead>
              <tr>
                <th scope="col">Delivered</th>
                <th scope="col">Source</th>
                <th scope="col">Available since</th>
                <th scope="col" class="number">Records</th>
                <th scope="col" class="number">Size</th>
              </tr>
            </thead>
            <tbody>
              ${deliveries.map(
                ({ at, title, availableAt, records, bytes }) =>
                  html`<tr>
                    <td>${moment(at)}</td>
                    <th scope="row">${title}</th>
                    <td data-label="Available since">${moment(availableAt)}</td>
                    <td class="number" data-label="Records">${count(records)}</td>
                    <td class="number" data-label="Size">${count(Math.ceil(bytes / 1024))} KB</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }`;
}
