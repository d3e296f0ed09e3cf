import { scaleBand, scaleLinear } from 'd3-scale';
import { html } from './html';
import type { Html } from './html';
import { count } from './layout';

/** A bar: what it stands for, and how high it is. */
export interface Bar {
  /** As the table has it. */
  readonly name: string;
  readonly value: number;
  /** What stands below it; on a narrow screen only what is major. */
  readonly label?: { readonly text: string; readonly major: boolean } | undefined;
}

interface BarChart {
  /** Stays the same, so that a table that was opened stays open when the page renews itself. */
  readonly id: string;
  readonly title: string;
  /** What the bars come to, in a sentence: below them, and for who cannot see them. */
  readonly words: string;
  /** What is shown from left to right, and from bottom to top. */
  readonly across: string;
  readonly up: string;
  readonly bars: readonly Bar[];
}

// A picture is scaled to the page; letters stay readable on a phone because it has one of its own.
const widths = { wide: 960, narrow: 340 } as const;
const height = 190;
const letter = 13;
const below = 44;
const above = 24;
const wantedTicks = 4;

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const tenth = (length: number): number => Math.round(length * 10) / 10;

/** Bars with axes as a picture, one for wide screens and one for phones, with a sentence and a table that say the same. */
export function barChart(chart: BarChart): Html {
  const { id, title, words, across, up, bars } = chart;
  return html`<h3>${title}</h3>
    <div class="chart" role="img" aria-label="${words}">${drawn(chart, 'wide')} ${drawn(chart, 'narrow')}</div>
    <p class="quiet small">${words}</p>
    <details id="${id}" class="small">
      <summary>${title}: the figures</summary>
      <table class="figures-table">
        <thead>
          <tr>
            <th scope="col">${across}</th>
            <th scope="col" class="number">${up}</th>
          </tr>
        </thead>
        <tbody>
          ${bars.map(
            ({ name, value }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td class="number">${count(value)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
}

function drawn({ across, up, bars }: BarChart, size: keyof typeof widths): Html {
  const width = widths[size];
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const bottom = height - below;
  const y = scaleLinear().domain([0, most]).nice(wantedTicks).range([bottom, above]);
  const ticks = y.ticks(wantedTicks).filter(Number.isInteger);
  const left = 12 + letter * 0.6 * Math.max(...ticks.map((tick) => compact.format(tick).length));
  const x = scaleBand(
    bars.map((_, index) => index),
    [left, width],
  ).paddingInner(0.2);
  const bar = ({ name, value }: Bar, index: number): Html => {
    // What is more than nothing is seen.
    const tall = value === 0 ? 0 : Math.max(1, bottom - y(value));
    return html`<rect
      x="${tenth(x(index) ?? left)}"
      y="${tenth(bottom - tall)}"
      width="${tenth(x.bandwidth())}"
      height="${tenth(tall)}"
    >
      <title>${name}: ${count(value)}</title>
    </rect>`;
  };
  const label = ({ label: shown }: Bar, index: number): Html | false => {
    if (shown === undefined || (size === 'narrow' && !shown.major)) return false;
    const middle = tenth((x(index) ?? left) + x.bandwidth() / 2);
    return html`<text x="${middle}" y="${bottom + letter + 4}" text-anchor="${middle > width - 2 * letter ? 'end' : 'middle'}">
      ${shown.text}
    </text>`;
  };
  return html`<svg class="${size}" viewBox="0 0 ${width} ${height}" font-size="${letter}" aria-hidden="true">
    <text x="0" y="${letter}">${up}</text>
    ${ticks.map(
      (tick) =>
        html`<line x1="${tenth(left)}" x2="${width}" y1="${tenth(y(tick))}" y2="${tenth(y(tick))}" />
          <text x="${tenth(left - 6)}" y="${tenth(y(tick) + letter / 3)}" text-anchor="end">${compact.format(tick)}</text>`,
    )}
    ${bars.map(bar)} ${bars.map(label)}
    <text x="${width}" y="${height - 6}" text-anchor="end">${across}</text>
  </svg>`;
}
