// Fails with: alwaysReadyInstances is 1, but zoneRedundant needs two or none. Example: 2.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param zoneRedundant = true
param alwaysReadyInstances = 1
