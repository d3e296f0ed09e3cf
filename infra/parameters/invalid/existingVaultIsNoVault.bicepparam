// Fails with: existingKeyVaultId is not the resource id of a key vault. Example: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/soc/providers/Microsoft.KeyVault/vaults/contoso.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param existingKeyVaultId = 'contoso-secrets'
