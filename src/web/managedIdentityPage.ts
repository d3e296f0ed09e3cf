import { permissionsOf } from '../app/permissions';
import type { IntegrationId } from '../domain/integration';
import type { Invitation } from '../domain/onboarding';
import type { Source } from '../domain/source';
import { warning } from './choosePage';
import { html } from './html';
import type { Html } from './html';
import { layout, tokenField } from './layout';
import { copyable, identityScript } from './permissionScripts';

interface IdentityParts {
  readonly providerName: string;
  readonly invitation: Invitation;
  readonly token: string;
  readonly browser: string;
  readonly sources: readonly Source[];
  readonly integrations: readonly IntegrationId[];
  readonly clientId: string;
  /** The origin of Microsoft Graph in the cloud of the tenant. */
  readonly graph: string;
  readonly wrong?: { readonly title: string; readonly nextStep: string } | undefined;
}

/** The one command that lets the connector into the tenant it lives in, and the button to press afterwards. */
export function managedIdentityPage(parts: IdentityParts): Html {
  const { invitation, token, browser, integrations, clientId, graph, providerName, wrong, sources } = parts;
  const permissions = permissionsOf(integrations, sources);
  const script = identityScript({ tenantId: invitation.tenantId ?? '', clientId, graph }, permissions);
  return layout(
    { title: `Connect ${invitation.customer} by managed identity`, providerName },
    html`<h1>One command, no secret</h1>
      <p class="lead">
        The connector signs in to ${invitation.customer} as itself. There is no application to register, and nothing that could
        expire or leak.
      </p>
      ${wrong !== undefined && warning(wrong)}
      <ol>
        <li>
          Run this where the Azure CLI is, for example in the Cloud Shell of the Azure portal, as Global Administrator or
          Privileged Role Administrator. It assigns
          ${permissions.length === 1 ? 'one reading permission' : `${permissions.length} reading permissions`} to the managed
          identity
          <code>${clientId}</code>. ${copyable('script', 'the command', script)}
        </li>
        <li>
          Then connect. Azure remembers what an identity may do for up to a day: if the connector asked for a token before, new
          permissions may take that long to count. It is looked at again by itself.
        </li>
      </ol>
      <form method="post" action="/onboard/${token}">
        ${tokenField(browser)}
        <input type="hidden" name="way" value="managedIdentity" />
        <input type="hidden" name="assigned" value="yes" />
        ${integrations.map((id) => html`<input type="hidden" name="integration" value="${id}" />`)}
        <div class="actions">
          <button type="submit">I ran it: connect</button><a class="button second" href="/onboard/${token}">Back</a>
        </div>
      </form>
      <h2>To undo it</h2>
      <p>
        Entra admin center, <strong>Enterprise applications</strong>, application type <strong>Managed identities</strong>, search
        for <code>${clientId}</code>, <strong>Permissions</strong>: take them back one by one.
      </p>`,
  );
}
