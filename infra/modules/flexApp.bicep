// The function app on Flex Consumption: it costs nothing while nothing happens. No slots, one app per plan.

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

@description('The address of the container that the deployed package is kept in.')
param packageContainerUrl string

@description('All application settings.')
param settings texts

@description('The size of an instance in megabytes.')
param instanceMemoryMB 512 | 2048 | 4096

@description('How many instances there are at most.')
param maximumInstanceCount int

@description('How many instances that collect are always there.')
param alwaysReadyInstances int

@description('Whether the app survives the loss of a zone.')
param zoneRedundant bool

@description('The subnet through which the app reaches private endpoints; empty for none.')
param subnetId string

@description('The address of the package; empty when it is published by a command.')
param packageUri string

@description('The workspace that diagnostics go to.')
param workspaceId string

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
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
      appSettings: map(items(settings), setting => { name: setting.key, value: setting.value })
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      remoteDebuggingEnabled: false
      scmMinTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'node', version: '22' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0
          ? []
          : [{ name: 'function:collect', instanceCount: alwaysReadyInstances }]
      }
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

resource package 'Microsoft.Web/sites/extensions@2024-11-01' = if (!empty(packageUri)) {
  parent: app
  name: 'onedeploy'
  #disable-next-line BCP187 // The types of Bicep lack the body of onedeploy: https://github.com/Azure/bicep-types-az/issues/2249
  properties: { packageUri: packageUri, remoteBuild: false }
  dependsOn: [app::ftp, app::scm]
}
