// Fails with: networkAddressPrefix has to be a range of at least /25. Example: 10.90.0.0/24.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param privateNetwork = true
param networkAddressPrefix = '10.90.0.0/26'
