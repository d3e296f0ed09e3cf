// Fails with: name has to be lower-case letters and digits, a letter first. Example: contoso.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'Contoso'
