// Fails with: hubs lacks m365-operations, where the connector sends its own facts. Example: { name: 'm365-operations', partitions: 1 }.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param hubs = [{ name: 'm365-audit', partitions: 4 }]
