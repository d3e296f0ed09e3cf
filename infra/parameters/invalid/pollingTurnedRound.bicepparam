// Fails with: settings.POLL_LONGEST_SECONDS is shorter than POLL_SHORTEST_SECONDS. Example: 60 and 900.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param settings = { POLL_LONGEST_SECONDS: 30 }
