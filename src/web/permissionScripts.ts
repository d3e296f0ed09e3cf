import type { Api } from '../domain/failure';
import { apiTitles, resourceAppIds } from '../domain/resource';
import type { Permission } from '../domain/source';
import { html } from './html';
import type { Html } from './html';

type Named = Pick<Permission, 'api' | 'role'>;

/** A text with a button that copies it, when there is script. */
export function copyable(id: string, label: string, text: string): Html {
  return html`<pre id="${id}" tabindex="0" aria-label="${label}">${text}</pre>
    <button type="button" class="second small" data-copy="${id}" hidden>Copy ${label}</button>`;
}

/** Permissions as people paste them into a request to whoever grants them, API by API. */
export function permissionText(permissions: readonly Named[]): string {
  const apis: readonly Api[] = [...new Set(permissions.map(({ api }) => api))];
  return apis
    .map((api) =>
      [
        `${apiTitles[api]} (${resourceAppIds[api]}), application permissions:`,
        ...permissions.flatMap((one) => (one.api === api ? [`  ${one.role}`] : [])),
      ].join('\n'),
    )
    .join('\n');
}

/** A script that makes the application with exactly these permissions. Role ids are looked up in the tenant itself. */
export function applicationScript(permissions: readonly Named[]): string {
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

/**
 * A script that assigns the permissions to a managed identity, which the portal cannot do. Role ids are looked up in the tenant itself.
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-assign-app-role-managed-identity
 */
export function identityScript(
  { tenantId, clientId, graph }: { readonly tenantId: string; readonly clientId: string; readonly graph: string },
  permissions: readonly Named[],
): string {
  return [
    `az login --tenant ${tenantId} --allow-no-subscriptions`,
    `ME=$(az ad sp show --id ${clientId} --query id -o tsv)`,
    'assign() {',
    '  API=$(az ad sp show --id "$1" --query id -o tsv)',
    `  ROLE=$(az ad sp show --id "$1" --query "appRoles[?value=='$2'].id" -o tsv)`,
    `  az rest --method post --url "${graph}/v1.0/servicePrincipals/$ME/appRoleAssignments" \\`,
    '    --body "{\\"principalId\\":\\"$ME\\",\\"resourceId\\":\\"$API\\",\\"appRoleId\\":\\"$ROLE\\"}" -o none',
    '}   # "already exists" is fine: it was assigned before',
    ...permissions.map(({ api, role }) => `assign ${resourceAppIds[api]} ${role}   # ${apiTitles[api]}`),
  ].join('\n');
}
