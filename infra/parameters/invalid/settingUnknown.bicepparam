// Fails with: REQUESTS_PER_SECOND
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param settings = { REQUESTS_PER_SECOND: 30 }
