// Fails with: alwaysReadyInstances is for FlexConsumption; ElasticPremium always has an instance. Example: 0.
using '../../main.bicep'

param name = 'contoso'
param plan = 'ElasticPremium'
param alwaysReadyInstances = 2
