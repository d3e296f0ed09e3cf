// Fails with: packageUri is not an https address. Example: https://example.com/released-package.zip.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param packageUri = 'http://example.com/released-package.zip'
