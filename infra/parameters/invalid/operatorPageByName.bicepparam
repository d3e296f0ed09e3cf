// Fails with: operatorPageClientId is not a client id. Example: 11111111-2222-3333-4444-555555555555.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param operatorPageClientId = 'Operator page'
