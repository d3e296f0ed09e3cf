// What several modules share: the roles that are ever assigned, and the shapes of parameters.

@export()
@description('The built-in roles that the template assigns, by id. There are no others.')
var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  eventHubsDataSender: '2b629674-e913-4c01-ae53-ef4638d8f975'
  eventHubsDataReceiver: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

@export()
@description('Who gets a role.')
@sealed()
type principal = {
  @description('The object id of the identity, user or group in Microsoft Entra ID.')
  id: string

  @description('What it is. Azure needs to know, because a new identity may not be visible everywhere yet.')
  type: 'ServicePrincipal' | 'Group'
}

@export()
@description('One role for one principal.')
@sealed()
type grant = {
  @description('The id of a built-in role, from the variable roles.')
  role: string

  @description('Who gets it.')
  to: principal
}

@export()
@description('An event hub.')
@sealed()
type hub = {
  @description('The name of the hub.')
  @minLength(1)
  @maxLength(256)
  name: string

  @description('The number of partitions: the largest number of readers of one consumer group that can work side by side. Standard cannot change it later.')
  @minValue(1)
  @maxValue(32)
  partitions: int
}

@export()
@description('Settings of the connector that most installations never change; what is left out keeps the default of docs/settings.md.')
@sealed()
type connectorSettings = {
  @description('The address of the connector as browsers see it, an https origin; without it there are no pages.')
  PUBLIC_URL: string?

  @description('The name of whoever operates the connector, as customers know it.')
  PROVIDER_NAME: string?

  @description('The client id of the multi-tenant application that customers consent to.')
  PROVIDER_CLIENT_ID: string?

  @description('The name of its credential in the key vault.')
  PROVIDER_SECRET_NAME: string?

  @description('The cloud in which the applications of the provider are registered.')
  PROVIDER_CLOUD: ('commercial' | 'gcc' | 'gccHigh' | 'dod' | 'china' | 'custom')?

  @description('The client id of the application for guided provisioning.')
  SETUP_CLIENT_ID: string?

  @description('The name of its credential in the key vault.')
  SETUP_SECRET_NAME: string?

  @description('The client id of the application that operators sign in to.')
  OPERATOR_CLIENT_ID: string?

  @description('The kill switch of actions on users and devices.')
  RESPONSE_ACTIONS: ('off' | 'dryRun' | 'on')?

  @description('The client id of the second application, which acts on users and devices and never collects.')
  RESPONSE_CLIENT_ID: string?

  @description('The name of its credential in the key vault.')
  RESPONSE_SECRET_NAME: string?

  @description('Users and machines that nothing is ever done to, separated by commas.')
  PROTECTED_TARGETS: string?

  @description('How many actions may be asked for in one tenant in an hour.')
  @minValue(1)
  @maxValue(1000)
  RESPONSE_ACTIONS_PER_TENANT_HOUR: int?

  @description('How many actions may be asked for in all tenants together in an hour.')
  @minValue(1)
  @maxValue(10000)
  RESPONSE_ACTIONS_PER_HOUR: int?

  @description('On how many users and devices of a tenant actions may be taken in an hour without approval.')
  @minValue(0)
  @maxValue(1000)
  RESPONSE_TARGETS_WITHOUT_APPROVAL: int?

  @description('How long an approval may take, in minutes.')
  @minValue(1)
  @maxValue(1440)
  RESPONSE_APPROVAL_MINUTES: int?

  @description('For how many days an action is kept after it has ended.')
  @minValue(30)
  @maxValue(3650)
  RESPONSE_RETENTION_DAYS: int?

  @description('For how many days the audit is kept; for good without it.')
  @minValue(400)
  @maxValue(36500)
  AUDIT_RETENTION_DAYS: int?

  @description('The hub of single sources, as source=hub pairs with commas between them. Example: activity.exchange=mail-audit.')
  HUBS: string?

  @description('The hub of the connector\'s own facts.')
  OPERATIONS_HUB: string?

  @description('Whether an event carries many records, as {"records":[…]}, or a single bare one.')
  EVENT_SHAPE: ('records' | 'single')?

  @description('Whether events are compressed.')
  EVENT_COMPRESSION: ('none' | 'gzip')?

  @description('The size that events are packed to, in bytes.')
  @minValue(10000)
  @maxValue(1000000)
  EVENT_TARGET_BYTES: int?

  @description('How many requests a minute one tenant is asked at most.')
  @minValue(10)
  @maxValue(100000)
  REQUESTS_PER_MINUTE: int?

  @description('How many content blobs of one source are fetched at once.')
  @minValue(1)
  @maxValue(64)
  UNITS_IN_FLIGHT: int?

  @description('How many sources one message collects at once.')
  @minValue(1)
  @maxValue(100)
  SOURCES_AT_ONCE: int?

  @description('How many tenants share a message.')
  @minValue(1)
  @maxValue(20)
  TENANTS_PER_MESSAGE: int?

  @description('Into how many parts the schedule is divided.')
  @minValue(1)
  @maxValue(64)
  SCHEDULE_SHARDS: int?

  @description('Over how many partition keys the events of one tenant are spread.')
  @minValue(1)
  @maxValue(32)
  PARTITION_KEYS_PER_TENANT: int?

  @description('The shortest time between two runs of a busy source, in seconds.')
  @minValue(1)
  @maxValue(3600)
  POLL_SHORTEST_SECONDS: int?

  @description('The longest time between two runs of a quiet source, in seconds.')
  @minValue(1)
  @maxValue(86400)
  POLL_LONGEST_SECONDS: int?

  @description('How long one run may take, in seconds; the host ends a function after ten minutes.')
  @minValue(5)
  @maxValue(570)
  TIME_BUDGET_SECONDS: int?

  @description('An OpenTelemetry collector that events and metrics are sent to as well. Example: https://otel.example.net.')
  @maxLength(2000)
  OTEL_EXPORTER_OTLP_ENDPOINT: string?

  @description('Headers for it: a reference to a secret of the vault that holds them. Example: @Microsoft.KeyVault(VaultName=contoso;SecretName=otlp).')
  @maxLength(2000)
  OTEL_EXPORTER_OTLP_HEADERS: string?
}

@export()
@description('Names with a text each.')
type texts = {
  @description('A text.')
  *: string
}
