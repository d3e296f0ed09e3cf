// Fails with: privateNetwork is false, but existing subnets or DNS zones are given. Example: privateNetwork true.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param existingAppSubnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/app'
param existingEndpointsSubnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/endpoints'
