// Fails with: existingDnsZonesGroupId is not the resource id of a resource group. Example: /subscriptions/
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param privateNetwork = true
param existingDnsZonesGroupId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
