import type { Explanation } from '../app/explain';
import type { CoverageRow } from '../app/heatMap';
import type { IntegrationView } from '../app/integrationsView';
import type { Change } from '../domain/onboarding';
import type { Tenant } from '../domain/tenant';
import type { HourCoverage } from '../domain/coverage';
import { html } from './html';
import type { Html } from './html';
import { buttonForm, count, layout, moment, stateChip, tokenField } from './layout';

interface TenantParts {
  readonly providerName: string;
  readonly browser: string;
  readonly tenant: Tenant;
  readonly explanation: Explanation;
  readonly integrations: readonly IntegrationView[];
  readonly coverage: { readonly hours: readonly string[]; readonly rows: readonly CoverageRow[] };
  readonly changes: readonly Change[];
  /** Whether who looks may also change something. */
  readonly mayChange: boolean;
  /** What was just done, or could not be. */
  readonly told?: { readonly good: boolean; readonly text: string } | undefined;
}

/** One tenant: how it is, why, what its sources have proven, what can be done, and who did what. */
export function tenantPage(parts: TenantParts): Html {
  const { tenant, explanation, integrations, coverage, changes, providerName, told } = parts;
  const { why, nextStep, state, since } = explanation;
  return layout(
    { title: tenant.name, operator: true, providerName, ...(told === undefined ? { renew: 10 } : {}) },
    html`<h1>${tenant.name}</h1>
      <p>${stateChip(state)}${since !== undefined && html` <span class="quiet">since ${moment(since)}</span>`}</p>
      <p class="lead">${why} ${nextStep !== 'Nothing to do.' && nextStep}</p>
      ${told !== undefined && html`<div class="note ${told.good ? 'good' : 'bad'}" role="status"><p>${told.text}</p></div>`}
      ${parts.mayChange && actions(parts)} ${sourcesTable(integrations)} ${heatMap(coverage)} ${facts(tenant)} ${history(changes)}
      ${parts.mayChange && removal(parts)}`,
  );
}

function actions({ tenant, browser }: TenantParts): Html {
  const form = (action: string, label: string, look = 'second'): Html =>
    buttonForm(browser, `/tenants/${tenant.id}/${action}`, label, look);
  return html`<div class="actions">
    ${tenant.status === 'paused' ? form('resume', 'Resume', '') : form('sync', 'Collect now')}
    ${form('test', 'Send a test record')} ${form('consent', 'Make a consent link')}
    ${tenant.status === 'active' && form('pause', 'Pause')}
    <a class="button second" href="/tenants/${tenant.id}/respond">Act on a user or device</a>
  </div>`;
}

function sourcesTable(integrations: readonly IntegrationView[]): Html {
  return html`<h2>Sources</h2>
    <table class="stack">
      <caption class="hidden">
        Sources with their states
      </caption>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col">State</th>
          <th scope="col">Why, and what to do</th>
          <th scope="col" class="number">Delivered, 24 h</th>
          <th scope="col" class="number">Records, 24 h</th>
          <th scope="col">Last record</th>
        </tr>
      </thead>
      <tbody>
        ${integrations.flatMap(({ sources }) =>
          sources.map(
            ({ title, source, state, why, nextStep, lastDay, lastRecordAt }) =>
              html`<tr>
                <th scope="row">${title}<br /><code class="quiet">${source}</code></th>
                <td>${stateChip(state)}</td>
                <td>
                  <p>${why}</p>
                  ${nextStep !== 'Nothing to do.' && html`<p class="quiet">${nextStep}</p>`}
                </td>
                <td class="number" data-label="Delivered, 24 h">${count(lastDay.delivered)} of ${count(lastDay.units)}</td>
                <td class="number" data-label="Records, 24 h">${count(lastDay.records)}</td>
                <td data-label="Last record">${moment(lastRecordAt)}</td>
              </tr>`,
          ),
        )}
      </tbody>
    </table>`;
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

/** Hours by sources; each cell says in words what its colour shows. */
function heatMap({ hours, rows }: TenantParts['coverage']): Html {
  const label = (hour: string): string => `${hour.slice(0, 10)} ${hour.slice(11, 13)}:00 UTC`;
  return html`<h2>Coverage, last ${hours.length} hours</h2>
    <div class="card scroll" tabindex="0" role="region" aria-label="Coverage, hour by hour">
      <table class="heat">
        <thead>
          <tr>
            <th scope="col"><span class="hidden">Source</span></th>
            ${hours.map(
              (hour) =>
                html`<th scope="col">
                  <span class="hidden">${label(hour)}</span
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
                  return html`<td class="${look}" title="${label(hour)}: ${text}">
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
    </ul>`;
}

function facts(tenant: Tenant): Html {
  const { id, cloud, clientId, application, description, addedAt } = tenant;
  return html`<h2>Facts</h2>
    <dl class="facts card">
      <dt>Tenant id</dt>
      <dd><code>${id}</code></dd>
      <dt>Cloud</dt>
      <dd>${cloud}</dd>
      <dt>Signs in as</dt>
      <dd>
        <code>${clientId}</code>,
        ${application === 'provider' ? "the provider's application" : "an application of the tenant's own"}
      </dd>
      <dt>Connected</dt>
      <dd>${moment(addedAt)}</dd>
      ${
        description !== '' &&
        html`<dt>Description</dt>
          <dd>${description}</dd>`
      }
    </dl>`;
}

const changeTexts: Readonly<Record<string, string>> = {
  onboarded: 'Connected',
  changed: 'Integrations changed',
  invited: 'Invited',
  paused: 'Paused',
  resumed: 'Resumed',
  synced: 'Collected on request',
  tested: 'Test record sent',
  removed: 'Removed',
  tenantMismatch: 'Consent for another tenant refused',
};

/** Who did what, newest first. */
export function history(changes: readonly Change[]): Html {
  return html`<h2>History</h2>
    ${
      changes.length === 0
        ? html`<p class="quiet">Nothing was changed yet.</p>`
        : html`<table class="stack">
            <caption class="hidden">
              Changes, newest first
            </caption>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col">Detail</th>
                <th scope="col">Who</th>
              </tr>
            </thead>
            <tbody>
              ${changes.map(
                ({ at, what, detail, who }) =>
                  html`<tr>
                    <td>${moment(at)}</td>
                    <th scope="row">${changeTexts[what] ?? what}</th>
                    <td class="${detail === undefined ? 'empty' : ''}">${detail}</td>
                    <td class="quiet small">${who}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }`;
}

function removal({ tenant, browser }: TenantParts): Html {
  return html`<h2>Remove</h2>
    <details id="remove" class="card">
      <summary>Remove ${tenant.name}</summary>
      <p>
        Collecting ends, and its secret and its position are deleted. What was delivered stays in Event Hubs; coverage and gaps
        stay as proof. Added again, it starts with what Microsoft still holds.
      </p>
      <form method="post" action="/tenants/${tenant.id}/remove" autocomplete="off">
        ${tokenField(browser)}
        <div class="field">
          <label for="confirm">Type the tenant’s name, ${tenant.name}, to confirm</label>
          <input id="confirm" name="confirm" required />
        </div>
        <div class="actions"><button type="submit" class="danger">Remove</button></div>
      </form>
    </details>`;
}
