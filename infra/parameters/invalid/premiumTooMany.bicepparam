// Fails with: maximumInstanceCount is more than the 100 instances that ElasticPremium can have. Example: 20.
using '../../main.bicep'

param name = 'contoso'
param plan = 'ElasticPremium'
param maximumInstanceCount = 200
