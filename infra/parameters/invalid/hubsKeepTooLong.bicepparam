// Fails with: eventHubsRetentionDays is more than 7, which only Premium can keep. Example: 7, or eventHubsSku Premium.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param eventHubsRetentionDays = 30
