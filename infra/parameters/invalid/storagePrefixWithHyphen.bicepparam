// Fails with: storagePrefix has to be lower-case letters and digits, a letter first. Example: m365.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param storagePrefix = 'm365-prod'
