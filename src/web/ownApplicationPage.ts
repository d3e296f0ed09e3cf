import { permissionsOf } from '../app/permissions';
import type { IntegrationId } from '../domain/integration';
import type { Invitation } from '../domain/onboarding';
import { apiTitles } from '../domain/resource';
import type { Source } from '../domain/source';
import type { Given } from './choosePage';
import { warning } from './choosePage';
import { html } from './html';
import type { Html } from './html';
import { layout, tokenField } from './layout';
import { applicationScript, copyable, permissionText } from './permissionScripts';

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
      <p class="lead">Make it by hand or with the script, then give its ids and its secret or certificate below.</p>
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
            <strong>Certificates &amp; secrets</strong>: best <strong>Upload certificate</strong>, without its key. Or
            <strong>New client secret</strong>: copy its <strong>Value</strong>, not its Secret ID; it is shown once.
          </li>
        </ol>
      </details>
      <details id="by-script" class="card">
        <summary>With a script, for the Azure CLI</summary>
        ${copyable('script', 'the script', applicationScript(permissions))}
      </details>
      <details id="permission-list" class="card">
        <summary>The permissions, to send to whoever grants them</summary>
        ${copyable('permissions', 'the list', permissionText(permissions))}
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
          <p class="quiet" id="secret-help">Leave it empty if you give a certificate.</p>
          <input id="secret" name="secret" type="password" autocomplete="off" spellcheck="false" aria-describedby="secret-help" />
        </div>
        <div class="field">
          <label for="certificate">Or a certificate with its private key, as PEM text</label>
          <p class="quiet" id="certificate-help">
            Both parts, each from -----BEGIN to -----END-----, the key without a password. Better than a secret: nobody can read
            it over a shoulder.
          </p>
          <textarea
            id="certificate"
            name="certificate"
            rows="4"
            autocomplete="off"
            spellcheck="false"
            aria-describedby="certificate-help"
          ></textarea>
          <p class="file" hidden>
            <label for="certificate-file">Take it from a file</label>
            <input type="file" id="certificate-file" accept=".pem,.crt,.key,.txt" data-fill="certificate" />
          </p>
        </div>
        <p class="quiet small">What you give here goes to a key vault and is shown nowhere again.</p>
        <div class="actions">
          <button type="submit">Connect</button><a class="button second" href="/onboard/${token}">Back</a>
        </div>
      </form>`,
  );
}
