// Fails with: consumerGroups contains $Default, which every hub has by itself. Example: siem.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param consumerGroups = ['$Default']
