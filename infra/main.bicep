// The connector in one resource group: identity, storage, Event Hubs, Key Vault, telemetry, the function app and its alerts.
// Deploying again is safe: everything keeps its name, its data and its settings.

import { connectorSettings, hub, roles, texts } from 'shared.bicep'

metadata name = 'Microsoft 365 security connector'
metadata description = 'Brings the security data of Microsoft 365 tenants into Event Hubs. Keyless; deploying again is safe.'

@description('What all names begin with: 3 to 12 lower-case letters and digits, a letter first. Example: contoso.')
@minLength(3)
@maxLength(12)
param name string

@description('The region of all resources.')
param location string = resourceGroup().location

@description('Tags of all resources.')
param tags texts = {}

@description('The tenant id of whoever operates the connector. Microsoft counts the requests of each operator on its own.')
@minLength(36)
@maxLength(36)
param publisherTenantId string = tenant().tenantId

@description('How the app is hosted. FlexConsumption costs nothing while nothing happens, but exists in the public cloud only; elsewhere, as in Azure Government and China, it is ElasticPremium.')
param plan 'FlexConsumption' | 'ElasticPremium' = environment().name == 'AzureCloud'
  ? 'FlexConsumption'
  : 'ElasticPremium'

@description('The memory of an instance on FlexConsumption, in megabytes.')
param instanceMemoryMB 512 | 2048 | 4096 = 2048

@description('The size of an instance on ElasticPremium.')
param premiumSize 'EP1' | 'EP2' | 'EP3' = 'EP1'

@description('How many instances there are at most; ElasticPremium has 20 in every region and 100 in some.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = plan == 'FlexConsumption' ? 40 : 20

@description('How many instances that collect are always there, on FlexConsumption. 0 costs nothing, and delays the first message after a pause by a few seconds.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Whether app and storage survive the loss of a zone. The region must have availability zones; Event Hubs uses them there by itself.')
param zoneRedundant bool = false

@description('Where the package is fetched from. Empty: the app is created without code, which a command publishes afterwards. Example: https://example.blob.core.windows.net/releases/released-package.zip.')
@maxLength(2000)
param packageUri string = ''

@description('When the connector looks for what is due, as six NCRONTAB fields in UTC.')
param collectSchedule string = '0 * * * * *'

@description('What the names of tables, queues and containers begin with: 3 to 20 lower-case letters and digits, a letter first.')
@minLength(3)
@maxLength(20)
param storagePrefix string = 'm365'

@description('Settings of the connector that most installations never change.')
param settings connectorSettings = {}

@description('The tier of the Event Hubs namespace.')
param eventHubsSku 'Standard' | 'Premium' = 'Standard'

@description('Throughput units (Standard: 1 MB a second each) or processing units (Premium).')
@minValue(1)
@maxValue(40)
param eventHubsCapacity int = 1

@description('Up to how many throughput units the namespace grows by itself; Standard only.')
@minValue(1)
@maxValue(40)
param eventHubsMaximumCapacity int = 4

@description('For how many days hubs keep their events; Standard keeps them for 7 days at most.')
@minValue(1)
@maxValue(90)
param eventHubsRetentionDays int = 7

@description('The hubs.')
@minLength(1)
param hubs hub[] = [
  { name: 'm365-audit', partitions: 4 }
  { name: 'm365-alerts', partitions: 1 }
  { name: 'm365-identity', partitions: 4 }
  { name: 'm365-entities', partitions: 2 }
  { name: 'm365-posture', partitions: 1 }
  { name: 'm365-operations', partitions: 1 }
]

@description('A consumer group for each product that reads the hubs, so that none takes events from another.')
@maxLength(19)
param consumerGroups string[] = ['siem']

@description('The object id of an Entra ID group whose members add tenants and read the hubs with the commands of this project; empty for nobody.')
param operatorGroupId string = ''

@description('The object ids of the service principals that read the hubs with a role of their own, such as the application that the SIEM uses.')
@maxLength(20)
param readerPrincipalIds string[] = []

@description('Whether storage, vault and hubs can be reached through private endpoints in a virtual network only.')
param privateNetwork bool = false

@description('The address range of that network; at least a /25.')
param networkAddressPrefix string = '10.90.0.0/24'

@description('The resource id of a subnet to put the app in, instead of a new network; it has to be delegated to Microsoft.App/environments (FlexConsumption) or Microsoft.Web/serverFarms. Empty for a new network.')
param existingAppSubnetId string = ''

@description('The resource id of the subnet for the private endpoints, in the same network. Empty for a new network.')
param existingEndpointsSubnetId string = ''

@description('The resource id of the resource group that has the private DNS zones already, linked to that network. Empty to make the zones.')
param existingDnsZonesGroupId string = ''

@description('The client id of the application that operators sign in to the operator page with. Empty: the page lets nobody in.')
@maxLength(36)
param operatorPageClientId string = ''

@description('The resource id of an Event Hubs namespace to use instead of a new one; it has to have the hubs. Empty for a new one.')
param existingEventHubsId string = ''

@description('The resource id of a key vault to use instead of a new one; it has to use roles. Empty for a new one.')
param existingKeyVaultId string = ''

@description('The resource id of a Log Analytics workspace to use instead of a new one. Empty for a new one.')
param existingWorkspaceId string = ''

@description('For how many days a new workspace keeps logs.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('How many gigabytes a day a new workspace takes in at most; 0 for no limit. Beyond the limit there are no alerts either.')
@minValue(0)
@maxValue(4000)
param logDailyCapGb int = 0

@description('Whether alert rules are made; docs/operations.md lists them.')
param alerts bool = true

@description('Who gets a mail when an alert fires.')
@maxLength(10)
param alertEmails string[] = []

@description('The resource ids of action groups that are called when an alert fires, for example to open a ticket.')
@maxLength(4)
param alertActionGroupIds string[] = []

@description('Whether every single access to storage is logged, which costs more than the storage itself.')
param storageAuditLogs bool = false

@description('After how many days records that were too large for Event Hubs are deleted from storage.')
@minValue(8)
@maxValue(3650)
param oversizeRetentionDays int = 30

var lowerCase = 'abcdefghijklmnopqrstuvwxyz'
var namesToCheck = [
  { parameter: 'name', value: name, example: 'contoso' }
  { parameter: 'storagePrefix', value: storagePrefix, example: 'm365' }
]
var idsToCheck = [
  {
    parameter: 'existingEventHubsId'
    value: existingEventHubsId
    what: 'an Event Hubs namespace'
    type: 'Microsoft.EventHub/namespaces'
  }
  { parameter: 'existingKeyVaultId', value: existingKeyVaultId, what: 'a key vault', type: 'Microsoft.KeyVault/vaults' }
  {
    parameter: 'existingWorkspaceId'
    value: existingWorkspaceId
    what: 'a Log Analytics workspace'
    type: 'Microsoft.OperationalInsights/workspaces'
  }
]
var subnetsToCheck = [
  { parameter: 'existingAppSubnetId', value: existingAppSubnetId }
  { parameter: 'existingEndpointsSubnetId', value: existingEndpointsSubnetId }
]
var flex = plan == 'FlexConsumption'
var standard = eventHubsSku == 'Standard'
var networkLengths = map(range(8, 18), length => string(length))
var hubNames = map(hubs, hub => hub.name)
var operationsHub = settings.?OPERATIONS_HUB ?? 'm365-operations'
var pollShortest = settings.?POLL_SHORTEST_SECONDS ?? 60
var pollLongest = settings.?POLL_LONGEST_SECONDS ?? 900

// What no single parameter can say. All that is wrong is said at once, before anything is created.
var problems = concat(
  map(
    filter(
      namesToCheck,
      check =>
        length(filter(
          range(0, length(check.value)),
          at => !contains('${lowerCase}${at == 0 ? '' : '0123456789'}', substring(check.value, at, 1))
        )) > 0
    ),
    check => '${check.parameter} has to be lower-case letters and digits, a letter first. Example: ${check.example}.'
  ),
  map(
    filter(
      idsToCheck,
      check =>
        !empty(check.value) && (length(split(check.value, '/')) != 9 || !contains(
          toLower(check.value),
          toLower('/providers/${check.type}/')
        ))
    ),
    check =>
      '${check.parameter} is not the resource id of ${check.what}. Example: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/soc/providers/${check.type}/contoso.'
  ),
  map(
    filter(
      subnetsToCheck,
      check =>
        !empty(check.value) && (length(split(check.value, '/')) != 11 || !contains(
          toLower(check.value),
          '/providers/microsoft.network/virtualnetworks/'
        ))
    ),
    check =>
      '${check.parameter} is not the resource id of a subnet. Example: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/hub/subnets/connector.'
  ),
  empty(existingAppSubnetId) != empty(existingEndpointsSubnetId)
    ? ['existingAppSubnetId and existingEndpointsSubnetId go together: give both, or neither.']
    : [],
  !empty(existingAppSubnetId) && toLower(existingAppSubnetId) == toLower(existingEndpointsSubnetId)
    ? [
        'existingAppSubnetId and existingEndpointsSubnetId are the same subnet, but the one of the app is delegated and cannot have endpoints. Give two.'
      ]
    : [],
  !privateNetwork && !(empty(existingAppSubnetId) && empty(existingDnsZonesGroupId))
    ? ['privateNetwork is false, but existing subnets or DNS zones are given. Example: privateNetwork true.']
    : [],
  !empty(existingDnsZonesGroupId) && (length(split(existingDnsZonesGroupId, '/')) != 5 || !contains(
      toLower(existingDnsZonesGroupId),
      '/resourcegroups/'
    ))
    ? [
        'existingDnsZonesGroupId is not the resource id of a resource group. Example: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/dns.'
      ]
    : [],
  !empty(operatorPageClientId) && length(split(operatorPageClientId, '-')) != 5
    ? ['operatorPageClientId is not a client id. Example: 11111111-2222-3333-4444-555555555555.']
    : [],
  !empty(settings.?OTEL_EXPORTER_OTLP_HEADERS) && !startsWith(
      settings.?OTEL_EXPORTER_OTLP_HEADERS ?? '',
      '@Microsoft.KeyVault('
    )
    ? [
        'settings.OTEL_EXPORTER_OTLP_HEADERS would show a secret to whoever can read the deployment. Example: @Microsoft.KeyVault(VaultName=contoso;SecretName=otlp).'
      ]
    : [],
  !empty(settings.?OTEL_EXPORTER_OTLP_ENDPOINT) && !startsWith(settings.?OTEL_EXPORTER_OTLP_ENDPOINT ?? '', 'https://')
    ? ['settings.OTEL_EXPORTER_OTLP_ENDPOINT is not an https address. Example: https://otel.example.net.']
    : [],
  standard && eventHubsMaximumCapacity < eventHubsCapacity
    ? [
        'eventHubsMaximumCapacity is less than eventHubsCapacity. Example: eventHubsCapacity 1, eventHubsMaximumCapacity 4.'
      ]
    : [],
  standard && eventHubsRetentionDays > 7
    ? ['eventHubsRetentionDays is more than 7, which only Premium can keep. Example: 7, or eventHubsSku Premium.']
    : [],
  !standard && !contains([1, 2, 4, 6, 8, 10, 12, 16], eventHubsCapacity)
    ? ['eventHubsCapacity is no number of processing units that Premium has. Example: 1, 2, 4, 8 or 16.']
    : [],
  standard && length(hubs) > 10 ? ['hubs has more than the 10 hubs that a Standard namespace can have.'] : [],
  length(union(hubNames, [])) < length(hubNames) ? ['hubs names a hub twice. Give each hub its own name.'] : [],
  empty(existingEventHubsId) && !contains(hubNames, operationsHub)
    ? [
        'hubs lacks ${operationsHub}, where the connector sends its own facts. Example: { name: \'${operationsHub}\', partitions: 1 }.'
      ]
    : [],
  contains(consumerGroups, '$Default')
    ? ['consumerGroups contains $Default, which every hub has by itself. Example: siem.']
    : [],
  flex && zoneRedundant && alwaysReadyInstances == 1
    ? ['alwaysReadyInstances is 1, but zoneRedundant needs two or none. Example: 2.']
    : [],
  !flex && alwaysReadyInstances > 0
    ? ['alwaysReadyInstances is for FlexConsumption; ElasticPremium always has an instance. Example: 0.']
    : [],
  !flex && maximumInstanceCount > 100
    ? ['maximumInstanceCount is more than the 100 instances that ElasticPremium can have. Example: 20.']
    : [],
  !flex && zoneRedundant && maximumInstanceCount < 3
    ? ['maximumInstanceCount is less than the 3 instances that zoneRedundant needs on ElasticPremium. Example: 3.']
    : [],
  !empty(packageUri) && !startsWith(packageUri, 'https://')
    ? ['packageUri is not an https address. Example: https://example.com/released-package.zip.']
    : [],
  length(split(collectSchedule, ' ')) != 6
    ? ['collectSchedule has to have six fields with a space between them. Example: 0 * * * * * (each minute).']
    : [],
  pollLongest < pollShortest
    ? ['settings.POLL_LONGEST_SECONDS is shorter than POLL_SHORTEST_SECONDS. Example: 60 and 900.']
    : [],
  alerts && pollLongest > 3600
    ? [
        'settings.POLL_LONGEST_SECONDS is more than 3600, but an alert tells when a tenant is silent for two hours. Example: 900, or alerts false.'
      ]
    : [],
  !alerts && (!empty(alertEmails) || !empty(alertActionGroupIds))
    ? ['alerts is false, but alertEmails or alertActionGroupIds say who gets them. Example: alerts true.']
    : [],
  privateNetwork && !contains(networkLengths, last(split(networkAddressPrefix, '/')))
    ? ['networkAddressPrefix has to be a range of at least /25. Example: 10.90.0.0/24.']
    : [],
  !empty(existingWorkspaceId) && logDailyCapGb > 0
    ? ['logDailyCapGb is for a new workspace; set the cap of yours there. Example: 0.']
    : []
)
var checked = empty(problems) ? { name: name } : fail(join(problems, ' '))

var suffix = take(uniqueString(resourceGroup().id, name), 8)
var names = {
  identity: 'id-${checked.name}-${suffix}'
  storage: 'st${checked.name}${suffix}'
  eventHubs: 'evhns-${checked.name}-${suffix}'
  keyVault: 'kv-${checked.name}-${suffix}'
  workspace: 'log-${checked.name}-${suffix}'
  insights: 'appi-${checked.name}-${suffix}'
  network: 'vnet-${checked.name}-${suffix}'
  plan: 'plan-${checked.name}-${suffix}'
  app: 'func-${checked.name}-${suffix}'
  nearExpiry: 'evgt-${checked.name}-${suffix}'
}

// Every cloud names Event Hubs and private vault endpoints by the same rule.
var storageSuffix = environment().suffixes.storage
var eventHubsSuffix = 'servicebus.${replace(storageSuffix, 'core.', '')}'
var keyVaultSuffix = environment().suffixes.keyvaultDns

var identityId = resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', names.identity)
var storageId = resourceId('Microsoft.Storage/storageAccounts', names.storage)
var newNetworkId = resourceId('Microsoft.Network/virtualNetworks', names.network)
var newNetwork = privateNetwork && empty(existingAppSubnetId)
var networkId = newNetwork ? newNetworkId : join(take(split(existingEndpointsSubnetId, '/'), 9), '/')
var eventHubsId = empty(existingEventHubsId)
  ? resourceId('Microsoft.EventHub/namespaces', names.eventHubs)
  : existingEventHubsId
var keyVaultId = empty(existingKeyVaultId)
  ? resourceId('Microsoft.KeyVault/vaults', names.keyVault)
  : existingKeyVaultId
var workspaceId = empty(existingWorkspaceId)
  ? resourceId('Microsoft.OperationalInsights/workspaces', names.workspace)
  : existingWorkspaceId
var eventHubsName = last(split(eventHubsId, '/'))
var keyVaultName = last(split(keyVaultId, '/'))
var eventHubsHost = '${eventHubsName}.${eventHubsSuffix}'
var keyVaultUrl = 'https://${keyVaultName}${keyVaultSuffix}'
var packageContainerUrl = 'https://${names.storage}.blob.${storageSuffix}/packages'

var operators = empty(operatorGroupId) ? [] : [{ id: operatorGroupId, type: 'Group' }]
var connector = { id: identity.outputs.principalId, type: 'ServicePrincipal' }

module identity 'modules/identity.bicep' = {
  params: { location: location, name: names.identity, tags: tags }
}

module workspace 'modules/workspace.bicep' = if (empty(existingWorkspaceId)) {
  params: {
    location: location
    name: names.workspace
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module insights 'modules/insights.bicep' = {
  params: {
    location: location
    name: names.insights
    tags: tags
    workspaceId: workspaceId
    grants: [{ role: roles.monitoringMetricsPublisher, to: connector }]
  }
  dependsOn: [workspace]
}

module storage 'modules/storage.bicep' = {
  params: {
    location: location
    name: names.storage
    tags: tags
    zoneRedundant: zoneRedundant
    private: privateNetwork
    prefix: storagePrefix
    oversizeRetentionDays: oversizeRetentionDays
    workspaceId: workspaceId
    auditLogs: storageAuditLogs
    grants: [
      { role: roles.storageBlobDataOwner, to: connector }
      { role: roles.storageQueueDataContributor, to: connector }
      { role: roles.storageTableDataContributor, to: connector }
      ...map(operators, to => { role: roles.storageQueueDataContributor, to: to })
      ...map(operators, to => { role: roles.storageTableDataContributor, to: to })
    ]
  }
  dependsOn: [workspace]
}

module eventHubs 'modules/eventHubs.bicep' = if (empty(existingEventHubsId)) {
  params: {
    location: location
    name: names.eventHubs
    tags: tags
    sku: eventHubsSku
    capacity: eventHubsCapacity
    maximumCapacity: eventHubsMaximumCapacity
    private: privateNetwork
    hubs: hubs
    consumerGroups: consumerGroups
    retentionDays: eventHubsRetentionDays
    workspaceId: workspaceId
  }
  dependsOn: [workspace]
}

module eventHubsRoles 'modules/eventHubsRoles.bicep' = {
  scope: resourceGroup(split(eventHubsId, '/')[2], split(eventHubsId, '/')[4])
  params: {
    namespaceName: eventHubsName
    grants: [
      { role: roles.eventHubsDataSender, to: connector }
      ...map(operators, to => { role: roles.eventHubsDataSender, to: to })
      ...map(operators, to => { role: roles.eventHubsDataReceiver, to: to })
      ...map(readerPrincipalIds, id => { role: roles.eventHubsDataReceiver, to: { id: id, type: 'ServicePrincipal' } })
    ]
  }
  dependsOn: [eventHubs]
}

module keyVault 'modules/keyVault.bicep' = if (empty(existingKeyVaultId)) {
  params: {
    location: location
    name: names.keyVault
    tags: tags
    private: privateNetwork
    workspaceId: workspaceId
  }
  dependsOn: [workspace]
}

module keyVaultRoles 'modules/keyVaultRoles.bicep' = {
  scope: resourceGroup(split(keyVaultId, '/')[2], split(keyVaultId, '/')[4])
  params: {
    vaultName: keyVaultName
    grants: [
      { role: roles.keyVaultSecretsOfficer, to: connector }
      ...map(operators, to => { role: roles.keyVaultSecretsOfficer, to: to })
    ]
  }
  dependsOn: [keyVault]
}

// A vault has one topic at most; one that was there before may have it already.
module nearExpiry 'modules/nearExpiry.bicep' = if (empty(existingKeyVaultId)) {
  params: {
    location: location
    name: names.nearExpiry
    tags: tags
    keyVaultId: keyVaultId
    storageName: names.storage
    queueName: '${storagePrefix}-near-expiry'
    senderRole: roles.storageQueueDataMessageSender
    workspaceId: workspaceId
  }
  dependsOn: [keyVault, storage, workspace]
}

module network 'modules/network.bicep' = if (newNetwork) {
  params: {
    location: location
    name: names.network
    tags: tags
    addressPrefix: networkAddressPrefix
    delegation: flex ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms'
  }
}

var endpoints = privateNetwork
  ? concat(
      map(['blob', 'queue', 'table'], part => {
        resourceId: storageId
        group: part
        zone: 'privatelink.${part}.${storageSuffix}'
      }),
      empty(existingEventHubsId)
        ? [{ resourceId: eventHubsId, group: 'namespace', zone: 'privatelink.${eventHubsSuffix}' }]
        : [],
      empty(existingKeyVaultId)
        ? [
            {
              resourceId: keyVaultId
              group: 'vault'
              zone: replace(keyVaultSuffix, '.vault.', 'privatelink.vaultcore.')
            }
          ]
        : []
    )
  : []

module privateEndpoints 'modules/privateEndpoint.bicep' = [
  for endpoint in endpoints: {
    params: {
      location: location
      name: 'pe-${checked.name}-${endpoint.group}'
      tags: tags
      subnetId: newNetwork ? '${newNetworkId}/subnets/endpoints' : existingEndpointsSubnetId
      networkId: networkId
      resourceId: endpoint.resourceId
      groupId: endpoint.group
      zoneName: endpoint.zone
      existingZonesGroupId: existingDnsZonesGroupId
    }
    dependsOn: [network, storage, eventHubs, keyVault]
  }
]

// https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad#use-a-managed-identity-instead-of-a-secret
var signInIdentitySetting = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'

// The host of Flex Consumption finds storage by the account's name; other clouds than the public one need the addresses.
var storageConnection = flex
  ? { AzureWebJobsStorage__accountName: names.storage }
  : {
      AzureWebJobsStorage__blobServiceUri: 'https://${names.storage}.blob.${storageSuffix}'
      AzureWebJobsStorage__queueServiceUri: 'https://${names.storage}.queue.${storageSuffix}'
      AzureWebJobsStorage__tableServiceUri: 'https://${names.storage}.table.${storageSuffix}'
    }
var appSettings = union(
  toObject(items(settings), setting => setting.key, setting => string(setting.value)),
  storageConnection,
  empty(operatorPageClientId)
    ? {}
    : { '${signInIdentitySetting}': identity.outputs.clientId, OPERATOR_CLIENT_ID: operatorPageClientId },
  {
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identity.outputs.clientId}'
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.outputs.connectionString
    AzureWebJobsStorage__clientId: identity.outputs.clientId
    // The page of the operator is at the root of the address.
    AzureWebJobsDisableHomepage: 'true'
    AzureWebJobsStorage__credential: 'managedidentity'
    COLLECT_SCHEDULE: collectSchedule
    EVENTHUBS__fullyQualifiedNamespace: eventHubsHost
    KEY_VAULT_URL: keyVaultUrl
    MANAGED_IDENTITY_CLIENT_ID: identity.outputs.clientId
    PUBLISHER_TENANT_ID: publisherTenantId
    STORAGE_PREFIX: storagePrefix
  }
)

module rules 'modules/alerts.bicep' = if (alerts) {
  params: {
    location: location
    prefix: 'm365-${checked.name}'
    tags: tags
    insightsId: resourceId('Microsoft.Insights/components', names.insights)
    eventHubsId: empty(existingEventHubsId) ? eventHubsId : ''
    storageId: storageId
    keyVaultId: empty(existingKeyVaultId) ? keyVaultId : ''
    emails: alertEmails
    actionGroupIds: alertActionGroupIds
  }
  dependsOn: [insights, storage, eventHubs, keyVault]
}

module workbook 'modules/workbook.bicep' = {
  params: {
    location: location
    tags: tags
    title: 'Microsoft 365 security connector (${checked.name})'
    insightsId: resourceId('Microsoft.Insights/components', names.insights)
  }
  dependsOn: [insights]
}

var appSubnetId = newNetwork ? '${newNetworkId}/subnets/app' : existingAppSubnetId

module flexApp 'modules/flexApp.bicep' = if (flex) {
  params: {
    location: location
    name: names.app
    planName: names.plan
    tags: tags
    identityId: identityId
    packageContainerUrl: packageContainerUrl
    settings: appSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    zoneRedundant: zoneRedundant
    subnetId: appSubnetId
    packageUri: packageUri
    workspaceId: workspaceId
  }
  dependsOn: [storage, eventHubsRoles, keyVaultRoles, privateEndpoints]
}

module premiumApp 'modules/premiumApp.bicep' = if (!flex) {
  params: {
    location: location
    name: names.app
    planName: names.plan
    tags: tags
    identityId: identityId
    packageContainerUrl: packageContainerUrl
    settings: appSettings
    size: premiumSize
    maximumInstanceCount: maximumInstanceCount
    zoneRedundant: zoneRedundant
    subnetId: appSubnetId
    packageUri: packageUri
    workspaceId: workspaceId
  }
  dependsOn: [storage, eventHubsRoles, keyVaultRoles, privateEndpoints]
}

module signIn 'modules/signIn.bicep' = if (!empty(operatorPageClientId)) {
  params: {
    appName: names.app
    clientId: operatorPageClientId
    identitySettingName: signInIdentitySetting
  }
  dependsOn: [flexApp, premiumApp]
}

@description('The name of the function app; code is published to it.')
output functionAppName string = names.app

@description('The object id of the connector\'s identity.')
output principalId string = identity.outputs.principalId

@description('The name of the storage account.')
output storageAccountName string = names.storage

@description('The host of the Event Hubs namespace, which consumers connect to; EVENTHUBS__fullyQualifiedNamespace of the commands.')
output eventHubsHost string = eventHubsHost

@description('The address of the vault; KEY_VAULT_URL of the commands.')
output keyVaultUrl string = keyVaultUrl

@description('The name of the Application Insights component.')
output insightsName string = names.insights
