// Fails with: is too short to assign to a target for which the minimum allowable length is 3
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'co'
