// Fails with: 100
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param settings = { UNITS_IN_FLIGHT: 100 }
