// Fails with: existingAppSubnetId and existingEndpointsSubnetId go together: give both, or neither.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param privateNetwork = true
param existingAppSubnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/app'
