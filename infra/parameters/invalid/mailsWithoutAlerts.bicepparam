// Fails with: alerts is false, but alertEmails or alertActionGroupIds say who gets them. Example: alerts true.
using '../../main.bicep'

param plan = 'FlexConsumption'
param name = 'contoso'
param alerts = false
param alertEmails = ['soc@contoso.example']
