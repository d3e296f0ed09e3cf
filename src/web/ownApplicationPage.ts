import { permissionsOf } from '../app/permissions';
import type { Api } from '../domain/failure';
import type { IntegrationId } from '../domain/integration';
import type { Invitation } from '../domain/onboarding';
import { apiTitles, resourceAppIds } from '../domain/resource';
import type { Source } from '../domain/source';
import type { Given } from './choosePage';
import { warning } from './choosePage';
import { html } from './html';
import type { Html } from './html';
import { layout, tokenField } from './layout';

interface OwnParts {
  readonly providerName: string;
  readonly invitation: Invitation;
  readonly token: string;
  readonly browser: string;
  readonly sources: readonly Source[];
  readonly integrations: readonly IntegrationId[];
  readonly given: Given;
  readonly wrong?: { readonly title: string; readonly nextStep: string } | undefined;
}

/** How to make an application by hand or with a script, and where to give its ids and secret. */
export function ownApplicationPage(parts: OwnParts): Html {
  const { invitation, token, browser, integrations, given, providerName, wrong } = parts;
  const permissions = permissionsOf(integrations, parts.sources);
  return layout(
    { title: `Connect ${invitation.customer} with your own application`, providerName },
    html`<h1>Your own application</h1>
      <p class="lead">Make it by hand or with the script, then give its ids and its secret below.</p>
      ${wrong !== undefined && warning(wrong)}
      <details id="by-hand" class="card">
        <summary>By hand, in the Entra admin center</summary>
        <ol>
          <li>Open entra.microsoft.com, <strong>App registrations</strong>, <strong>New registration</strong>.</li>
          <li>
            Name: <code>Microsoft 365 security connector</code>. Accounts in this organisational directory only. No redirect URI.
            <strong>Register</strong>.
          </li>
          <li>
            <strong>API permissions</strong>, <strong>Add a permission</strong>, <strong>Application permissions</strong>, each of
            these:
            <ul>
              ${permissions.map(({ api, role }) => html`<li>${apiTitles[api]}: <code>${role}</code></li>`)}
            </ul>
          </li>
          <li><strong>Grant admin consent</strong>, and confirm.</li>
          <li>
            <strong>Certificates &amp; secrets</strong>, <strong>New client secret</strong>. Copy its <strong>Value</strong>, not
            its Secret ID: it is shown once.
          </li>
        </ol>
      </details>
      <details id="by-script" class="card">
        <summary>With a script, for the Azure CLI</summary>
        <pre id="script" tabindex="0">${scriptOf(permissions)}</pre>
        <button type="button" class="second small" data-copy="script" hidden>Copy the script</button>
      </details>
      <form method="post" action="/onboard/${token}" autocomplete="off">
        ${tokenField(browser)}
        <input type="hidden" name="way" value="ownApplication" />
        ${integrations.map((id) => html`<input type="hidden" name="integration" value="${id}" />`)}
        <div class="field">
          <label for="tenant">Tenant ID</label>
          <p class="quiet" id="tenant-help">
            Entra admin center, Overview; or a domain of yours, such as contoso.onmicrosoft.com.
          </p>
          <input id="tenant" name="tenant" required aria-describedby="tenant-help" value="${given.tenant ?? ''}" />
        </div>
        <div class="field">
          <label for="clientId">Application (client) ID</label>
          <p class="quiet" id="client-help">On the overview of your application.</p>
          <input id="clientId" name="clientId" required aria-describedby="client-help" value="${given.clientId ?? ''}" />
        </div>
        <div class="field">
          <label for="secret">Client secret, its Value</label>
          <p class="quiet" id="secret-help">It goes to a key vault and is shown nowhere again.</p>
          <input
            id="secret"
            name="secret"
            type="password"
            required
            autocomplete="off"
            spellcheck="false"
            aria-describedby="secret-help"
          />
        </div>
        <div class="actions">
          <button type="submit">Connect</button><a class="button second" href="/onboard/${token}">Back</a>
        </div>
      </form>`,
  );
}

/** A script that makes the application with exactly these permissions. Role ids are looked up in the tenant itself. */
function scriptOf(permissions: readonly { readonly api: Api; readonly role: string }[]): string {
  return [
    'az login --allow-no-subscriptions',
    'APP=$(az ad app create --display-name "Microsoft 365 security connector" --sign-in-audience AzureADMyOrg --query appId -o tsv)',
    'az ad sp create --id "$APP"',
    'add() {',
    `  ROLE=$(az ad sp show --id "$1" --query "appRoles[?value=='$2'].id" -o tsv)`,
    '  az ad app permission add --id "$APP" --api "$1" --api-permissions "$ROLE=Role"',
    '}',
    ...permissions.map(({ api, role }) => `add ${resourceAppIds[api]} ${role}   # ${apiTitles[api]}`),
    'sleep 30   # until Microsoft knows the application everywhere',
    'az ad app permission admin-consent --id "$APP"',
    'az account show --query tenantId -o tsv   # the tenant ID',
    'echo "$APP"                               # the application (client) ID',
    'az ad app credential reset --id "$APP" --append --display-name connector --years 1 --query password -o tsv   # the secret',
  ].join('\n');
}
