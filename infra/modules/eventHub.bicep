// One hub and its consumer groups.

import { hub as hubType } from '../shared.bicep'

@description('The name of the namespace.')
param namespaceName string

@description('The hub.')
param hub hubType

@description('The consumer groups beside $Default.')
param consumerGroups string[]

@description('For how many days the hub keeps its events.')
param retentionDays int

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource eventHub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: hub.name
  properties: {
    partitionCount: hub.partitions
    retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionDays * 24 }
  }
}

resource groups 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = [
  for group in consumerGroups: {
    parent: eventHub
    name: group
  }
]
