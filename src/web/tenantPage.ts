import type { AssessmentsView } from '../app/askForAssessment';
import type { CredentialExplanation } from '../app/credentialWords';
import type { Explanation } from '../app/explain';
import type { LastDelivery } from '../app/lastDeliveries';
import type { IntegrationView } from '../app/integrationsView';
import type { ListedTenant } from '../app/tenantList';
import type { Source } from '../domain/source';
import type { Tenant } from '../domain/tenant';
import { history } from './historyTable';
import { html } from './html';
import type { Html } from './html';
import { buttonForm, count, layout, moment, span, stateChip, withoutCommand } from './layout';
import { credentialSection, integrationsForm, removal } from './tenantForms';
import { deliveriesTable, gapsList, heatMap, sourcesTable } from './tenantSources';
import type { ShownCoverage } from './tenantSources';
import type { Change } from '../domain/onboarding';

interface TenantParts {
  readonly providerName: string;
  readonly browser: string;
  readonly tenant: Tenant;
  readonly explanation: Explanation;
  readonly summary: ListedTenant;
  readonly integrations: readonly IntegrationView[];
  /** The titles of the licences that open feeds; undefined when they could not be read. */
  readonly licences: readonly string[] | undefined;
  readonly coverage: ShownCoverage;
  readonly deliveries: readonly LastDelivery[];
  readonly credential: CredentialExplanation | undefined;
  readonly changes: readonly Change[];
  readonly assessments: AssessmentsView;
  readonly sources: readonly Source[];
  /** Whether who looks may also change something. */
  readonly mayChange: boolean;
  /** What was just done, or could not be. */
  readonly told?: { readonly good: boolean; readonly text: string } | undefined;
}

/** One tenant: how it is, why, what its sources have proven, what can be done, and who did what. */
export function tenantPage(parts: TenantParts): Html {
  const { tenant, explanation, integrations, coverage, changes, providerName, told, mayChange, browser } = parts;
  const { why, nextStep, state, since } = explanation;
  const step = withoutCommand(nextStep);
  return layout(
    { title: tenant.name, operator: true, providerName, ...(told === undefined ? { renew: 10 } : {}) },
    html`<h1>${tenant.name}</h1>
      <p>${stateChip(state)}${since !== undefined && html` <span class="quiet">since ${moment(since)}</span>`}</p>
      <p class="lead">${why} ${step !== 'Nothing to do.' && step}</p>
      ${told !== undefined && html`<div class="note ${told.good ? 'good' : 'bad'}" role="status"><p>${told.text}</p></div>`}
      ${mayChange && actions(parts)} ${figures(parts)} ${contents} ${sourcesTable(integrations)} ${heatMap(coverage)}
      ${gapsList(integrations)} ${deliveriesTable(parts.deliveries)}
      ${credentialSection(tenant, browser, parts.credential, mayChange)}
      ${mayChange && integrationsForm(tenant, browser, parts.sources)} ${evidence(parts)} ${facts(parts)} ${history(changes)}
      ${mayChange && removal(tenant, browser)}`,
  );
}

const contents = html`<nav aria-label="On this page" class="contents small">
  <a href="#sources">Sources</a> <a href="#coverage">Coverage</a> <a href="#live">Live</a> <a href="#credential">Credential</a>
  <a href="#integrations">What is collected</a> <a href="#evidence">Evidence</a> <a href="#history">History</a>
</nav>`;

function actions({ tenant, browser, summary: { nextAction } }: TenantParts): Html {
  const form = (action: string, label: string, look = 'second'): Html =>
    buttonForm(browser, `/tenants/${tenant.id}/${action}`, label, look);
  return html`<div class="actions">
    ${tenant.status === 'paused' ? form('resume', 'Resume', '') : form('sync', 'Collect now')}
    ${nextAction === 'credential' && html`<a class="button" href="#credential">Give a new secret</a>`}
    ${form('test', 'Send a test record')} ${form('consent', 'Make a consent link', nextAction === 'consent' ? '' : 'second')}
    ${tenant.status === 'active' && form('pause', 'Pause')}
    <a class="button second" href="/tenants/${tenant.id}/respond">Act on a user or device</a>
  </div>`;
}

function evidence({ tenant, assessments: { newest, askedAt }, mayChange, browser }: TenantParts): Html {
  const path = `/tenants/${tenant.id}`;
  return html`<h2 id="evidence">Evidence</h2>
    <p>
      ${
        newest === undefined
          ? 'Not assessed yet.'
          : html`Assessed ${moment(newest.assessedAt)}: ${newest.counts ?? 'the document cannot be read as it was written'}.`
      }
      ${askedAt !== undefined && underWay(tenant, askedAt)}
    </p>
    <p>
      <a href="${path}/evidence">Evidence report</a>, to read and print: what was looked at, the figures, the gaps, and how it was
      proven. <a href="${path}/evidence?form=csv">The same as a table (CSV)</a>.
    </p>
    ${mayChange && html`<div class="actions">${buttonForm(browser, `${path}/assess`, 'Assess now', 'second')}</div>`}`;
}

function underWay({ status }: Tenant, askedAt: string): Html {
  const asked = html`A new one was asked for ${moment(askedAt)}`;
  return status === 'paused'
    ? html`${asked}; it is made once the tenant is resumed.`
    : html`<strong>${asked} and is under way.</strong> As a rule it takes less than a minute, and is then shown here; if it takes
        longer, its source above says why.`;
}

function figures({ summary, credential }: TenantParts): Html {
  const { lagSeconds, recordsPerHour, records, gaps, lastRecordAt } = summary;
  const left = credential?.daysLeft;
  return html`<dl class="figures">
    ${figure('Lag', lagSeconds === undefined ? '–' : span(lagSeconds))} ${figure('Records, last hour', count(recordsPerHour))}
    ${figure('Records in all', count(records))} ${figure('Last record', moment(lastRecordAt))} ${figure('Lost', count(gaps))}
    ${figure('Credential', left === undefined ? (credential?.state === 'neverExpires' ? 'never expires' : '–') : `${left} days left`)}
  </dl>`;
}

function figure(name: string, value: string | Html): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function facts({ tenant, licences }: TenantParts): Html {
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
      ${
        licences !== undefined &&
        html`<dt>Licences that count</dt>
          <dd>${licences.length === 0 ? 'none' : licences.join(', ')}</dd>`
      }
      <dt>Connected</dt>
      <dd>${moment(addedAt)}</dd>
      ${
        description !== '' &&
        html`<dt>Description</dt>
          <dd>${description}</dd>`
      }
    </dl>`;
}
