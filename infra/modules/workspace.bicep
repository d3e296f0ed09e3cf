// The Log Analytics workspace, when none was given.

import { texts } from '../shared.bicep'

@description('The region.')
param location string

@description('The name of the workspace.')
param name string

@description('Tags of the resource.')
param tags texts

@description('For how many days logs are kept.')
param retentionDays int

@description('How many gigabytes a day it takes in at most; 0 for no limit.')
param dailyCapGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
    workspaceCapping: { dailyQuotaGb: dailyCapGb == 0 ? -1 : dailyCapGb }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'connector'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}
