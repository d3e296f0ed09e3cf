using '../main.bicep'

// The hubs, the vault and the workspace were there before, in other resource groups.
param name = 'contoso'
param plan = 'FlexConsumption'
param existingEventHubsId = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/soc/providers/Microsoft.EventHub/namespaces/contoso-soc'
param existingKeyVaultId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/security/providers/Microsoft.KeyVault/vaults/contoso-secrets'
param existingWorkspaceId = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/contoso-logs'
