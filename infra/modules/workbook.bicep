// The workbook: tenants, one tenant, load and faults at a glance, in Application Insights.

import { texts } from '../shared.bicep'

@description('The region.')
param location string

@description('Tags of the resource.')
param tags texts

@description('The title that the portal shows.')
param title string

@description('The Application Insights component that the workbook asks.')
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insightsId, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    category: 'workbook'
    displayName: title
    sourceId: insightsId
    serializedData: string(loadJsonContent('../workbook.json'))
  }
}
