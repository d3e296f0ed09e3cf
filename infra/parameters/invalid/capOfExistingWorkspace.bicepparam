// Fails with: logDailyCapGb is for a new workspace; set the cap of yours there. Example: 0.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param existingWorkspaceId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/contoso'
param logDailyCapGb = 5
