// Fails with: existingAppSubnetId is not the resource id of a subnet. Example: /subscriptions/
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param privateNetwork = true
param existingAppSubnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke'
param existingEndpointsSubnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/endpoints'
