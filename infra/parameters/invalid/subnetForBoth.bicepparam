// Fails with: existingAppSubnetId and existingEndpointsSubnetId are the same subnet, but the one of the app is delegated and cannot have endpoints. Give two.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param privateNetwork = true
param existingAppSubnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/app'
param existingEndpointsSubnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/app'
