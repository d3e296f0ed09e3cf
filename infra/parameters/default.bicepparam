using '../main.bicep'

// What a small customer gets in the public cloud, where the plan is FlexConsumption.
param name = 'contoso'
param plan = 'FlexConsumption'
