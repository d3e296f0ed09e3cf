using '../main.bicep'

// Storage, vault and hubs can be reached from the virtual network only; app and storage survive the loss of a zone.
param name = 'contoso'
param plan = 'FlexConsumption'
param privateNetwork = true
param zoneRedundant = true
param alwaysReadyInstances = 2
param packageUri = 'https://packages.contoso.example/released-package.zip'
