// Application Insights, which takes telemetry from identities with a role only.

import { grant, texts } from '../shared.bicep'

@description('The region.')
param location string

@description('The name of the component.')
param name string

@description('Tags of the resource.')
param tags texts

@description('The workspace that keeps its data.')
param workspaceId string

@description('Who gets which roles on it.')
param grants grant[]

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: workspaceId
  }
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: {
    name: guid(component.id, grant.to.id, grant.role)
    scope: component
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      principalId: grant.to.id
      principalType: grant.to.type
    }
  }
]

@description('Where telemetry is sent to. It holds no secret: sending needs the role.')
output connectionString string = component.properties.ConnectionString
