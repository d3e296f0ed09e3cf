using '../main.bicep'

// The hubs, the vault, the workspace, the network and its DNS zones were there before, in other resource groups.
param name = 'contoso'
param plan = 'FlexConsumption'
param existingEventHubsId = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/soc/providers/Microsoft.EventHub/namespaces/contoso-soc'
param existingKeyVaultId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/security/providers/Microsoft.KeyVault/vaults/contoso-secrets'
param existingWorkspaceId = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/contoso-logs'
param privateNetwork = true
param existingAppSubnetId = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/connector'
param existingEndpointsSubnetId = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/endpoints'
param existingDnsZonesGroupId = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/dns'
