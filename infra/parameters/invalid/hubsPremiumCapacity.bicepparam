// Fails with: eventHubsCapacity is no number of processing units that Premium has. Example: 1, 2, 4, 8 or 16.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param eventHubsSku = 'Premium'
param eventHubsCapacity = 3
