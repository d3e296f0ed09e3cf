// Fails with: 'FlexConsumption'
using '../../main.bicep'

param name = 'contoso'
param plan = 'Consumption'
