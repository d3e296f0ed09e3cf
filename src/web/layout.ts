import { createHash } from 'node:crypto';
import { shownStateTitles } from '../app/explain';
import type { ShownState } from '../app/explain';
import { html } from './html';
import type { Html, Part } from './html';
import { formToken, formTokenField } from './request';
import { script } from './script';
import { style } from './style';

const version = createHash('sha256').update(style).update(script).digest('hex').slice(0, 12);

/** Where the stylesheet and the script are; their address changes with what is in them. */
export const assetPaths = { style: `/assets/style-${version}.css`, script: `/assets/page-${version}.js` };

/** How a page differs from the plainest. */
interface Look {
  readonly title: string;
  /** The pages of the operator are wide and have a way back. */
  readonly operator?: boolean;
  /** Seconds after which it is shown anew, by the script, or by the browser itself without it. */
  readonly renew?: number;
  readonly providerName: string;
}

/** A whole page. */
export function layout({ title, operator, renew, providerName }: Look, content: Part): Html {
  const slower = renew === undefined ? undefined : Math.max(5, renew * 2);
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title}</title>
      <link rel="stylesheet" href="${assetPaths.style}" />
      <link rel="icon" href="data:," />
      ${slower !== undefined && html`<noscript><meta http-equiv="refresh" content="${slower}" /></noscript>`}
      <script src="${assetPaths.script}" defer></script>
    </head>
    <body>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="site">
        <div>
          ${
            operator === true
              ? html`<a class="name" href="/">Microsoft 365 security connector</a>
                  <nav aria-label="Main">
                    <a href="/">Tenants</a> <a href="/actions">Actions</a> <a href="/invite">Invite a customer</a>
                    <a href="/history">History</a>
                  </nav>`
              : html`<span class="name">Microsoft 365 security connector</span> <span class="quiet">${providerName}</span>`
          }
        </div>
      </header>
      <main id="main" ${operator === true ? html`class="wide"` : ''} ${renew === undefined ? '' : html`data-renew="${renew}"`}>
        ${content}
      </main>
    </body>
  </html>`;
}

const shapes: Readonly<Record<ShownState, string>> = {
  collecting: '●',
  catchingUp: '◐',
  waiting: '◔',
  needsAttention: '✖',
  degraded: '▲',
  notAvailable: '◇',
  paused: '❚❚',
  disabled: '◇',
  notRunYet: '○',
};

/** A state: its word and its shape, never colour alone. */
export function stateChip(state: ShownState): Html {
  return html`<span class="state ${state}"><span aria-hidden="true">${shapes[state]}</span>${shownStateTitles[state]}</span>`;
}

/** A moment: relative with the script, in UTC without it and on hover. */
export function moment(iso: string | undefined): Html {
  if (iso === undefined) return html`never`;
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
  return html`<time datetime="${iso}" title="${utc}">${utc}</time>`;
}

/** A span of time in the largest unit that says enough: `40 s`, `7 min`, `3 h`, `2 d`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** What to do next, without the command line's way: the page has a button for it. */
export const withoutCommand = (nextStep: string): string => nextStep.replace(/: npm run \S.*$/s, '.');

/** A form with one button; its fields go along. */
export function buttonForm(
  browser: string,
  action: string,
  label: Part,
  look = '',
  fields: Readonly<Record<string, string>> = {},
): Html {
  return html`<form method="post" action="${action}">
    ${tokenField(browser)}
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button type="submit" class="${look}">${label}</button>
  </form>`;
}

/** The hidden field that shows a form to be ours. */
export function tokenField(browser: string): Html {
  return html`<input type="hidden" name="${formTokenField}" value="${formToken(browser)}" />`;
}

/** A number as people read it. */
export const count = (number: number): string => number.toLocaleString('en-US');

/** A page that says one thing, and perhaps what to do about it. */
export function messagePage(
  look: Look,
  { heading, text, next, action }: { heading: string; text: string; next?: string | undefined; action?: Part },
): Html {
  return layout(
    look,
    html`<h1>${heading}</h1>
      <p class="lead">${text}</p>
      ${next !== undefined && html`<p>${next}</p>`} ${action !== undefined && html`<div class="actions">${action}</div>`}`,
  );
}
