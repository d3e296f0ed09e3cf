// Roles on a key vault, the connector's own or one that was there before.

import { grant } from '../shared.bicep'

@description('The name of the vault.')
param vaultName string

@description('Who gets which roles on it.')
param grants grant[]

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: {
    name: guid(vault.id, grant.to.id, grant.role)
    scope: vault
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      principalId: grant.to.id
      principalType: grant.to.type
    }
  }
]
