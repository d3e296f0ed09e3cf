// Roles on an Event Hubs namespace, the connector's own or one that was there before.

import { grant } from '../shared.bicep'

@description('The name of the namespace.')
param namespaceName string

@description('Who gets which roles on it.')
param grants grant[]

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: {
    name: guid(namespace.id, grant.to.id, grant.role)
    scope: namespace
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      principalId: grant.to.id
      principalType: grant.to.type
    }
  }
]
