// Fails with: hubs has more than the 10 hubs that a Standard namespace can have.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param hubs = [for index in range(0, 11): { name: index == 0 ? 'm365-operations' : 'hub${index}', partitions: 1 }]
