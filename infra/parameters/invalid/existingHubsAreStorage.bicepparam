// Fails with: existingEventHubsId is not the resource id of an Event Hubs namespace. Example: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/soc/providers/Microsoft.EventHub/namespaces/contoso.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param existingEventHubsId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/soc/providers/Microsoft.Storage/storageAccounts/contoso'
