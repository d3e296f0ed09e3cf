// The function app on Elastic Premium, for clouds without Flex Consumption. It runs from the package where it lies, without a file share:
// a file share would need an account key.

import { texts } from '../shared.bicep'

@description('The region.')
param location string

@description('The name of the app.')
param name string

@description('The name of its plan.')
param planName string

@description('Tags of the resources.')
param tags texts

@description('The resource id of the connector\'s identity.')
param identityId string

@description('The address of the container that a package published by a command is put in.')
param packageContainerUrl string

@description('All application settings but those that the plan needs.')
param settings texts

@description('The size of an instance.')
param size 'EP1' | 'EP2' | 'EP3'

@description('How many instances there are at most.')
param maximumInstanceCount int

@description('Whether the app survives the loss of a zone, which takes three instances.')
param zoneRedundant bool

@description('The subnet through which the app reaches private endpoints; empty for none.')
param subnetId string

@description('The address of the package; empty when it is published by a command.')
param packageUri string

@description('The workspace that diagnostics go to.')
param workspaceId string

var packageSettings = empty(packageUri)
  ? {
      WEBSITE_RUN_FROM_PACKAGE: '${packageContainerUrl}/released-package.zip'
      WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: identityId
    }
  : { WEBSITE_RUN_FROM_PACKAGE: packageUri }
var allSettings = union(settings, packageSettings, {
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'node'
})

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'elastic'
  sku: { name: size, tier: 'ElasticPremium', capacity: zoneRedundant ? 3 : 1 }
  properties: { reserved: true, maximumElasticWorkerCount: maximumInstanceCount, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'connector' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      appSettings: map(items(allSettings), setting => { name: setting.key, value: setting.value })
      ftpsState: 'Disabled'
      functionsRuntimeScaleMonitoringEnabled: !empty(subnetId)
      http20Enabled: true
      linuxFxVersion: 'NODE|22'
      minTlsVersion: '1.2'
      remoteDebuggingEnabled: false
      scmMinTlsVersion: '1.2'
      vnetRouteAllEnabled: !empty(subnetId)
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'connector'
  scope: app
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
