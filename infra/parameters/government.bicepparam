using '../main.bicep'

// Azure Government and China have no Flex Consumption.
param name = 'contoso'
param plan = 'ElasticPremium'
param privateNetwork = true
