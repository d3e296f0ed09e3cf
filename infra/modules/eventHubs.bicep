// The Event Hubs namespace with its hubs. No shared access key works: whoever sends or reads has a role.

import { hub, texts } from '../shared.bicep'

@description('The region.')
param location string

@description('The name of the namespace.')
param name string

@description('Tags of the resources.')
param tags texts

@description('The tier of the namespace.')
param sku 'Standard' | 'Premium'

@description('Throughput units (Standard) or processing units (Premium).')
param capacity int

@description('Up to how many throughput units the namespace grows by itself; Standard only.')
param maximumCapacity int

@description('Whether the namespace can be reached through private endpoints only.')
param private bool

@description('The hubs.')
param hubs hub[]

@description('The consumer groups of every hub.')
param consumerGroups string[]

@description('For how many days a hub keeps its events.')
param retentionDays int

@description('The workspace that diagnostics go to.')
param workspaceId string

var inflates = sku == 'Standard' && maximumCapacity > capacity

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku, tier: sku, capacity: capacity }
  properties: {
    disableLocalAuth: true
    isAutoInflateEnabled: inflates
    maximumThroughputUnits: inflates ? maximumCapacity : 0
    minimumTlsVersion: '1.2'
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  }
}

module eventHub 'eventHub.bicep' = [
  for hub in hubs: {
    params: {
      namespaceName: namespace.name
      hub: hub
      consumerGroups: consumerGroups
      retentionDays: retentionDays
    }
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'connector'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
