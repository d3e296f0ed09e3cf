import { keyVaultSecrets } from '../../src/azure/keyVaultSecrets';
import type { PublishedApplication } from './microsoft365/identity/applications';
import type { ManagedIdentity } from './microsoft365/identity/applications';
import { defaultRoles } from './microsoft365/tenant';
import type { SimulatedTenant } from './microsoft365/tenant';

/** The tenant of the simulated provider, and the managed identity that its connector runs as. */
export const home: ManagedIdentity = {
  tenantId: '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9',
  clientId: 'a11ce000-0000-4000-8000-000000000003',
};

const providerName = 'Contoso Security Operations';

/** The provider's own organisation, which it may collect as well. */
export const homeTenant: SimulatedTenant = {
  tenantId: home.tenantId,
  name: providerName,
  domain: 'contososecurityoperations.onmicrosoft.com',
  clientId: 'a11ce000-0000-4000-8000-000000000004',
  secret: 'fake-home-secret~4',
  mood: 'steady',
  prospect: true,
};

const provider = {
  clientId: 'a11ce000-0000-4000-8000-000000000001',
  secret: 'fake-provider-secret~1',
  secretName: 'provider-application',
};
const setup = {
  clientId: 'a11ce000-0000-4000-8000-000000000002',
  secret: 'fake-setup-secret~2',
  secretName: 'setup-application',
};

const response = {
  clientId: 'a11ce000-0000-4000-8000-000000000006',
  secret: 'fake-response-secret~3',
  secretName: 'response-application',
};

/** The application that acts, with the permissions of docs/response.md; each tenant consents to it on its own. */
export const responseApplication: PublishedApplication = {
  ...{ clientId: response.clientId, secret: response.secret, redirectUris: [] },
  name: 'Contoso Security Operations response',
  roles: {
    graph: [
      ...['User.Read.All', 'RoleManagement.Read.Directory', 'User.EnableDisableAccount.All', 'User.RevokeSessions.All'],
      ...['IdentityRiskyUser.ReadWrite.All', 'SecurityAlert.Read.All'],
    ],
    defender: ['Machine.Read.All', 'Machine.Isolate', 'Machine.CollectForensics', 'Machine.Scan'],
  },
};

/** The applications that the provider of the local stack has registered with the simulated Microsoft, for a connector at this address. */
export function providerApplications(publicUrl: string): readonly PublishedApplication[] {
  const redirectUris = [`${publicUrl}/auth/callback`];
  return [
    {
      ...{ clientId: provider.clientId, secret: provider.secret, redirectUris },
      name: 'Contoso Security Operations connector',
      roles: { ...defaultRoles, management: ['ActivityFeed.Read', 'ActivityFeed.ReadDlp'] },
    },
    {
      ...{ clientId: setup.clientId, secret: setup.secret, redirectUris },
      name: 'Contoso Security Operations set-up',
      roles: {},
    },
    responseApplication,
  ];
}

/** The settings with which the connector offers every way in, to whoever is on this machine. */
export function providerSettings(publicUrl: string, signInUrl: string): Readonly<Record<string, string>> {
  return {
    PUBLIC_URL: publicUrl,
    PROVIDER_NAME: providerName,
    MANAGED_IDENTITY_CLIENT_ID: home.clientId,
    // As App Service tells the SDKs. https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
    IDENTITY_ENDPOINT: `${signInUrl}/msi/token`,
    IDENTITY_HEADER: 'fake-identity-header',
    PROVIDER_CLIENT_ID: provider.clientId,
    PROVIDER_CLOUD: 'custom',
    SETUP_CLIENT_ID: setup.clientId,
    RESPONSE_CLIENT_ID: response.clientId,
    RESPONSE_ACTIONS: 'on',
    OPERATOR_ACCESS: 'local',
    CLOUD_CUSTOM_SIGN_IN: signInUrl,
  };
}

/** Puts the secrets of the applications into the local key vault. */
export async function writeProviderSecrets(vaultUrl: string): Promise<void> {
  const secrets = keyVaultSecrets({ vaultUrl }, { now: () => new Date() });
  for (const { secretName, secret } of [provider, setup, response])
    await secrets.write(secretName, secret, {}, AbortSignal.timeout(10_000));
}
