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

@description('The resource group that has this zone already, and has it linked; empty to make it here.')
param existingZonesGroupId string

resource endpoint 'Microsoft.Network/privateEndpoints@2026-01-01' = {
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

var ownZone = empty(existingZonesGroupId)
var zoneId = ownZone ? zone.id : '${existingZonesGroupId}/providers/Microsoft.Network/privateDnsZones/${zoneName}'

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = if (ownZone) {
  name: zoneName
  location: 'global'
  tags: tags
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = if (ownZone) {
  parent: zone
  name: 'connector'
  location: 'global'
  tags: tags
  properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
}

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-01-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zoneId } }]
  }
}
