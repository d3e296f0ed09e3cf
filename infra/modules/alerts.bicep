// The alert rules, made from the catalogue in alerts/; docs/operations.md is made from the same files.

import { texts } from '../shared.bicep'

@description('The region.')
param location string

@description('What the names of the rules begin with.')
param prefix string

@description('Tags of the resources.')
param tags texts

@description('The Application Insights component that the log rules ask.')
param insightsId string

@description('The Event Hubs namespace that metric rules watch; empty for none.')
param eventHubsId string

@description('The storage account that metric rules watch.')
param storageId string

@description('The key vault that metric rules watch; empty for none.')
param keyVaultId string

@description('Who gets a mail when a rule fires.')
param emails string[]

@description('The resource ids of action groups that are called when a rule fires.')
param actionGroupIds string[]

var logAlerts = [
  { id: 'accessLost', ...loadYamlContent('../alerts/accessLost.yaml') }
  { id: 'actionFails', ...loadYamlContent('../alerts/actionFails.yaml') }
  { id: 'clockSkew', ...loadYamlContent('../alerts/clockSkew.yaml') }
  { id: 'credentialExpires', ...loadYamlContent('../alerts/credentialExpires.yaml') }
  { id: 'exceptions', ...loadYamlContent('../alerts/exceptions.yaml') }
  { id: 'feedOff', ...loadYamlContent('../alerts/feedOff.yaml') }
  { id: 'gap', ...loadYamlContent('../alerts/gap.yaml') }
  { id: 'hostNotRunning', ...loadYamlContent('../alerts/hostNotRunning.yaml') }
  { id: 'hubFailing', ...loadYamlContent('../alerts/hubFailing.yaml') }
  { id: 'hubRefused', ...loadYamlContent('../alerts/hubRefused.yaml') }
  { id: 'lag', ...loadYamlContent('../alerts/lag.yaml') }
  { id: 'maintenanceMissing', ...loadYamlContent('../alerts/maintenanceMissing.yaml') }
  { id: 'poison', ...loadYamlContent('../alerts/poison.yaml') }
  { id: 'rotationFails', ...loadYamlContent('../alerts/rotationFails.yaml') }
  { id: 'runsFail', ...loadYamlContent('../alerts/runsFail.yaml') }
  { id: 'scheduleLate', ...loadYamlContent('../alerts/scheduleLate.yaml') }
  { id: 'stateDamaged', ...loadYamlContent('../alerts/stateDamaged.yaml') }
  { id: 'tenantBehind', ...loadYamlContent('../alerts/tenantBehind.yaml') }
  { id: 'tenantSilent', ...loadYamlContent('../alerts/tenantSilent.yaml') }
  { id: 'throttled', ...loadYamlContent('../alerts/throttled.yaml') }
  { id: 'unitsFail', ...loadYamlContent('../alerts/unitsFail.yaml') }
]
var metricAlerts = [
  { id: 'hubQuota', ...loadYamlContent('../alerts/hubQuota.yaml') }
  { id: 'hubServerErrors', ...loadYamlContent('../alerts/hubServerErrors.yaml') }
  { id: 'hubThrottled', ...loadYamlContent('../alerts/hubThrottled.yaml') }
  { id: 'storageAvailability', ...loadYamlContent('../alerts/storageAvailability.yaml') }
  { id: 'vaultAvailability', ...loadYamlContent('../alerts/vaultAvailability.yaml') }
  { id: 'vaultSaturation', ...loadYamlContent('../alerts/vaultSaturation.yaml') }
]
var watched = {
  eventHubs: { id: eventHubsId, namespace: 'Microsoft.EventHub/namespaces' }
  storage: { id: storageId, namespace: 'Microsoft.Storage/storageAccounts' }
  keyVault: { id: keyVaultId, namespace: 'Microsoft.KeyVault/vaults' }
}
var metricRules = filter(metricAlerts, alert => !empty(watched[alert.of].id))
var mailGroupId = resourceId('Microsoft.Insights/actionGroups', '${prefix}-mail')
var actionGroups = concat(actionGroupIds, empty(emails) ? [] : [mailGroupId])

resource mail 'Microsoft.Insights/actionGroups@2022-06-01' = if (!empty(emails)) {
  name: '${prefix}-mail'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'm365'
    emailReceivers: map(emails, (email, index) => {
      name: 'mail${index}'
      emailAddress: email
      useCommonAlertSchema: true
    })
  }
}

resource logRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in logAlerts: {
    name: '${prefix}-${alert.id}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${alert.title} (${prefix})'
      description: '${alert.meaning} What to do: ${alert.action}'
      severity: alert.severity
      enabled: true
      scopes: [insightsId]
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      autoMitigate: true
      // The tables are there when the first line arrives; the queries are checked with the code.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: map(alert.dimensions, name => { name: name, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: actionGroups }
    }
    dependsOn: [mail]
  }
]

resource metricRule 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in metricRules: {
    name: '${prefix}-${alert.id}'
    location: 'global'
    tags: tags
    properties: {
      description: '${alert.meaning} What to do: ${alert.action}'
      severity: alert.severity
      enabled: true
      scopes: [watched[alert.of].id]
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.id
            metricNamespace: watched[alert.of].namespace
            metricName: alert.metric
            timeAggregation: alert.aggregation
            operator: alert.operator
            threshold: alert.threshold
          }
        ]
      }
      actions: map(actionGroups, id => { actionGroupId: id })
    }
    dependsOn: [mail]
  }
]
