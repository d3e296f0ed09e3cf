import { actionNextStep, actionStateTitles, storyText } from '../app/describeAction';
import { isRetryable } from '../domain/actionLife';
import { isEnd } from '../domain/actionRow';
import type { ActionRow, ActionState } from '../domain/actionRow';
import type { Operator } from '../domain/operator';
import { html } from './html';
import type { Html } from './html';
import { buttonForm, layout, moment } from './layout';

const looks: Readonly<Record<ActionState, readonly [look: string, shape: string]>> = {
  approval: ['waiting', '◔'],
  queued: ['waiting', '◔'],
  running: ['catchingUp', '◐'],
  waiting: ['waiting', '◔'],
  verified: ['collecting', '●'],
  partlyDone: ['degraded', '▲'],
  failed: ['needsAttention', '✖'],
  timedOut: ['degraded', '▲'],
  cancelled: ['disabled', '◇'],
  refused: ['disabled', '◇'],
};

/** The state of an action: its word and its shape, never colour alone. */
function actionChip(state: ActionState): Html {
  const [look, shape] = looks[state];
  return html`<span class="state ${look}"><span aria-hidden="true">${shape}</span>${actionStateTitles[state]}</span>`;
}

/** Actions, newest first; of one tenant, or of all. */
export function actionsTable(rows: readonly ActionRow[], ofAll: boolean, names: ReadonlyMap<string, string> = new Map()): Html {
  if (rows.length === 0) return html`<p class="quiet">Nothing was done yet.</p>`;
  return html`<table class="stack">
    <caption class="hidden">
      Actions, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Action</th>
        <th scope="col">State</th>
        <th scope="col">On</th>
        ${ofAll && html`<th scope="col">Tenant</th>`}
        <th scope="col">Asked for</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ id, tenantId, action, choice, state, target, requestedAt }) =>
          html`<tr>
            <th scope="row"><a href="/tenants/${tenantId}/actions/${id}">${action}${choice !== '' && ` (${choice})`}</a></th>
            <td>${actionChip(state)}</td>
            <td>${target.name}</td>
            ${ofAll && html`<td>${names.get(tenantId) ?? tenantId}</td>`}
            <td data-label="Asked for">${moment(requestedAt)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The actions of all tenants: first those that wait for somebody. */
export function actionsPage(providerName: string, rows: readonly ActionRow[], names: ReadonlyMap<string, string>): Html {
  const waiting = rows.filter(({ state }) => state === 'approval');
  return layout(
    { title: 'Actions', operator: true, providerName, renew: 10 },
    html`<h1>Actions on users and devices</h1>
      ${
        waiting.length > 0 &&
        html`<h2>Waiting for approval</h2>
          ${actionsTable(waiting, true, names)}`
      }
      <h2>All</h2>
      ${actionsTable(rows, true, names)}`,
  );
}

interface ActionParts {
  readonly providerName: string;
  readonly browser: string;
  readonly row: ActionRow;
  readonly title: string;
  readonly tenantName: string;
  readonly reversibleBy: string | undefined;
  readonly operator: Operator | undefined;
  /** Whether whoever sits at this machine may play the second person. */
  readonly mayPlay: boolean;
  readonly told?: { readonly good: boolean; readonly text: string } | undefined;
}

/** One action: how it stands, what can be decided, and its whole story as it is written. */
export function actionPage(parts: ActionParts): Html {
  const { row, title, tenantName, providerName, told } = parts;
  const { state, since, target, choice, reason, requestedBy, steps } = row;
  const moving = !isEnd(state) || row.told < row.story.length;
  return layout(
    { title, operator: true, providerName, ...(moving ? { renew: 2 } : {}) },
    html`<h1>${title}${choice !== '' && ` (${choice})`}: ${target.name}</h1>
      <div aria-live="polite">
        <p>${actionChip(state)} <span class="quiet">since ${moment(since)}</span></p>
        <p class="lead">${actionNextStep(row)}</p>
      </div>
      ${told !== undefined && html`<div class="note ${told.good ? 'good' : 'bad'}" role="status"><p>${told.text}</p></div>`}
      ${decisionsOf(parts)}
      <h2>Facts</h2>
      <dl class="facts card">
        <dt>Tenant</dt>
        <dd><a href="/tenants/${row.tenantId}">${tenantName}</a></dd>
        <dt>Target</dt>
        <dd><code>${target.id}</code></dd>
        <dt>Reason</dt>
        <dd>${reason}</dd>
        <dt>Asked for by</dt>
        <dd><code>${requestedBy}</code></dd>
        ${
          row.approval?.by !== undefined &&
          html`<dt>Approved by</dt>
            <dd><code>${row.approval.by}</code></dd>`
        }
        <dt>Steps</dt>
        <dd>${steps.map((step) => `${step.id}: ${step.state}${step.adopted === true ? ' (taken over)' : ''}`).join(', ')}</dd>
      </dl>
      <h2>Story</h2>
      <table class="stack">
        <caption class="hidden">
          What happened, in order
        </caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
          </tr>
        </thead>
        <tbody>
          ${row.story.map(
            (line) =>
              html`<tr>
                <td>${moment(line.at)}</td>
                <td>${storyText(line)}</td>
                <td class="quiet small">${line.who ?? 'the connector'}${line.role !== undefined && ` (${line.role})`}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
  );
}

function decisionsOf({ row, browser, operator, reversibleBy, mayPlay }: ActionParts): Html | undefined {
  const roles = operator?.roles ?? [];
  const form = (decision: string, label: string, look = 'second', fields: Readonly<Record<string, string>> = {}): Html =>
    buttonForm(browser, `/tenants/${row.tenantId}/actions/${row.id}/${decision}`, label, look, fields);
  const isOther = operator?.who !== row.requestedBy;
  const parts = [
    row.state === 'approval' && roles.includes('Approver') && isOther && form('approve', 'Approve', ''),
    row.state === 'approval' &&
      mayPlay &&
      form('approve', 'Approve as a second person (on this machine only)', '', { as: 'second' }),
    row.state === 'approval' && form('decline', 'Decline'),
    !isEnd(row.state) &&
      row.state !== 'approval' &&
      row.cancel === undefined &&
      row.watchUntil === undefined &&
      form('cancel', 'Cancel'),
    isRetryable(row) && row.left === true && roles.includes('Responder') && form('retry', 'Try the rest again', ''),
    row.state === 'verified' &&
      reversibleBy !== undefined &&
      roles.includes('Responder') &&
      html`<a
        class="button second"
        href="/tenants/${row.tenantId}/respond/${row.target.kind}/${row.target.id}?action=${reversibleBy}"
        >Undo it</a
      >`,
  ];
  return parts.some((part) => part !== false) ? html`<div class="actions">${parts}</div>` : undefined;
}
