import { z } from 'zod';
import { parseGuid } from './domain/tenant';
import type { Cloud } from './domain/cloud';
import type { EventFormat } from './domain/event';

/** All settings of the connector, checked. Times in milliseconds unless the name says otherwise. */
export interface Settings {
  readonly publisherId: string;
  readonly storage:
    | { readonly kind: 'connectionString'; readonly value: string }
    | { readonly kind: 'account'; readonly tableUrl: string; readonly queueUrl: string; readonly blobUrl: string };
  readonly storagePrefix: string;
  readonly eventHubs:
    | { readonly kind: 'connectionString'; readonly value: string }
    | { readonly kind: 'namespace'; readonly fullyQualifiedNamespace: string };
  readonly keyVaultUrl: string;
  readonly managedIdentityClientId: string | undefined;
  /** Whose identity is used towards Azure: the app's managed identity, or that of the developer who is signed in on this machine. */
  readonly azureIdentity: 'managed' | 'developer';
  readonly customCloud: Cloud | undefined;
  readonly hubs: ReadonlyMap<string, string>;
  readonly operationsHub: string;
  readonly format: EventFormat;
  readonly requestsPerMinute: number;
  readonly unitsInFlight: number;
  readonly sourcesAtOnce: number;
  readonly tenantsPerMessage: number;
  readonly shards: number;
  readonly keysPerTenant: number;
  readonly pollShortestSeconds: number;
  readonly pollLongestSeconds: number;
  readonly budgetMs: number;
}

/** A problem with one setting: its name, what is wrong, and an example. Never its value. */
export interface SettingProblem {
  readonly name: string;
  readonly wrong: string;
  readonly example: string;
}

/** Thrown at start when settings are missing, malformed or contradict each other; lists all problems at once. */
export class SettingsError extends Error {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super(
      `The connector cannot start: ${problems.length === 1 ? 'a setting is' : `${problems.length} settings are`} wrong.\n` +
        problems.map(({ name, wrong, example }) => `  ${name}: ${wrong}. Example: ${example}`).join('\n'),
    );
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const examples = {
  PUBLISHER_TENANT_ID: '11111111-2222-3333-4444-555555555555 (the tenant id of whoever operates the connector)',
  EVENTHUBS: 'EVENTHUBS__fullyQualifiedNamespace=contoso.servicebus.windows.net, or EVENTHUBS=Endpoint=sb://…',
  KEY_VAULT_URL: 'https://contoso-m365.vault.azure.net',
  AzureWebJobsStorage: 'AzureWebJobsStorage__accountName=contosom365, or a connection string',
  STORAGE_PREFIX: 'm365 (3 to 20 lower-case letters and digits, a letter first)',
  MANAGED_IDENTITY_CLIENT_ID: '11111111-2222-3333-4444-555555555555',
  HUBS: 'activity.exchange=mail-audit,activity.general=m365-audit',
  CLOUD_CUSTOM_LOGIN: 'https://login.example.net',
} as const;

/** Reads text settings and collects what is wrong with them, so that a person sees all of it at once. */
class SettingsReader {
  readonly problems: SettingProblem[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  problem(name: string, wrong: string, example: string): undefined {
    this.problems.push({ name, wrong, example });
    return undefined;
  }

  /** The text of a setting, undefined when it is absent or empty; quoted, padded and placeholder values are problems. */
  text(name: string, example: string): string | undefined {
    const value = this.#environment[name];
    if (value === undefined || value === '') return undefined;
    if (value.trim() === '') return this.problem(name, 'consists of white space', example);
    if (value !== value.trim()) return this.problem(name, 'begins or ends with white space', example);
    if (/^["'].*["']$/.test(value)) return this.problem(name, 'is in quotation marks; write it without', example);
    if (/<[^>]*>|^changeme$/i.test(value)) return this.problem(name, 'is still a placeholder', example);
    return value;
  }

  required(name: string, example: string): string | undefined {
    const before = this.problems.length;
    const value = this.text(name, example);
    if (value === undefined && this.problems.length === before) return this.problem(name, 'is missing', example);
    return value;
  }

  guid(name: string, example: string, required: boolean): string | undefined {
    const value = required ? this.required(name, example) : this.text(name, example);
    if (value === undefined) return undefined;
    const id = parseGuid(value);
    if (id === undefined) return this.problem(name, 'is not a GUID', example);
    if (/^[0-]+$/.test(id)) return this.problem(name, 'is the GUID of zeros, which Microsoft counts on a pool shared by everybody', example);
    return id;
  }

  /** An https origin without path; http only for loopback hosts when allowed. */
  origin(name: string, example: string, required: boolean, loopbackHttp = false): string | undefined {
    const value = required ? this.required(name, example) : this.text(name, example);
    if (value === undefined) return undefined;
    const url = URL.parse(value);
    if (url === null) return this.problem(name, 'is not a URL', example);
    const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    if (url.protocol !== 'https:' && !(loopbackHttp && loopback && url.protocol === 'http:')) return this.problem(name, 'is not an https URL', example);
    if (url.username !== '' || url.password !== '') return this.problem(name, 'contains a user name or password', example);
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return this.problem(name, 'has a path; give the host only', example);
    return url.origin;
  }

  whole(name: string, otherwise: number, least: number, most: number): number {
    const example = `${otherwise} (a whole number from ${least} to ${most})`;
    const value = this.text(name, example);
    if (value === undefined) return otherwise;
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) this.problem(name, 'is not a whole number', example);
    else if (number < least || number > most) this.problem(name, `is not between ${least} and ${most}`, example);
    else return number;
    return otherwise;
  }

  oneOf<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const value = this.text(name, choices[0]);
    const parsed = z.enum(choices).safeParse(value ?? choices[0]);
    if (parsed.success) return parsed.data;
    this.problem(name, `is none of ${choices.join(', ')}`, choices[0]);
    return choices[0];
  }
}

/** Checks all settings. Throws a SettingsError that names every problem; no value is ever repeated. */
export function readSettings(environment: Environment, sourceIds: readonly string[]): Settings {
  const read = new SettingsReader(environment);
  const publisherId = read.guid('PUBLISHER_TENANT_ID', examples.PUBLISHER_TENANT_ID, true);
  const storage = readStorage(read);
  const eventHubs = readEventHubs(read);
  const keyVaultUrl = read.origin('KEY_VAULT_URL', examples.KEY_VAULT_URL, true, true);
  const storagePrefix = read.text('STORAGE_PREFIX', examples.STORAGE_PREFIX) ?? 'm365';
  if (!/^[a-z][a-z0-9]{2,19}$/.test(storagePrefix)) read.problem('STORAGE_PREFIX', 'cannot be part of a table name', examples.STORAGE_PREFIX);
  const pollShortestSeconds = read.whole('POLL_SHORTEST_SECONDS', 60, 1, 3_600);
  const pollLongestSeconds = read.whole('POLL_LONGEST_SECONDS', 900, 1, 86_400);
  if (pollLongestSeconds < pollShortestSeconds)
    read.problem('POLL_LONGEST_SECONDS', 'is shorter than POLL_SHORTEST_SECONDS', `${pollShortestSeconds} or more`);
  const settings = {
    publisherId,
    storage,
    storagePrefix,
    eventHubs,
    keyVaultUrl,
    managedIdentityClientId: read.guid('MANAGED_IDENTITY_CLIENT_ID', examples.MANAGED_IDENTITY_CLIENT_ID, false),
    azureIdentity: read.oneOf('AZURE_IDENTITY', ['managed', 'developer']),
    customCloud: readCustomCloud(read),
    hubs: readHubs(read, sourceIds),
    operationsHub: read.text('OPERATIONS_HUB', 'm365-operations') ?? 'm365-operations',
    format: {
      shape: read.oneOf('EVENT_SHAPE', ['records', 'single']),
      compression: read.oneOf('EVENT_COMPRESSION', ['none', 'gzip']),
      targetBytes: read.whole('EVENT_TARGET_BYTES', 250_000, 10_000, 1_000_000),
    },
    requestsPerMinute: read.whole('REQUESTS_PER_MINUTE', 2_000, 10, 100_000),
    unitsInFlight: read.whole('UNITS_IN_FLIGHT', 8, 1, 64),
    sourcesAtOnce: read.whole('SOURCES_AT_ONCE', 10, 1, 100),
    tenantsPerMessage: read.whole('TENANTS_PER_MESSAGE', 10, 1, 20),
    shards: read.whole('SCHEDULE_SHARDS', 4, 1, 64),
    keysPerTenant: read.whole('PARTITION_KEYS_PER_TENANT', 1, 1, 32),
    pollShortestSeconds,
    pollLongestSeconds,
    budgetMs: read.whole('TIME_BUDGET_SECONDS', 420, 5, 3_600) * 1_000,
  };
  if (read.problems.length > 0 || publisherId === undefined || storage === undefined || eventHubs === undefined || keyVaultUrl === undefined)
    throw new SettingsError(read.problems);
  return { ...settings, publisherId, storage, eventHubs, keyVaultUrl };
}

function readStorage(read: SettingsReader): Settings['storage'] | undefined {
  const name = 'AzureWebJobsStorage';
  const example = examples.AzureWebJobsStorage;
  const value = read.text(name, example);
  const account = read.text(`${name}__accountName`, 'contosom365');
  const urls = (['tableServiceUri', 'queueServiceUri', 'blobServiceUri'] as const).map((part) =>
    read.origin(`${name}__${part}`, `https://contosom365.${part.slice(0, 5).replace(/S$/, '')}.core.windows.net`, false),
  );
  const [tableUrl, queueUrl, blobUrl] = urls;
  if (value !== undefined && (account !== undefined || urls.some((url) => url !== undefined)))
    return read.problem(name, `is given together with ${name}__…; give one of them`, example);
  if (value !== undefined) return { kind: 'connectionString', value };
  if (account !== undefined) {
    if (!/^[a-z0-9]{3,24}$/.test(account)) return read.problem(`${name}__accountName`, 'is not the name of a storage account', 'contosom365');
    const url = (service: string) => `https://${account}.${service}.core.windows.net`;
    return { kind: 'account', tableUrl: tableUrl ?? url('table'), queueUrl: queueUrl ?? url('queue'), blobUrl: blobUrl ?? url('blob') };
  }
  if (tableUrl !== undefined && queueUrl !== undefined && blobUrl !== undefined) return { kind: 'account', tableUrl, queueUrl, blobUrl };
  return read.problem(name, 'is missing', example);
}

function readEventHubs(read: SettingsReader): Settings['eventHubs'] | undefined {
  const value = read.text('EVENTHUBS', examples.EVENTHUBS);
  const namespace = read.text('EVENTHUBS__fullyQualifiedNamespace', examples.EVENTHUBS);
  if (value !== undefined && namespace !== undefined)
    return read.problem('EVENTHUBS', 'is given together with EVENTHUBS__fullyQualifiedNamespace; give one of them', examples.EVENTHUBS);
  if (namespace !== undefined) {
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(namespace))
      return read.problem('EVENTHUBS__fullyQualifiedNamespace', 'is not a host name', 'contoso.servicebus.windows.net');
    return { kind: 'namespace', fullyQualifiedNamespace: namespace };
  }
  if (value === undefined) return read.problem('EVENTHUBS', 'is missing', examples.EVENTHUBS);
  if (!/^Endpoint=sb:\/\//i.test(value)) return read.problem('EVENTHUBS', 'is not an Event Hubs connection string', examples.EVENTHUBS);
  if (/;EntityPath=/i.test(value)) return read.problem('EVENTHUBS', 'names a single hub; take a connection string of the namespace', examples.EVENTHUBS);
  return { kind: 'connectionString', value };
}

function readCustomCloud(read: SettingsReader): Cloud | undefined {
  const parts = { login: 'CLOUD_CUSTOM_LOGIN', management: 'CLOUD_CUSTOM_MANAGEMENT', graph: 'CLOUD_CUSTOM_GRAPH', defender: 'CLOUD_CUSTOM_DEFENDER' };
  const host = (name: string, required: boolean) => read.origin(name, examples.CLOUD_CUSTOM_LOGIN, required);
  if (Object.values(parts).every((name) => read.text(name, examples.CLOUD_CUSTOM_LOGIN) === undefined)) return undefined;
  const login = host(parts.login, true);
  const management = host(parts.management, true);
  const graph = host(parts.graph, true);
  const defender = host(parts.defender, true);
  if (login === undefined || management === undefined || graph === undefined || defender === undefined) return undefined;
  return { id: 'custom', title: 'Custom', login, hosts: { management, graph, defender } };
}

function readHubs(read: SettingsReader, sourceIds: readonly string[]): ReadonlyMap<string, string> {
  const hubs = new Map<string, string>();
  for (const pair of (read.text('HUBS', examples.HUBS) ?? '').split(',').filter((part) => part !== '')) {
    const [source = '', hub = ''] = pair.split('=');
    if (!sourceIds.includes(source)) read.problem('HUBS', 'names a source that does not exist', examples.HUBS);
    else if (hubs.has(source)) read.problem('HUBS', 'names a source twice', examples.HUBS);
    else if (!/^[a-z0-9][\w.-]{0,254}$/i.test(hub)) read.problem('HUBS', 'names a hub that cannot exist', examples.HUBS);
    else hubs.set(source, hub);
  }
  return hubs;
}

