// Fails with: maximumInstanceCount is less than the 3 instances that zoneRedundant needs on ElasticPremium. Example: 3.
using '../../main.bicep'

param name = 'contoso'
param plan = 'ElasticPremium'
param zoneRedundant = true
param maximumInstanceCount = 2
