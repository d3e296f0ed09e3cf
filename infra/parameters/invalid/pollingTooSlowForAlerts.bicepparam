// Fails with: settings.POLL_LONGEST_SECONDS is more than 3600, but an alert tells when a tenant is silent for two hours. Example: 900, or alerts false.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param settings = { POLL_LONGEST_SECONDS: 7200 }
