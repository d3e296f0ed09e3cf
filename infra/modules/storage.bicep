// The storage account: the ledger in tables, the queues, the oversize records, the package and what the Functions host keeps. No account key works.

import { grant, texts } from '../shared.bicep'

@description('The region.')
param location string

@description('The name of the storage account.')
param name string

@description('Tags of the resources.')
param tags texts

@description('Whether the account survives the loss of a zone.')
param zoneRedundant bool

@description('Whether the account can be reached through private endpoints only.')
param private bool

@description('What the names of the connector\'s tables, queues and containers begin with.')
param prefix string

@description('After how many days records that were too large for Event Hubs are deleted.')
param oversizeRetentionDays int

@description('Who gets which roles on the account.')
param grants grant[]

@description('The workspace that diagnostics go to.')
param workspaceId string

@description('Whether every single access to the account is logged, which costs more than the account itself.')
param auditLogs bool

// Event Grid comes in as a service that Azure trusts, with an identity and a role of its own: it cannot use a private endpoint.
var access = private
  ? { publicNetworkAccess: 'Disabled', networkAcls: { defaultAction: 'Deny', bypass: 'AzureServices' } }
  : { publicNetworkAccess: 'Enabled', networkAcls: { defaultAction: 'Allow', bypass: 'None' } }

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: access.publicNetworkAccess
    networkAcls: access.networkAcls
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'packages'
}

resource oversize 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: '${prefix}-oversize'
}

resource evidence 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: '${prefix}-evidence'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' = [
  for suffix in [
    'collect'
    'collect-poison'
    'collect-paced'
    'collect-paced-poison'
    'near-expiry'
    'near-expiry-poison'
    'onboard'
    'onboard-poison'
    'actions'
    'actions-poison'
  ]: {
    parent: queues
    name: '${prefix}-${suffix}'
  }
]

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2026-04-01' = [
  for suffix in [
    'tenants'
    'sources'
    'glances'
    'ledger'
    'coverage'
    'gaps'
    'schedule'
    'poison'
    'sent'
    'profiles'
    'workers'
    'credentials'
    'invitations'
    'onboardings'
    'signins'
    'changes'
    'purges'
    'actions'
    'actionlines'
    'actionbudgets'
  ]: {
    parent: tables
    name: '${prefix}${suffix}'
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-old-oversize-records'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${prefix}-oversize/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: oversizeRetentionDays } } }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: {
    name: guid(account.id, grant.to.id, grant.role)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      principalId: grant.to.id
      principalType: grant.to.type
    }
  }
]

var diagnostics = {
  workspaceId: workspaceId
  logs: auditLogs ? [{ categoryGroup: 'audit', enabled: true }] : []
  metrics: [{ category: 'Transaction', enabled: true }]
}

resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'connector'
  scope: blobs
  properties: diagnostics
}

resource queueDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'connector'
  scope: queues
  properties: diagnostics
}

resource tableDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'connector'
  scope: tables
  properties: diagnostics
}
