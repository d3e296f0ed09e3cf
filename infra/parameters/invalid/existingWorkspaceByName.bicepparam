// Fails with: existingWorkspaceId is not the resource id of a Log Analytics workspace. Example: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/contoso.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param existingWorkspaceId = 'contoso-logs'
