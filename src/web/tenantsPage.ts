import type { CredentialExplanation } from '../app/credentialWords';
import { worstFirst } from '../app/explain';
import type { ListedTenant, NextAction } from '../app/tenantList';
import { shownStateTitles } from '../app/explain';
import { html } from './html';
import type { Html } from './html';
import { buttonForm, count, layout, span, stateChip, withoutCommand } from './layout';

interface TenantsParts {
  readonly providerName: string;
  readonly tenants: readonly ListedTenant[];
  readonly search: string;
  readonly state: string;
  readonly browser: string;
  /** What each tenant signs in with, by the name of its secret. */
  readonly credentials: ReadonlyMap<string, CredentialExplanation>;
  /** Whether who looks may also change something. */
  readonly mayChange: boolean;
}

const shownAtOnce = 200;

/** The operator's first page: is everything all right, and if not, where first. */
export function tenantsPage(parts: TenantsParts): Html {
  const { providerName, tenants, search, state } = parts;
  const wanted = search.trim().toLowerCase();
  const found = tenants.filter(
    (one) => (state === '' || one.state === state) && `${one.tenant.name}\n${one.tenant.id}`.toLowerCase().includes(wanted),
  );
  const troubled = tenants.filter((one) => one.state === 'needsAttention' || one.state === 'degraded').length;
  return layout(
    { title: 'Tenants', operator: true, providerName, renew: 10 },
    html`<h1>${headline(tenants.length, troubled)}</h1>
      <ul class="counts" aria-label="Tenants by state">
        ${worstFirst.flatMap((each) => {
          const number = tenants.filter((one) => one.state === each).length;
          return number === 0
            ? []
            : [
                html`<li>
                  <a href="/?state=${each}"><strong>${count(number)}</strong>${shownStateTitles[each]}</a>
                </li>`,
              ];
        })}
      </ul>
      <form method="get" action="/" role="search" class="field">
        <label for="q">Search by name or tenant id</label>
        <input id="q" name="q" type="search" value="${search}" />
      </form>
      ${(search !== '' || state !== '') && html`<p>${count(found.length)} of ${count(tenants.length)} tenants. <a href="/">Show all</a></p>`}
      ${tenants.length === 0 ? nobody : tenantsTable(parts, found.slice(0, shownAtOnce))}
      ${found.length > shownAtOnce && html`<p class="quiet">And ${count(found.length - shownAtOnce)} more: search to see them.</p>`}`,
  );
}

function headline(all: number, troubled: number): string {
  if (all === 0) return 'No tenants yet';
  if (troubled === 0) return all === 1 ? 'The tenant is all right' : `All ${count(all)} tenants are all right`;
  return `${count(troubled)} of ${count(all)} tenants ${troubled === 1 ? 'needs' : 'need'} a look`;
}

const nobody = html`<p class="lead">Invite a customer: its administrator opens a link, ticks what is wanted, and consents.</p>
  <div class="actions"><a class="button" href="/invite">Invite a customer</a></div>`;

function tenantsTable(parts: TenantsParts, tenants: readonly ListedTenant[]): Html {
  return html`<table class="stack">
    <caption class="hidden">
      Tenants, those that need a person first
    </caption>
    <thead>
      <tr>
        <th scope="col">Tenant</th>
        <th scope="col" class="why">How it is, why, and what to do</th>
        <th scope="col" class="number">Lag</th>
        <th scope="col" class="number">Records, last h</th>
        <th scope="col" class="number">Gaps</th>
        <th scope="col">Credential</th>
        <th scope="col">Next</th>
      </tr>
    </thead>
    <tbody>
      ${tenants.map((one) => tenantRow(parts, one))}
    </tbody>
  </table>`;
}

function tenantRow(parts: TenantsParts, listed: ListedTenant): Html {
  const { tenant, state, why, nextStep, recordsPerHour, lagSeconds, gaps, nextAction } = listed;
  const calm = state === 'collecting';
  // A button says it better than the command does.
  const step = nextAction === undefined || nextAction === 'look' ? withoutCommand(nextStep) : '';
  return html`<tr>
    <th scope="row"><a href="/tenants/${tenant.id}">${tenant.name}</a></th>
    <td>
      ${stateChip(state)} ${!calm && html`<p>${why}</p>`}
      ${!calm && step !== '' && step !== 'Nothing to do.' && html`<p class="quiet">${step}</p>`}
    </td>
    <td class="number" data-label="Lag">${lagSeconds === undefined ? '–' : span(lagSeconds)}</td>
    <td class="number" data-label="Records, last h">${count(recordsPerHour)}</td>
    <td class="number" data-label="Gaps">${count(gaps)}</td>
    <td data-label="Credential">${credentialCell(parts.credentials.get(tenant.secretName))}</td>
    <td class="${nextAction === undefined ? 'empty' : ''}">
      ${nextAction !== undefined && actionButton(parts, listed, nextAction)}
    </td>
  </tr>`;
}

/** Days left; what a person has to renew stands out, what renews itself does not. */
function credentialCell(credential: CredentialExplanation | undefined): Html {
  const { state, daysLeft, automatic } = credential ?? { state: 'unknownExpiry' };
  if (state === 'neverExpires') return html`never expires`;
  if (daysLeft === undefined) return html`–`;
  const urgent = state === 'expired' || state === 'removed' || (state === 'nearExpiry' && !automatic);
  const words = daysLeft < 0 ? 'expired' : `${daysLeft} d`;
  return urgent ? html`<span class="state needsAttention"><span aria-hidden="true">✖</span>${words}</span>` : html`${words}`;
}

const actionLabels: Readonly<Record<NextAction, string>> = {
  consent: 'Ask for consent',
  credential: 'Give a new secret',
  resume: 'Resume',
  sync: 'Collect now',
  look: 'See why',
};

/** Who may not change anything is led to the page that says why. */
function actionButton({ browser, mayChange }: TenantsParts, { tenant }: ListedTenant, action: NextAction): Html {
  const label = actionLabels[mayChange ? action : 'look'];
  const named = html`${label}<span class="hidden">: ${tenant.name}</span>`;
  const path = `/tenants/${tenant.id}`;
  if (!mayChange || action === 'look') return html`<a class="button second small" href="${path}">${named}</a>`;
  if (action === 'credential') return html`<a class="button second small" href="${path}#credential">${named}</a>`;
  return buttonForm(browser, `${path}/${action}`, named, 'second small');
}
