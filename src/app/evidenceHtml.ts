import { evidenceStatusTitles } from '../domain/evidence';
import type { EvidenceItem, EvidenceStatus, EvidenceTable } from '../domain/evidence';
import { reportStyle } from './evidenceStyle';
import { statusCounts } from './evidenceReport';
import type { EvidenceReport } from './evidenceReport';

/** A piece of HTML that was made by `html`. */
class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Insert = string | number | undefined | Markup | readonly Markup[];

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that can stand anywhere in HTML; control and direction characters show as what they are: nothing. */
function escaped(text: string): string {
  return text
    .replace(/(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

function inserted(insert: Insert): string {
  if (insert === undefined) return '';
  if (insert instanceof Markup) return insert.text;
  return typeof insert === 'object' ? insert.map(({ text }) => text).join('') : escaped(String(insert));
}

/** HTML from a template: whatever is put in is text, unless `html` made it. */
function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return new Markup(parts.map((part, index) => part + inserted(inserts[index])).join(''));
}

const objectsShown = 25;
const shapes: Readonly<Record<EvidenceStatus, string>> = { met: '●', attention: '▲', notAvailable: '○' };

/** A status as word, shape and colour; never colour alone. */
function statusMark(status: EvidenceStatus): Markup {
  const title = evidenceStatusTitles[status];
  return html`<span class="status ${status}"><span aria-hidden="true">${shapes[status]}</span> ${title}</span>`;
}

/** `22 November 2026, 10:11 UTC` */
function moment(iso: string): Markup {
  const at = new Date(iso);
  const text = Number.isNaN(at.getTime())
    ? iso
    : `${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ''} ${at.getUTCFullYear()}, ${iso.slice(11, 16)} UTC`;
  return html`<time datetime="${iso}">${text}</time>`;
}

const months = 'January February March April May June July August September October November December'.split(' ');

function value(cell: string | number): Markup {
  return typeof cell === 'number' ? html`${cell.toLocaleString('en-US')}` : html`${cell}`;
}

function table({ title, columns, rows, more }: EvidenceTable): Markup {
  const heads = columns.map((column) => html`<th scope="col">${column}</th>`);
  const lines = rows.map(
    (row) =>
      html`<tr>
        ${row.map((cell) => html`<td${new Markup(typeof cell === 'number' ? ' class="number"' : '')}>${value(cell)}</td>`)}
      </tr>`,
  );
  const rest =
    more === undefined
      ? undefined
      : html`<p class="quiet">And ${more.toLocaleString('en-US')} more; the kept document names all of them by hash.</p>`;
  return html`<div class="wide" role="region" aria-label="${title}" tabindex="0">
      <table>
        <caption>
          ${title}
        </caption>
        <thead>
          <tr>
            ${heads}
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>
    ${rest}`;
}

function objects(item: EvidenceItem): Markup {
  const count = item.objects.length;
  if (count === 0) return html`<p class="quiet">No source object was read for this item.</p>`;
  const rows = item.objects.slice(0, objectsShown).map(({ type, id, sha256 }) => [type, id, sha256]);
  const shown = { title: 'Source objects', columns: ['Type', 'Id', 'SHA-256'], rows };
  return html`<details>
    <summary>${count.toLocaleString('en-US')} source ${count === 1 ? 'object' : 'objects'}, by hash</summary>
    ${table(count > objectsShown ? { ...shown, more: count - objectsShown } : shown)}
    <p class="quiet">All of them together: <code>${item.objectsSha256}</code></p>
  </details>`;
}

function section(item: EvidenceItem): Markup {
  const figures = item.figures.map(
    ({ title, value: found, unit }) =>
      html`<div>
        <dt>${title}</dt>
        <dd>${value(found)}${unit === undefined ? '' : ` ${unit}`}</dd>
      </div>`,
  );
  const controls = [...Map.groupBy(item.controls, ({ framework }) => framework)].map(
    ([framework, those]) =>
      html`<li>${framework}: ${those.map(({ id, title }) => html`<span class="control"><b>${id}</b> ${title}</span> `)}</li>`,
  );
  const code = item.failure === undefined ? '' : ` (${item.failure.kind})`;
  return html`<section aria-labelledby="${item.check}">
    <h2 id="${item.check}">${item.title}</h2>
    <p class="question">${item.question}</p>
    <p class="answer">${statusMark(item.status)} ${item.statement}${code}</p>
    ${item.nextStep === undefined ? undefined : html`<p><b>Next:</b> ${item.nextStep}</p>`}
    ${figures.length === 0 ? undefined : html`<dl>${figures}</dl>`} ${item.tables.map(table)}
    ${
      controls.length === 0
        ? undefined
        : html`<h3>Evidence for</h3>
            <ul>
              ${controls}
            </ul>`
    }
    ${objects(item)}
    <p class="quiet">Looked at ${moment(item.collectedAt)}.</p>
  </section>`;
}

function summary({ items }: EvidenceReport): Markup {
  const rows = items.map(
    (item) =>
      html`<tr>
        <th scope="row"><a href="#${item.check}">${item.title}</a></th>
        <td>${statusMark(item.status)}</td>
        <td>${item.statement}</td>
        <td>${item.controls.map(({ id }) => id).join(', ')}</td>
      </tr>`,
  );
  return html`<div class="wide" role="region" aria-label="Summary" tabindex="0">
    <table>
      <caption>
        Summary: ${statusCounts(items)}
      </caption>
      <thead>
        <tr>
          <th scope="col">Item</th>
          <th scope="col">Status</th>
          <th scope="col">What was found</th>
          <th scope="col">Controls</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function pastTable({ past, items, assessments }: EvidenceReport): Markup {
  if (past.length === 0) return html`<p>No assessment was made in this period.</p>`;
  const heads = items.map(({ title }) => html`<th scope="col">${title}</th>`);
  const rows = past.map(
    (one) =>
      html`<tr>
        <th scope="row">${moment(one.assessedAt)}</th>
        ${items.map(({ check }) => {
          const status = one.statuses[check];
          return html`<td>${status === undefined ? '' : statusMark(status)}</td>`;
        })}
        <td><code>${one.sha256}</code></td>
      </tr>`,
  );
  return html`<p>
      ${assessments.toLocaleString('en-US')} ${assessments === 1 ? 'assessment was' : 'assessments were'} made; the last of each
      day is shown.
    </p>
    <div class="wide" role="region" aria-label="Assessments" tabindex="0">
      <table>
        <caption>
          Assessments
        </caption>
        <thead>
          <tr>
            <th scope="col">Made</th>
            ${heads}
            <th scope="col">SHA-256 of the document</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

function proof({ document }: EvidenceReport): Markup {
  const kept =
    document === undefined
      ? html`<p>No assessment is kept for this period.</p>`
      : html`<p>
          The items above are kept as the document <code>${document.blob}</code>, made ${moment(document.assessedAt)}, with the
          SHA-256 <code>${document.sha256}</code>. It was written once and is never changed; whoever holds the file can compute
          the hash again.
        </p>`;
  return html`<section aria-labelledby="proof">
    <h2 id="proof">How this was proven</h2>
    ${kept}
    <ul>
      <li>Each item names the objects it was made from by the SHA-256 of their bytes, as Microsoft sent them.</li>
      <li>What could not be looked at is shown as not available with the reason, and never counted as met.</li>
      <li>
        Completeness comes from the connector's own ledger: what Microsoft lists is entered before it is fetched, and counts as
        delivered only when Event Hubs has acknowledged it. What is lost for good is recorded as a gap, with its span and cause.
      </li>
      <li>
        The controls are those of the frameworks named; that an item is evidence for a control does not mean that it satisfies the
        control by itself.
      </li>
    </ul>
  </section>`;
}

/** The report as one HTML page: nothing in it is loaded from elsewhere or runs, and it reads as well on paper as on a screen. */
export function reportHtml(report: EvidenceReport): string {
  const { tenant, period, generatedAt, items } = report;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        />
        <title>Evidence: ${tenant.name}, ${period.from.slice(0, 10)} to ${period.to.slice(0, 10)}</title>
        <style>
          ${new Markup(reportStyle)}
        </style>
      </head>
      <body>
        <header>
          <p class="quiet">Microsoft 365 security connector</p>
          <h1>Evidence for ${tenant.name}</h1>
          <dl>
            <div>
              <dt>Tenant</dt>
              <dd><code>${tenant.id}</code></dd>
            </div>
            <div>
              <dt>Cloud</dt>
              <dd>${tenant.cloud}</dd>
            </div>
            <div>
              <dt>Collected since</dt>
              <dd>${moment(tenant.addedAt)}</dd>
            </div>
            <div>
              <dt>Period of completeness</dt>
              <dd>${moment(period.from)} to ${moment(period.to)}</dd>
            </div>
            <div>
              <dt>Report made</dt>
              <dd>${moment(generatedAt)}</dd>
            </div>
          </dl>
        </header>
        <main>
          ${summary(report)} ${items.map(section)}
          <section aria-labelledby="past">
            <h2 id="past">Assessments of this time</h2>
            ${pastTable(report)}
          </section>
          ${proof(report)}
        </main>
      </body>
    </html> `;
  return `${page.text.trim()}\n`;
}
