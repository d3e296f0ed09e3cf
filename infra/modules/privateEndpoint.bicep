// One private endpoint, with its name in the private DNS zone of the service.

import { texts } from '../shared.bicep'

@description('The region.')
param location string

@description('The name of the endpoint.')
param name string

@description('Tags of the resources.')
param tags texts

@description('The subnet of the endpoint.')
param subnetId string

@description('The network in which the name is to be found.')
param networkId string

@description('The resource that the endpoint leads to.')
param resourceId string

@description('The part of the resource that it leads to, such as blob.')
param groupId string

@description('The private DNS zone of that part.')
param zoneName string

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: groupId, properties: { privateLinkServiceId: resourceId, groupIds: [groupId] } }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: zone
  name: 'connector'
  location: 'global'
  tags: tags
  properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
}

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zone.id } }]
  }
}
