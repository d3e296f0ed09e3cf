import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { appSettingsOf, infra, ofType, parameterFiles, resourcesOf } from './bicepFiles';
import type { Resource } from './bicepFiles';

// The built-in roles by id, from https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
const connectorRoles = {
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
  // It adds the credentials it renews.
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  'Azure Event Hubs Data Sender': '2b629674-e913-4c01-ae53-ef4638d8f975',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
};
// Event Grid may put the vault's events on one queue, and nothing else.
const eventGridRole = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a';
const peopleRoles = {
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  'Azure Event Hubs Data Sender': '2b629674-e913-4c01-ae53-ef4638d8f975',
  'Azure Event Hubs Data Receiver': 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
};

// https://learn.microsoft.com/azure/azure-functions/functions-app-settings, the notes on Flex Consumption.
const notOnFlex =
  /^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT|SCM_DO_BUILD|ENABLE_ORYX|WEBSITE_TIME_ZONE|TZ$|WEBSITE_NODE)/;

const text = (value: unknown): string => JSON.stringify(value);
const isConnector = (assignment: Resource): boolean => text(assignment.properties['principalId']).includes('outputs.principalId');
const roleOf = (assignment: Resource): string => text(assignment.properties['roleDefinitionId']).slice(-37, -1);

describe.each(parameterFiles('parameters'))('a deployment with %s', (parameters) => {
  const resources = resourcesOf(parameters);
  const settings = appSettingsOf(resources);

  it('has no key, no shared access signature and no secret anywhere', () => {
    const all = text(resources);
    expect(all).not.toMatch(
      /listKeys|listAccountSas|listServiceSas|listSecrets|AccountKey=|SharedAccessKey|InstrumentationKey=|client_secret/i,
    );
    for (const account of ofType(resources, 'Microsoft.Storage/storageAccounts'))
      expect(account.properties).toMatchObject({ allowSharedKeyAccess: false, defaultToOAuthAuthentication: true });
    for (const namespace of ofType(resources, 'Microsoft.EventHub/namespaces'))
      expect(namespace.properties).toMatchObject({ disableLocalAuth: true });
    for (const component of ofType(resources, 'Microsoft.Insights/components'))
      expect(component.properties).toMatchObject({ DisableLocalAuth: true });
    for (const workspace of ofType(resources, 'Microsoft.OperationalInsights/workspaces'))
      expect(workspace.properties).toMatchObject({ features: { disableLocalAuth: true } });
    for (const policy of ofType(resources, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies'))
      expect(policy.properties).toEqual({ allow: false });
    expect(ofType(resources, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies')).toHaveLength(2);
  });

  it('speaks TLS 1.2 or newer only', () => {
    for (const account of ofType(resources, 'Microsoft.Storage/storageAccounts'))
      expect(account.properties).toMatchObject({ minimumTlsVersion: 'TLS1_2', supportsHttpsTrafficOnly: true });
    for (const namespace of ofType(resources, 'Microsoft.EventHub/namespaces'))
      expect(namespace.properties).toMatchObject({ minimumTlsVersion: '1.2' });
    for (const app of ofType(resources, 'Microsoft.Web/sites'))
      expect(app.properties).toMatchObject({
        httpsOnly: true,
        siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.2', ftpsState: 'Disabled', remoteDebuggingEnabled: false },
      });
  });

  it('lets people sign in without a secret, or not at all', () => {
    const [signIn] = ofType(resources, 'Microsoft.Web/sites/config');
    expect(settings.has('OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID')).toBe(signIn !== undefined);
    if (signIn === undefined) return;
    const clientId = '88888888-9999-4aaa-8bbb-cccccccccccc';
    expect(signIn.name).toMatch(/authsettingsV2$/);
    expect(signIn.properties).toMatchObject({
      platform: { enabled: true },
      httpSettings: { requireHttps: true },
      identityProviders: {
        azureActiveDirectory: {
          registration: { clientId, clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID' },
          validation: { allowedAudiences: [clientId, `api://${clientId}`] },
        },
      },
    });
  });

  it('hands what the vault says about expiry to a queue of its own, with an identity', () => {
    const vaults = ofType(resources, 'Microsoft.KeyVault/vaults');
    const subscriptions = ofType(resources, 'Microsoft.EventGrid/systemTopics/eventSubscriptions');
    expect(subscriptions).toHaveLength(vaults.length);
    const queues = ofType(resources, 'Microsoft.Storage/storageAccounts/queueServices/queues').map(({ name }) =>
      name.split('/').at(-1),
    );
    for (const { properties } of subscriptions) {
      const delivery = properties['deliveryWithResourceIdentity'];
      expect(delivery).toMatchObject({ identity: { type: 'SystemAssigned' }, destination: { endpointType: 'StorageQueue' } });
      expect(queues).toContain(delivery?.['destination']?.['properties']?.['queueName']);
      expect(properties['destination']).toBeUndefined();
    }
  });

  it('has every queue that a function reads', () => {
    const queues = ofType(resources, 'Microsoft.Storage/storageAccounts/queueServices/queues').map(({ name }) =>
      name.split('/').at(-1),
    );
    const prefix = settings.get('STORAGE_PREFIX') ?? '';
    const code = readdirSync('functions')
      .map((file) => readFileSync(`functions/${file}`, 'utf8'))
      .join('\n');
    const read = [...code.matchAll(/%STORAGE_PREFIX%(-[\w-]+)/g)].map(([, name = '']) => `${prefix}${name}`);
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter((name) => !queues.includes(name))).toEqual([]);
  });

  it('shows no blob to the public', () => {
    for (const account of ofType(resources, 'Microsoft.Storage/storageAccounts'))
      expect(account.properties).toMatchObject({ allowBlobPublicAccess: false, allowCrossTenantReplication: false });
    for (const container of ofType(resources, 'Microsoft.Storage/storageAccounts/blobServices/containers'))
      expect(text(container)).not.toContain('publicAccess');
  });

  it('keeps what is deleted from the vault, and from storage for a week', () => {
    for (const vault of ofType(resources, 'Microsoft.KeyVault/vaults'))
      expect(vault.properties).toMatchObject({
        enableRbacAuthorization: true,
        enableSoftDelete: true,
        enablePurgeProtection: true,
        softDeleteRetentionInDays: 90,
      });
    for (const blobs of ofType(resources, 'Microsoft.Storage/storageAccounts/blobServices'))
      expect(blobs.properties).toMatchObject({
        deleteRetentionPolicy: { enabled: true },
        containerDeleteRetentionPolicy: { enabled: true },
      });
  });

  it('gives the connector the six roles it needs, each once, and people none but theirs', () => {
    const assignments = ofType(resources, 'Microsoft.Authorization/roleAssignments');

    expect(assignments.filter(isConnector).map(roleOf).toSorted()).toEqual(Object.values(connectorRoles).toSorted());
    const eventGrid = assignments.filter((one) => roleOf(one) === eventGridRole);
    for (const { scope, id } of eventGrid) expect(text(scope ?? id)).toMatch(/queueServices\/default\/queues\/\w+-near-expiry/);
    expect(eventGrid).toHaveLength(ofType(resources, 'Microsoft.EventGrid/systemTopics').length);
    for (const assignment of assignments.filter((one) => !isConnector(one) && !eventGrid.includes(one)))
      expect(Object.values(peopleRoles)).toContain(roleOf(assignment));
    for (const assignment of assignments) expect(['ServicePrincipal', 'Group']).toContain(assignment.properties['principalType']);
  });

  it('names identity and client on every connection of a trigger', () => {
    for (const connection of connectionsOfTriggers()) {
      expect(settings.has(connection)).toBe(false);
      expect(settings.get(`${connection}__credential`)).toBe('managedidentity');
      expect(settings.get(`${connection}__clientId`)).toContain('outputs.clientId');
      const name = settings.get(`${connection}__accountName`);
      const addresses = ['blob', 'queue', 'table'].map((part) => settings.get(`${connection}__${part}ServiceUri`));
      expect([name !== undefined, ...addresses.map((address) => address !== undefined)]).toEqual(
        name === undefined ? [false, true, true, true] : [true, false, false, false],
      );
    }
    expect(settings.get('APPLICATIONINSIGHTS_AUTHENTICATION_STRING')).toContain('Authorization=AAD;ClientId=');
  });

  it('makes a Flex app as Flex wants it, and a premium app without a file share', () => {
    const [plan] = ofType(resources, 'Microsoft.Web/serverfarms');
    const [app] = ofType(resources, 'Microsoft.Web/sites');
    const names = [...settings.keys()];
    expect(names.filter((name) => name.startsWith('WEBSITE_CONTENT'))).toEqual([]);
    if ((plan?.sku?.['name'] as unknown) === 'FC1') {
      expect(names.filter((name) => notOnFlex.test(name))).toEqual([]);
      expect(app?.properties['functionAppConfig']).toMatchObject({
        deployment: { storage: { type: 'blobContainer', authentication: { type: 'UserAssignedIdentity' } } },
        runtime: { name: 'node', version: '22' },
      });
    } else {
      expect(app?.properties['functionAppConfig']).toBeUndefined();
      expect(settings.get('FUNCTIONS_EXTENSION_VERSION')).toBe('~4');
      expect(settings.get('WEBSITE_RUN_FROM_PACKAGE')).toMatch(
        /^https:\/\/|^\[format\('\{0\}\/released-package\.zip', format\('https:/,
      );
      expect(app?.properties['siteConfig']?.['linuxFxVersion']).toBe('NODE|22');
    }
    expect(app?.identity).toMatchObject({ type: 'UserAssigned' });
  });

  it('sends the diagnostics of every service to the workspace', () => {
    const watched = new Set(
      ofType(resources, 'Microsoft.Insights/diagnosticSettings').map(({ scope, id }) => text(scope ?? id).toLowerCase()),
    );
    const services = [
      'Microsoft.EventGrid/systemTopics',
      'Microsoft.EventHub/namespaces',
      'Microsoft.KeyVault/vaults',
      'Microsoft.OperationalInsights/workspaces',
      'Microsoft.Storage/storageAccounts/blobServices',
      'Microsoft.Storage/storageAccounts/queueServices',
      'Microsoft.Storage/storageAccounts/tableServices',
      'Microsoft.Web/sites',
    ].flatMap((type) => ofType(resources, type));
    for (const { id } of services) expect([...watched].some((scope) => scope.includes(id.toLowerCase()))).toBe(true);
  });

  it('opens storage, vault and hubs to everybody with a role, or to nobody outside its network', () => {
    const isPrivate = ofType(resources, 'Microsoft.Network/privateEndpoints').length > 0;
    const data = ['Microsoft.Storage/storageAccounts', 'Microsoft.KeyVault/vaults', 'Microsoft.EventHub/namespaces'].flatMap(
      (type) => ofType(resources, type),
    );
    for (const { properties } of data) expect(properties['publicNetworkAccess']).toBe(isPrivate ? 'Disabled' : 'Enabled');
    const [app] = ofType(resources, 'Microsoft.Web/sites');
    expect(text(app?.properties['virtualNetworkSubnetId'] ?? null).includes('/subnets/')).toBe(isPrivate);
    const account = ofType(resources, 'Microsoft.Storage/storageAccounts')[0]?.properties['networkAcls'];
    expect(account).toMatchObject(
      isPrivate ? { defaultAction: 'Deny', bypass: 'AzureServices' } : { defaultAction: 'Allow', bypass: 'None' },
    );
    const groups = ofType(resources, 'Microsoft.Network/privateEndpoints').flatMap(({ properties }) =>
      text(properties['privateLinkServiceConnections']).match(/(?<="groupIds":\[")\w+/g),
    );
    const own = [
      ...(ofType(resources, 'Microsoft.EventHub/namespaces').length > 0 ? ['namespace'] : []),
      ...(ofType(resources, 'Microsoft.KeyVault/vaults').length > 0 ? ['vault'] : []),
    ];
    expect(groups.toSorted()).toEqual(isPrivate ? ['blob', 'queue', 'table', ...own].toSorted() : []);
  });
});

describe('the Bicep files', () => {
  it('name no cloud, no suffix and no region', () => {
    const names = [
      'main.bicep',
      'shared.bicep',
      ...['storage', 'eventHubs', 'keyVault', 'flexApp', 'premiumApp', 'network', 'privateEndpoint'].map(
        (module) => `modules/${module}.bicep`,
      ),
    ];
    for (const file of names) {
      const code = readFileSync(join(infra, file), 'utf8')
        .replace(/^\s*(\/\/|@description).*$/gm, '')
        .replace(/Example: [^']+/g, '');
      expect(code).not.toMatch(/windows\.net|azure\.net|usgovcloudapi|chinacloudapi|azure\.cn|azure\.us|westeurope|eastus/);
    }
  });
});

/** The connections that the triggers in functions/ name. */
function connectionsOfTriggers(): readonly string[] {
  const code = ['collect', 'handlePoison'].map((name) => readFileSync(`functions/${name}.ts`, 'utf8')).join('\n');
  return [...new Set([...code.matchAll(/connection: '(\w+)'/g)].map(([, name]) => name ?? ''))];
}
