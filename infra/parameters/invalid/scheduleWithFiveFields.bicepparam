// Fails with: collectSchedule has to have six fields with a space between them. Example: 0 * * * * * (each minute).
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param collectSchedule = '* * * * *'
