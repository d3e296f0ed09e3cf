// Fails with: hubs names a hub twice. Give each hub its own name.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param hubs = [{ name: 'm365-operations', partitions: 1 }, { name: 'm365-operations', partitions: 4 }]
