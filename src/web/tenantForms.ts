import type { CredentialExplanation } from '../app/credentialWords';
import { integrations, isIntegrationId } from '../domain/integration';
import type { IntegrationId } from '../domain/integration';
import type { Source } from '../domain/source';
import type { ChosenIntegration, Polling, Tenant } from '../domain/tenant';
import { html } from './html';
import type { Html } from './html';
import { buttonForm, moment, tokenField, withoutCommand } from './layout';

/** How often an integration can be polled, as the page offers it; other intervals are given by command or API. */
const pollings: readonly (readonly [string, string])[] = [
  ['adaptive', 'As often as it is worth it'],
  ['60', 'Every minute'],
  ['300', 'Every 5 minutes'],
  ['900', 'Every 15 minutes'],
  ['3600', 'Every hour'],
  ['21600', 'Every 6 hours'],
  ['86400', 'Once a day'],
  ['disabled', 'Disabled: only on request'],
];

const textOf = (polling: Polling): string => (polling.kind === 'every' ? String(polling.seconds) : polling.kind);

const ids = Object.keys(integrations).filter(isIntegrationId);

/** What is collected of the tenant, and how often: to be changed. */
export function integrationsForm(tenant: Tenant, browser: string, sources: readonly Source[]): Html {
  const chosen = new Map(tenant.integrations.map(({ id, polling }) => [id, textOf(polling)]));
  const optional = sources.filter((source) => source.optional === true);
  return html`<h2 id="integrations">What is collected</h2>
    <form method="post" action="/tenants/${tenant.id}/change" class="card">
      ${tokenField(browser)} ${ids.map((id) => integrationRow(id, chosen.get(id)))}
      <fieldset>
        <legend class="small">Also, for those who want them</legend>
        ${optional.map(
          ({ id, title, integration }) =>
            html`<p class="tick">
              <input
                type="checkbox"
                id="also-${id}"
                name="also"
                value="${id}"
                ${tenant.also?.includes(id) === true ? html`checked` : ''}
              />
              <label for="also-${id}">${title} <span class="quiet">(${integrations[integration].title})</span></label>
            </p>`,
        )}
      </fieldset>
      <div class="actions">
        <button type="submit">Save</button
        ><span class="quiet small">What needs a permission that was not given says so; then ask for consent again.</span>
      </div>
    </form>`;
}

function integrationRow(id: IntegrationId, polling: string | undefined): Html {
  const { title } = integrations[id];
  const offered =
    polling === undefined || pollings.some(([value]) => value === polling) ? [] : [[polling, `Every ${polling} s`] as const];
  return html`<p class="tick">
    <input type="checkbox" id="in-${id}" name="integration" value="${id}" ${polling === undefined ? '' : html`checked`} />
    <label for="in-${id}">${title}</label>
    <label class="hidden" for="every-${id}">How often: ${title}</label>
    <select id="every-${id}" name="polling-${id}">
      ${[...pollings, ...offered].map(
        ([value, label]) =>
          html`<option value="${value}" ${value === (polling ?? 'adaptive') ? html`selected` : ''}>${label}</option>`,
      )}
    </select>
  </p>`;
}

/** What the form above says; what it cannot have said is left out. */
export function readIntegrations(form: ReadonlyMap<string, readonly string[]>): {
  readonly integrations: readonly ChosenIntegration[];
  readonly also: readonly string[];
} {
  const chosen = [...new Set(form.get('integration') ?? [])].filter(isIntegrationId);
  return {
    integrations: chosen.map((id) => ({ id, polling: pollingOf(form.get(`polling-${id}`)?.[0]) })),
    also: [...new Set(form.get('also') ?? [])],
  };
}

function pollingOf(text = 'adaptive'): Polling {
  if (text === 'disabled') return { kind: 'disabled' };
  return /^\d{1,6}$/.test(text) ? { kind: 'every', seconds: Number(text) } : { kind: 'adaptive' };
}

/** What the tenant signs in with, how long that is good for, and how to renew it. */
export function credentialSection(
  tenant: Tenant,
  browser: string,
  credential: CredentialExplanation | undefined,
  mayChange: boolean,
): Html {
  const shared = tenant.application === 'provider';
  const path = `/tenants/${tenant.id}`;
  return html`<h2 id="credential">Credential</h2>
    ${
      credential === undefined
        ? html`<p class="quiet">Nothing is known of a credential.</p>`
        : html`<dl class="facts card">
            <dt>Kind</dt>
            <dd>${credential.kindTitle}${shared && html`, of the provider’s application: all its tenants share it`}</dd>
            <dt>Days left</dt>
            <dd>${daysWords(credential)}</dd>
            <dt>How it is</dt>
            <dd>${credential.why} ${credential.nextStep !== 'Nothing to do.' && withoutCommand(credential.nextStep)}</dd>
          </dl>`
    }
    ${mayChange && credential?.automatic === true && !shared && buttonForm(browser, `${path}/rotate`, 'Renew it now', 'second')}
    ${mayChange && !shared && credentialForm(path, browser)}`;
}

function daysWords({ state, daysLeft, expiresAt }: CredentialExplanation): Html {
  if (state === 'neverExpires') return html`Never expires.`;
  if (daysLeft === undefined) return html`Not known.`;
  return html`<strong>${daysLeft}</strong>, until ${moment(expiresAt)}`;
}

function credentialForm(path: string, browser: string): Html {
  return html`<details id="give-credential" class="card">
    <summary>Give another secret or certificate</summary>
    <form method="post" action="${path}/credential" autocomplete="off">
      ${tokenField(browser)}
      <div class="field">
        <label for="secret">Client secret, its Value</label>
        <p class="quiet" id="secret-help">It is tried first, and used once it works. The one before stays usable for a day.</p>
        <input id="secret" name="secret" type="password" autocomplete="off" spellcheck="false" aria-describedby="secret-help" />
      </div>
      <div class="field">
        <label for="expires">The day it expires</label>
        <p class="quiet" id="expires-help">Only if the connector may not look at the application itself.</p>
        <input id="expires" name="expires" type="date" aria-describedby="expires-help" />
      </div>
      <div class="field">
        <label for="certificate">Or a certificate with its private key, as PEM text</label>
        <textarea id="certificate" name="certificate" rows="4" autocomplete="off" spellcheck="false"></textarea>
      </div>
      <div class="actions"><button type="submit">Try it, and use it</button></div>
    </form>
  </details>`;
}

/** To end it all: what goes, what stays, and the name to be typed. */
export function removal(tenant: Tenant, browser: string): Html {
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
        <p class="tick">
          <input type="checkbox" id="purge" name="purge" value="yes" aria-describedby="purge-text" />
          <label for="purge">Delete everything that is kept about it, too</label>
        </p>
        <p class="quiet small" id="purge-text">
          Then ledger, coverage, gaps, large records and assessments go within the hour: nobody can prove any more what was
          collected. The history of changes stays, and so does what a retention policy of the storage account still holds.
        </p>
        <div class="actions"><button type="submit" class="danger">Remove</button></div>
      </form>
    </details>`;
}
