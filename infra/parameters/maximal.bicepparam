using '../main.bicep'

// A provider with thousands of tenants; every parameter is given.
param name = 'fabrikamsoc1'
param location = 'swedencentral'
param tags = { owner: 'soc', costCentre: '4711' }
param publisherTenantId = '44444444-4444-4444-4444-444444444444'
param plan = 'FlexConsumption'
param instanceMemoryMB = 4096
param premiumSize = 'EP3'
param maximumInstanceCount = 200
param alwaysReadyInstances = 4
param zoneRedundant = true
param packageUri = 'https://packages.fabrikam.example/released-package.zip'
param collectSchedule = '*/30 * * * * *'
param storagePrefix = 'collector'
param settings = {
  HUBS: 'activity.exchange=mail-audit'
  OPERATIONS_HUB: 'operations'
  EVENT_SHAPE: 'single'
  EVENT_COMPRESSION: 'gzip'
  EVENT_TARGET_BYTES: 500000
  REQUESTS_PER_MINUTE: 10000
  UNITS_IN_FLIGHT: 16
  SOURCES_AT_ONCE: 20
  TENANTS_PER_MESSAGE: 20
  SCHEDULE_SHARDS: 16
  PARTITION_KEYS_PER_TENANT: 4
  POLL_SHORTEST_SECONDS: 30
  POLL_LONGEST_SECONDS: 1800
  TIME_BUDGET_SECONDS: 300
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.fabrikam.example/otlp'
  OTEL_EXPORTER_OTLP_HEADERS: '@Microsoft.KeyVault(VaultName=fabrikam-soc;SecretName=otlp)'
}
param eventHubsSku = 'Premium'
param eventHubsCapacity = 4
param eventHubsMaximumCapacity = 4
param eventHubsRetentionDays = 90
param hubs = [
  { name: 'm365-audit', partitions: 32 }
  { name: 'mail-audit', partitions: 32 }
  { name: 'm365-alerts', partitions: 4 }
  { name: 'm365-identity', partitions: 32 }
  { name: 'm365-entities', partitions: 16 }
  { name: 'm365-posture', partitions: 4 }
  { name: 'operations', partitions: 4 }
]
param consumerGroups = ['splunk', 'lake']
param operatorGroupId = '55555555-5555-5555-5555-555555555555'
param readerPrincipalIds = ['66666666-6666-6666-6666-666666666666', '77777777-7777-7777-7777-777777777777']
param privateNetwork = true
param networkAddressPrefix = '10.20.30.0/25'
param existingAppSubnetId = ''
param existingEndpointsSubnetId = ''
param existingDnsZonesGroupId = ''
param operatorPageClientId = '88888888-9999-4aaa-8bbb-cccccccccccc'
param existingEventHubsId = ''
param existingKeyVaultId = ''
param existingWorkspaceId = ''
param logRetentionDays = 365
param logDailyCapGb = 50
param alerts = true
param alertEmails = ['soc@fabrikam.example']
param alertActionGroupIds = [
  '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/soc/providers/Microsoft.Insights/actionGroups/tickets'
]
param storageAuditLogs = true
param oversizeRetentionDays = 365
