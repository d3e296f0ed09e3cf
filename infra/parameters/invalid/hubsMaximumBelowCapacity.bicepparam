// Fails with: eventHubsMaximumCapacity is less than eventHubsCapacity. Example: eventHubsCapacity 1, eventHubsMaximumCapacity 4.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param eventHubsCapacity = 8
