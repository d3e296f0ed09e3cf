// The identity of the connector. It is user-assigned so that its roles exist before the app that needs them.

import { texts } from '../shared.bicep'

@description('The region.')
param location string

@description('The name of the identity.')
param name string

@description('Tags of the resource.')
param tags texts

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

@description('The object id, which roles are given to.')
output principalId string = identity.properties.principalId

@description('The client id, by which the app asks for tokens.')
output clientId string = identity.properties.clientId
