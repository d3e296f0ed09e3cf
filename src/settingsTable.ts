/** One setting, as it is documented and checked: docs/settings.md is made from this table. */
export interface SettingFacts {
  readonly group:
    | 'Needed'
    | 'Azure identity'
    | 'Where records go'
    | 'How much and how often'
    | 'Telemetry'
    | 'Pages and onboarding'
    | 'Actions on users and devices'
    | 'A cloud of your own';
  readonly what: string;
  /** What an example of it looks like; shown when it is wrong. */
  readonly example: string;
  /** What happens without it: a value for those that have one, else a sentence. */
  readonly otherwise: string | number;
  /** The smallest and the largest whole number. */
  readonly range?: readonly [least: number, most: number];
  readonly choices?: readonly [string, ...string[]];
}

const guid = '11111111-2222-3333-4444-555555555555';
const needed = 'the connector does not start';

/** All settings of the connector. */
export const settingsTable = {
  PUBLISHER_TENANT_ID: {
    group: 'Needed',
    what: 'The tenant id of whoever operates the connector. Microsoft counts requests by it: without one, everybody who has none shares a quota.',
    example: `${guid} (the tenant id of whoever operates the connector)`,
    otherwise: needed,
  },
  AzureWebJobsStorage: {
    group: 'Needed',
    what: 'The storage account of tables, queues and oversize records, which the Functions host uses too: a connection string. Better without a key: `AzureWebJobsStorage__accountName`.',
    example: 'AzureWebJobsStorage__accountName=contosom365, or a connection string',
    otherwise: 'one of the `AzureWebJobsStorage__…` settings is needed',
  },
  AzureWebJobsStorage__accountName: {
    group: 'Needed',
    what: "The storage account by its name; it is spoken to with the connector's identity.",
    example: 'contosom365',
    otherwise: 'the three addresses below, or a connection string',
  },
  AzureWebJobsStorage__tableServiceUri: {
    group: 'Needed',
    what: 'The address of the tables, where it does not follow from the name of the account: other clouds, private endpoints.',
    example: 'https://contosom365.table.core.windows.net',
    otherwise: 'it follows from the name of the account',
  },
  AzureWebJobsStorage__queueServiceUri: {
    group: 'Needed',
    what: 'The same for queues.',
    example: 'https://contosom365.queue.core.windows.net',
    otherwise: 'it follows from the name of the account',
  },
  AzureWebJobsStorage__blobServiceUri: {
    group: 'Needed',
    what: 'The same for blobs.',
    example: 'https://contosom365.blob.core.windows.net',
    otherwise: 'it follows from the name of the account',
  },
  EVENTHUBS: {
    group: 'Needed',
    what: 'The Event Hubs namespace: a connection string of the namespace, not of one hub. Better without a key: `EVENTHUBS__fullyQualifiedNamespace`.',
    example: 'EVENTHUBS__fullyQualifiedNamespace=contoso.servicebus.windows.net, or EVENTHUBS=Endpoint=sb://…',
    otherwise: '`EVENTHUBS__fullyQualifiedNamespace` is needed',
  },
  EVENTHUBS__fullyQualifiedNamespace: {
    group: 'Needed',
    what: "The Event Hubs namespace by its host name; it is spoken to with the connector's identity, which needs the role Azure Event Hubs Data Sender.",
    example: 'contoso.servicebus.windows.net',
    otherwise: '`EVENTHUBS` is needed',
  },
  KEY_VAULT_URL: {
    group: 'Needed',
    what: 'The key vault that keeps the secrets of the tenants. http is accepted for this machine only.',
    example: 'https://contoso-m365.vault.azure.net',
    otherwise: needed,
  },
  STORAGE_PREFIX: {
    group: 'Needed',
    what: 'What the names of all tables, queues and containers begin with: 3 to 20 lower-case letters and digits, a letter first. The queue triggers read it too, so a function app has to have it.',
    example: 'm365 (3 to 20 lower-case letters and digits, a letter first)',
    otherwise: 'm365',
  },
  COLLECT_SCHEDULE: {
    group: 'Needed',
    what: 'When the timer looks for what is due: second, minute, hour, day, month and day of week, in UTC. The Functions host reads it, so a function app has to have it. How often a source is polled is another matter: see `POLL_SHORTEST_SECONDS`. It must fire at least every hour and not every second.',
    example: '0 * * * * * (every minute)',
    otherwise: 'the function app does not start; commands do not need it',
  },
  AZURE_IDENTITY: {
    group: 'Azure identity',
    what: "Whose identity is used towards Azure: the function app's managed identity, or that of the developer who is signed in on this machine.",
    example: 'managed',
    otherwise: 'managed',
    choices: ['managed', 'developer'],
  },
  MANAGED_IDENTITY_CLIENT_ID: {
    group: 'Azure identity',
    what: 'The client id of a user-assigned managed identity.',
    example: guid,
    otherwise: 'the system-assigned identity is used',
  },
  HUBS: {
    group: 'Where records go',
    what: 'Other hubs for single sources, as pairs `source=hub` separated by commas.',
    example: 'activity.exchange=mail-audit,activity.general=m365-audit',
    otherwise: "each source's own hub, such as m365-audit",
  },
  OPERATIONS_HUB: {
    group: 'Where records go',
    what: "The hub of the connector's own facts: coverage, gaps, changes of state.",
    example: 'm365-operations',
    otherwise: 'm365-operations',
  },
  EVENT_SHAPE: {
    group: 'Where records go',
    what: 'Many records an event, as `{"records":[…]}`, or one bare record an event.',
    example: 'records',
    otherwise: 'records',
    choices: ['records', 'single'],
  },
  EVENT_COMPRESSION: {
    group: 'Where records go',
    what: 'Whether event bodies are compressed; the consumer has to know.',
    example: 'none',
    otherwise: 'none',
    choices: ['none', 'gzip'],
  },
  EVENT_TARGET_BYTES: {
    group: 'Where records go',
    what: 'How large an event becomes before the next one begins. The limit of the hub counts in any case.',
    example: '250000',
    otherwise: 250_000,
    range: [10_000, 1_000_000],
  },
  PARTITION_KEYS_PER_TENANT: {
    group: 'Where records go',
    what: 'Over how many partition keys the events of a tenant are spread. More than one gives up their order.',
    example: '1',
    otherwise: 1,
    range: [1, 32],
  },
  POLL_SHORTEST_SECONDS: {
    group: 'How much and how often',
    what: 'How often a source with news is polled when its interval is adaptive, in seconds.',
    example: '60',
    otherwise: 60,
    range: [1, 3_600],
  },
  POLL_LONGEST_SECONDS: {
    group: 'How much and how often',
    what: 'How often a source without news is polled when its interval is adaptive, in seconds. Not shorter than `POLL_SHORTEST_SECONDS`.',
    example: '900',
    otherwise: 900,
    range: [1, 86_400],
  },
  REQUESTS_PER_MINUTE: {
    group: 'How much and how often',
    what: 'How many requests a minute a tenant gets at most. Microsoft grants 2,000.',
    example: '2000',
    otherwise: 2_000,
    range: [10, 100_000],
  },
  UNITS_IN_FLIGHT: {
    group: 'How much and how often',
    what: 'How many content blobs of a source are fetched at the same time.',
    example: '4',
    otherwise: 4,
    range: [1, 64],
  },
  SOURCES_AT_ONCE: {
    group: 'How much and how often',
    what: 'How many sources of a message are collected at the same time.',
    example: '10',
    otherwise: 10,
    range: [1, 100],
  },
  TENANTS_PER_MESSAGE: {
    group: 'How much and how often',
    what: 'How many small tenants share a message. A tenant with a backlog has its own.',
    example: '10',
    otherwise: 10,
    range: [1, 20],
  },
  SCHEDULE_SHARDS: {
    group: 'How much and how often',
    what: 'Into how many parts the schedule is divided; more for thousands of tenants. Change it only while no tenant is collected.',
    example: '4',
    otherwise: 4,
    range: [1, 64],
  },
  TIME_BUDGET_SECONDS: {
    group: 'How much and how often',
    what: 'How long a message is worked on before the rest goes back on the queue, in seconds. About 70 % of `functionTimeout` in host.json.',
    example: '420',
    otherwise: 420,
    range: [5, 3_600],
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    group: 'Telemetry',
    what: 'An OpenTelemetry collector that events and metrics are sent to as well, over HTTP: its base address, without `/v1/logs`. http is accepted for this machine only.',
    example: 'https://otel.example.net',
    otherwise: 'telemetry goes to the log of the Functions host only, which takes it to Application Insights',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    group: 'Telemetry',
    what: 'Headers for it, as pairs `name=value` separated by commas. In Azure a reference to a secret in Key Vault.',
    example: 'authorization=…',
    otherwise: 'none are sent',
  },
  PUBLIC_URL: {
    group: 'Pages and onboarding',
    what: 'The address of this connector as browsers see it: an https origin. The redirect URI of its applications is this followed by `/auth/callback`. http is accepted for this machine only.',
    example: 'https://contoso-m365.azurewebsites.net',
    otherwise:
      'in Azure the address of the app, as soon as one of the applications below is set; else there are no pages, and tenants are added by command',
  },
  PROVIDER_NAME: {
    group: 'Pages and onboarding',
    what: 'The name of whoever operates the connector, as customers know it: it stands on the pages on which they consent.',
    example: 'Contoso Security Operations',
    otherwise: 'Your security provider',
  },
  PROVIDER_CLIENT_ID: {
    group: 'Pages and onboarding',
    what: "The client id of the provider's multi-tenant application, to which customers consent.",
    example: guid,
    otherwise: 'customers cannot come in by consent alone',
  },
  PROVIDER_SECRET_NAME: {
    group: 'Pages and onboarding',
    what: 'The name of its credential in the key vault.',
    example: 'provider-application',
    otherwise: 'provider-application',
  },
  PROVIDER_CLOUD: {
    group: 'Pages and onboarding',
    what: 'The cloud in which the applications of the provider are registered: an application exists in one cloud only.',
    example: 'commercial',
    otherwise: 'commercial',
    choices: ['commercial', 'gcc', 'gccHigh', 'dod', 'china', 'custom'],
  },
  SETUP_CLIENT_ID: {
    group: 'Pages and onboarding',
    what: "The client id of the multi-tenant application with the delegated permissions `Application.ReadWrite.All` and `AppRoleAssignment.ReadWrite.All`, with which a customer's administrator has an application made in their own tenant. It leaves the tenant when it has done so.",
    example: guid,
    otherwise: 'guided provisioning is not offered',
  },
  SETUP_SECRET_NAME: {
    group: 'Pages and onboarding',
    what: 'The name of its credential in the key vault.',
    example: 'setup-application',
    otherwise: 'setup-application',
  },
  OPERATOR_CLIENT_ID: {
    group: 'Pages and onboarding',
    what: "The client id of the application that operators sign in to, in the provider's own tenant (`PUBLISHER_TENANT_ID`), with the app roles Reader, Onboarder, Responder and Approver. Its tokens are verified by the connector itself, also behind the built-in authentication of App Service.",
    example: guid,
    otherwise: "the operator's pages are closed to everybody",
  },
  OPERATOR_ACCESS: {
    group: 'Pages and onboarding',
    what: 'Who may open the pages of the operator: those who sign in, or, on this machine only, whoever reaches them.',
    example: 'signedIn',
    otherwise: 'signedIn',
    choices: ['signedIn', 'local'],
  },
  RESPONSE_ACTIONS: {
    group: 'Actions on users and devices',
    what: 'The kill switch. `off`: nothing is sent, not even for what was asked for and approved before. `dryRun`: requests are checked and say what would be done. `on`: actions are taken.',
    example: 'on',
    otherwise: 'off',
    choices: ['off', 'dryRun', 'on'],
  },
  RESPONSE_CLIENT_ID: {
    group: 'Actions on users and devices',
    what: 'The client id of the second multi-tenant application, which acts and never collects. Each customer consents to it on its own.',
    example: guid,
    otherwise: 'actions are not available',
  },
  RESPONSE_SECRET_NAME: {
    group: 'Actions on users and devices',
    what: 'The name of its credential in the key vault.',
    example: 'response-application',
    otherwise: 'response-application',
  },
  PROTECTED_TARGETS: {
    group: 'Actions on users and devices',
    what: 'Users and machines that nothing is ever done to, such as break-glass accounts: object ids, user principal names or machine ids, separated by commas.',
    example: `breakglass@contoso.com,${guid}`,
    otherwise: 'only the last Global Administrator of a tenant is protected',
  },
  RESPONSE_ACTIONS_PER_TENANT_HOUR: {
    group: 'Actions on users and devices',
    what: 'How many actions may be asked for in one tenant in an hour.',
    example: '20',
    otherwise: 20,
    range: [1, 1_000],
  },
  RESPONSE_ACTIONS_PER_HOUR: {
    group: 'Actions on users and devices',
    what: 'How many actions may be asked for in all tenants together in an hour.',
    example: '100',
    otherwise: 100,
    range: [1, 10_000],
  },
  RESPONSE_TARGETS_WITHOUT_APPROVAL: {
    group: 'Actions on users and devices',
    what: 'On how many users and devices of a tenant actions may be taken in an hour before each further one needs the approval of another person.',
    example: '5',
    otherwise: 5,
    range: [0, 1_000],
  },
  RESPONSE_APPROVAL_MINUTES: {
    group: 'Actions on users and devices',
    what: 'How long an approval may take; after that the action has to be asked for again.',
    example: '30',
    otherwise: 30,
    range: [1, 1_440],
  },
  RESPONSE_RETENTION_DAYS: {
    group: 'Actions on users and devices',
    what: 'For how many days an action is kept after it has ended. So long at least its idempotency key is its own: the same request with the same key is the same action, and nothing is done twice. What was done stands in the audit beyond that.',
    example: '400',
    otherwise: 400,
    range: [30, 3_650],
  },
  AUDIT_RETENTION_DAYS: {
    group: 'Actions on users and devices',
    what: 'For how many days the audit is kept in the tables of the connector: who changed what, and every line of every action. Older lines are deleted; what was sent to `OPERATIONS_HUB` is not touched.',
    example: '730',
    otherwise: 'the audit is kept for good',
    range: [400, 36_500],
  },
  CLOUD_CUSTOM_LOGIN: {
    group: 'A cloud of your own',
    what: 'The login service of the cloud `custom`: any server that speaks these APIs. All four addresses are needed, each an https origin; a private certificate authority goes through `NODE_EXTRA_CA_CERTS`.',
    example: 'https://login.example.net',
    otherwise: 'there is no cloud `custom`',
  },
  CLOUD_CUSTOM_SIGN_IN: {
    group: 'A cloud of your own',
    what: 'Where people sign in with a browser, when that is not the login service. http is accepted for this machine only.',
    example: 'https://login.example.net',
    otherwise: 'the login service',
  },
  CLOUD_CUSTOM_MANAGEMENT: {
    group: 'A cloud of your own',
    what: 'Its Management Activity API.',
    example: 'https://manage.example.net',
    otherwise: 'there is no cloud `custom`',
  },
  CLOUD_CUSTOM_GRAPH: {
    group: 'A cloud of your own',
    what: 'Its Microsoft Graph.',
    example: 'https://graph.example.net',
    otherwise: 'there is no cloud `custom`',
  },
  CLOUD_CUSTOM_DEFENDER: {
    group: 'A cloud of your own',
    what: 'Its Defender API.',
    example: 'https://defender.example.net',
    otherwise: 'there is no cloud `custom`',
  },
} as const satisfies Readonly<Record<string, SettingFacts>>;

/** The name of a setting. */
export type SettingName = keyof typeof settingsTable;

/** The facts of a setting. */
export function factsOf(name: SettingName): SettingFacts {
  return settingsTable[name];
}
