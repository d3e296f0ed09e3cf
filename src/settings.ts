import { parseGuid } from './domain/tenant';
import { cloudIds } from './domain/cloud';
import type { Cloud, CloudId } from './domain/cloud';
import type { EventFormat } from './domain/event';
import { factsOf, settingsTable } from './settingsTable';
import type { SettingName } from './settingsTable';
import { wrongWithSchedule } from './timerSchedule';

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
  /** Where telemetry goes besides the log of the host. */
  readonly openTelemetry: { readonly url: string; readonly headers: Readonly<Record<string, string>> } | undefined;
  readonly pages: PageSettings | undefined;
  readonly response: ResponseSettings;
}

/** Actions on users and devices: whether they are taken, as which application, and how many. */
interface ResponseSettings {
  readonly mode: 'off' | 'dryRun' | 'on';
  readonly application: { readonly clientId: string; readonly secretName: string } | undefined;
  /** In lower case. */
  readonly protectedTargets: ReadonlySet<string>;
  readonly perTenantAnHour: number;
  readonly allTenantsAnHour: number;
  readonly targetsWithoutApproval: number;
  readonly approvalMs: number;
  /** How long what was done is kept; the audit for good without a time for it. */
  readonly retention: { readonly actionsMs: number; readonly auditMs: number | undefined };
}

/** The pages: where they are, which applications people sign in to, and who may operate. */
export interface PageSettings {
  /** An origin, without a slash at its end. */
  readonly publicUrl: string;
  readonly providerName: string;
  readonly cloud: CloudId;
  readonly provider: { readonly clientId: string; readonly secretName: string } | undefined;
  readonly setup: { readonly clientId: string; readonly secretName: string } | undefined;
  /** `local`: whoever reaches the pages, which is possible on this machine only; undefined: nobody. */
  readonly operators: { readonly kind: 'signedIn'; readonly clientId: string } | { readonly kind: 'local' } | undefined;
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

/** Reads text settings and collects what is wrong with them, so that a person sees all of it at once. */
class SettingsReader {
  readonly problems: SettingProblem[] = [];
  readonly #environment: Environment;
  readonly #wrong = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Notes the first thing that is wrong with a setting. */
  problem(name: SettingName, wrong: string, example = exampleOf(name)): void {
    if (!this.#wrong.has(name)) this.problems.push({ name, wrong, example });
    this.#wrong.add(name);
  }

  /** The value when nothing is wrong with it; otherwise notes what is. */
  checked<T>(name: SettingName, value: T, wrong: string | undefined): T | undefined {
    if (wrong === undefined) return value;
    this.problem(name, wrong);
    return undefined;
  }

  /** Whether this is an app on App Service, which says how it is called there. https://learn.microsoft.com/azure/app-service/reference-app-settings */
  isHosted(): boolean {
    const host = this.#environment['WEBSITE_HOSTNAME'] ?? '';
    return host !== '' && !isLoopback(host.replace(/:\d+$/, ''));
  }

  /** The address that App Service gave the app; undefined elsewhere. */
  ownAddress(): string | undefined {
    const host = this.#environment['WEBSITE_HOSTNAME'] ?? '';
    return this.isHosted() && /^[a-z0-9.-]+$/i.test(host) ? `https://${host.toLowerCase()}` : undefined;
  }

  /** The text of a setting, undefined when it is absent or empty; quoted, padded and placeholder values are problems. */
  text(name: SettingName): string | undefined {
    const value = this.#environment[name];
    return value === undefined || value === '' ? undefined : this.checked(name, value, wrongWithText(value));
  }

  required(name: SettingName): string | undefined {
    const value = this.text(name);
    if (value === undefined) this.problem(name, 'is missing');
    return value;
  }

  guid(name: SettingName, required: boolean): string | undefined {
    const value = required ? this.required(name) : this.text(name);
    return value === undefined ? undefined : this.checked(name, parseGuid(value), wrongWithGuid(parseGuid(value)));
  }

  /** An https origin without path; http only for this machine when allowed. */
  origin(
    name: SettingName,
    { required = false, ...rules }: OriginRules & { readonly required?: boolean } = {},
  ): string | undefined {
    const value = required ? this.required(name) : this.text(name);
    if (value === undefined) return undefined;
    const url = URL.parse(value);
    return this.checked(name, url?.origin, wrongWithOrigin(url, rules));
  }

  whole(name: SettingName): number {
    const { otherwise, range = [0, Infinity] } = factsOf(name);
    const value = this.text(name);
    if (value === undefined) return Number(otherwise);
    const number = Number(value);
    const [least, most] = range;
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) this.problem(name, 'is not a whole number');
    else if (number < least || number > most) this.problem(name, `is not between ${least} and ${most}`);
    else return number;
    return Number(otherwise);
  }

  oneOf<T extends string>(name: SettingName, choices: readonly [T, ...T[]]): T {
    const value = this.text(name) ?? choices[0];
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) this.problem(name, `is none of ${choices.join(', ')}`);
    return chosen ?? choices[0];
  }

  hub(name: SettingName, otherwise: string): string {
    const value = this.text(name) ?? otherwise;
    if (!hubName.test(value)) this.problem(name, 'cannot be the name of a hub');
    return value;
  }

  /** Whether there is anything at all, right or wrong. */
  has(name: SettingName): boolean {
    return (this.#environment[name] ?? '') !== '';
  }

  /** Settings that begin like ours and are none: a misspelt one would be left out without a word. */
  unknown(prefix: string): string[] {
    return Object.keys(this.#environment).filter((name) => name.startsWith(prefix) && !Object.hasOwn(settingsTable, name));
  }
}

interface OriginRules {
  readonly loopbackHttp?: boolean;
  /** What the name of the host has to look like, unless it is this machine. */
  readonly host?: RegExp;
}

function wrongWithText(value: string): string | undefined {
  if (value.trim() === '') return 'consists of white space';
  if (value !== value.trim()) return 'begins or ends with white space';
  if (/^["'].*["']$/.test(value)) return 'is in quotation marks; write it without';
  return /<[^>]*>|^changeme$/i.test(value) ? 'is still a placeholder' : undefined;
}

function wrongWithGuid(id: string | undefined): string | undefined {
  if (id === undefined) return 'is not a GUID';
  return /^[0-]+$/.test(id) ? 'is the GUID of zeros, which Microsoft counts on a pool shared by everybody' : undefined;
}

function wrongWithOrigin(url: URL | null, { loopbackHttp = false, host }: OriginRules): string | undefined {
  if (url === null) return 'is not a URL';
  const loopback = isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !(loopbackHttp && loopback && url.protocol === 'http:')) return 'is not an https URL';
  if (url.username !== '' || url.password !== '') return 'contains a user name or password';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return 'has a path; give the host only';
  return loopback || host === undefined || host.test(url.hostname) ? undefined : 'is not the address of such a service';
}

const dayMs = 86_400_000;
const hubName = /^[a-z0-9][\w.-]{0,254}$/i;

function exampleOf(name: SettingName): string {
  const { example, range } = factsOf(name);
  return range === undefined ? example : `${example} (a whole number from ${range[0]} to ${range[1]})`;
}

function isLoopback(host: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(host);
}

/** Checks all settings. Throws a SettingsError that names every problem; no value is ever repeated. */
export function readSettings(environment: Environment, sourceIds: readonly string[]): Settings {
  const read = new SettingsReader(environment);
  const publisherId = read.guid('PUBLISHER_TENANT_ID', true);
  const storage = readStorage(read);
  const eventHubs = readEventHubs(read);
  const keyVaultUrl = read.origin('KEY_VAULT_URL', { required: true, loopbackHttp: true, host: vaultHost });
  const storagePrefix = read.text('STORAGE_PREFIX') ?? String(factsOf('STORAGE_PREFIX').otherwise);
  if (!/^[a-z][a-z0-9]{2,19}$/.test(storagePrefix)) read.problem('STORAGE_PREFIX', 'cannot be part of a table name');
  const schedule = read.text('COLLECT_SCHEDULE');
  const wrong = schedule === undefined ? undefined : wrongWithSchedule(schedule);
  if (wrong !== undefined) read.problem('COLLECT_SCHEDULE', wrong);
  const pollShortestSeconds = read.whole('POLL_SHORTEST_SECONDS');
  const pollLongestSeconds = read.whole('POLL_LONGEST_SECONDS');
  if (pollLongestSeconds < pollShortestSeconds)
    read.problem(
      'POLL_LONGEST_SECONDS',
      'is shorter than POLL_SHORTEST_SECONDS',
      'a number that is not smaller, or neither of them',
    );
  const managedIdentityClientId = read.guid('MANAGED_IDENTITY_CLIENT_ID', false);
  const azureIdentity = read.oneOf('AZURE_IDENTITY', ['managed', 'developer']);
  if (azureIdentity === 'developer' && managedIdentityClientId !== undefined)
    read.problem('MANAGED_IDENTITY_CLIENT_ID', 'goes with AZURE_IDENTITY=managed, not with developer');
  const settings = {
    publisherId,
    storage,
    storagePrefix,
    eventHubs,
    keyVaultUrl,
    managedIdentityClientId,
    azureIdentity,
    customCloud: readCustomCloud(read),
    hubs: readHubs(read, sourceIds),
    operationsHub: read.hub('OPERATIONS_HUB', 'm365-operations'),
    format: {
      shape: read.oneOf('EVENT_SHAPE', ['records', 'single']),
      compression: read.oneOf('EVENT_COMPRESSION', ['none', 'gzip']),
      targetBytes: read.whole('EVENT_TARGET_BYTES'),
    },
    requestsPerMinute: read.whole('REQUESTS_PER_MINUTE'),
    unitsInFlight: read.whole('UNITS_IN_FLIGHT'),
    sourcesAtOnce: read.whole('SOURCES_AT_ONCE'),
    tenantsPerMessage: read.whole('TENANTS_PER_MESSAGE'),
    shards: read.whole('SCHEDULE_SHARDS'),
    keysPerTenant: read.whole('PARTITION_KEYS_PER_TENANT'),
    pollShortestSeconds,
    pollLongestSeconds,
    budgetMs: read.whole('TIME_BUDGET_SECONDS') * 1_000,
    openTelemetry: readOpenTelemetry(read),
    pages: readPages(read),
    response: readResponse(read),
  };
  if (
    read.problems.length > 0 ||
    publisherId === undefined ||
    storage === undefined ||
    eventHubs === undefined ||
    keyVaultUrl === undefined
  )
    throw new SettingsError(read.problems);
  return { ...settings, publisherId, storage, eventHubs, keyVaultUrl };
}

// The vaults of all clouds, and those behind a private link. https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers
const vaultHost = /\.(vault\.azure\.net|vault\.usgovcloudapi\.net|vault\.azure\.cn|vaultcore\.azure\.net)$/;

function readStorage(read: SettingsReader): Settings['storage'] | undefined {
  const name = 'AzureWebJobsStorage';
  const value = read.text(name);
  const account = read.text(`${name}__accountName`);
  const tableUrl = read.origin(`${name}__tableServiceUri`);
  const queueUrl = read.origin(`${name}__queueServiceUri`);
  const blobUrl = read.origin(`${name}__blobServiceUri`);
  const others = [account, tableUrl, queueUrl, blobUrl].filter((other) => other !== undefined);
  if (value !== undefined) {
    const wrong = others.length > 0 ? `is given together with ${name}__…; give one of them` : wrongWithStorage(value);
    return read.checked(name, { kind: 'connectionString', value }, wrong);
  }
  if (account !== undefined) {
    const url = (service: string) => `https://${account}.${service}.core.windows.net`;
    const urls = { tableUrl: tableUrl ?? url('table'), queueUrl: queueUrl ?? url('queue'), blobUrl: blobUrl ?? url('blob') };
    const wrong = /^[a-z0-9]{3,24}$/.test(account) ? undefined : 'is not the name of a storage account';
    return read.checked(`${name}__accountName`, { kind: 'account', ...urls }, wrong);
  }
  if (tableUrl !== undefined && queueUrl !== undefined && blobUrl !== undefined)
    return { kind: 'account', tableUrl, queueUrl, blobUrl };
  if (others.length === 0) read.problem(name, 'is missing');
  else
    for (const part of ['table', 'queue', 'blob'] as const)
      if (!read.has(`${name}__${part}ServiceUri`))
        read.problem(`${name}__${part}ServiceUri`, `is missing; give it, or ${name}__accountName`);
  return undefined;
}

function wrongWithStorage(value: string): string | undefined {
  if (/^UseDevelopmentStorage=true;?$/i.test(value)) return undefined;
  const parts = connectionParts(value);
  const keyed = parts.has('accountname') && parts.has('accountkey');
  if (!keyed && !parts.has('sharedaccesssignature')) return 'is not a storage connection string';
  const endpoints = [...parts].filter(([part]) => part.endsWith('endpoint')).map(([, text]) => URL.parse(text));
  if (endpoints.some((url) => url === null || (url.protocol !== 'https:' && !isLoopback(url.hostname))))
    return 'names an endpoint that is not https';
  const plain = endpoints.length === 0 && parts.get('defaultendpointsprotocol')?.toLowerCase() === 'http';
  return plain ? 'asks for http; it must be https' : undefined;
}

/** The parts of a connection string by their names in lower case. */
function connectionParts(value: string): ReadonlyMap<string, string> {
  return new Map(
    value.split(';').flatMap((part) => {
      const at = part.indexOf('=');
      return at <= 0 ? [] : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1)] as const];
    }),
  );
}

function readEventHubs(read: SettingsReader): Settings['eventHubs'] | undefined {
  const value = read.text('EVENTHUBS');
  const namespace = read.text('EVENTHUBS__fullyQualifiedNamespace');
  if (value !== undefined) {
    const both = 'is given together with EVENTHUBS__fullyQualifiedNamespace; give one of them';
    return read.checked('EVENTHUBS', { kind: 'connectionString', value }, namespace === undefined ? wrongWithHubs(value) : both);
  }
  if (namespace !== undefined) {
    const wrong = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(namespace) ? undefined : 'is not a host name';
    return read.checked('EVENTHUBS__fullyQualifiedNamespace', { kind: 'namespace', fullyQualifiedNamespace: namespace }, wrong);
  }
  read.problem('EVENTHUBS', 'is missing');
  return undefined;
}

function wrongWithHubs(value: string): string | undefined {
  const parts = connectionParts(value);
  const endpoint = URL.parse(parts.get('endpoint') ?? '');
  if (endpoint?.protocol !== 'sb:') return 'is not an Event Hubs connection string';
  if (parts.has('entitypath')) return 'names a single hub; take a connection string of the namespace';
  if (!parts.has('sharedaccesssignature') && !(parts.has('sharedaccesskeyname') && parts.has('sharedaccesskey')))
    return 'has no shared access key';
  // The host of a scheme that is not a web one is as it was written.
  const emulated = parts.get('usedevelopmentemulator')?.toLowerCase() === 'true';
  return emulated && !isLoopback(endpoint.hostname) ? 'asks for the emulator, without encryption, on another machine' : undefined;
}

function readCustomCloud(read: SettingsReader): Cloud | undefined {
  const names = ['CLOUD_CUSTOM_LOGIN', 'CLOUD_CUSTOM_MANAGEMENT', 'CLOUD_CUSTOM_GRAPH', 'CLOUD_CUSTOM_DEFENDER'] as const;
  for (const name of read.unknown('CLOUD_CUSTOM_'))
    read.problems.push({ name, wrong: 'is not a setting of the connector', example: names.join(', ') });
  const signIn = read.origin('CLOUD_CUSTOM_SIGN_IN', { loopbackHttp: true });
  const [login, management, graph, defender] = names.map((name) => read.origin(name));
  const missing = names.filter((name) => !read.has(name));
  if (missing.length === names.length) return undefined;
  for (const name of missing) read.problem(name, 'is missing, although other addresses of the cloud "custom" are given');
  if (login === undefined || management === undefined || graph === undefined || defender === undefined) return undefined;
  return {
    id: 'custom',
    title: 'Custom',
    login,
    ...(signIn === undefined ? {} : { signIn }),
    hosts: { management, graph, defender },
  };
}

function readPages(read: SettingsReader): PageSettings | undefined {
  const applications = ['PROVIDER_CLIENT_ID', 'SETUP_CLIENT_ID', 'OPERATOR_CLIENT_ID'] as const;
  const isWanted = applications.some((name) => read.has(name));
  const publicUrl = read.origin('PUBLIC_URL', { loopbackHttp: true }) ?? (isWanted ? read.ownAddress() : undefined);
  const providerName = read.text('PROVIDER_NAME') ?? String(factsOf('PROVIDER_NAME').otherwise);
  const provider = readApplication(read, 'PROVIDER_CLIENT_ID', 'PROVIDER_SECRET_NAME');
  const setup = readApplication(read, 'SETUP_CLIENT_ID', 'SETUP_SECRET_NAME');
  const cloud = read.oneOf('PROVIDER_CLOUD', cloudIds);
  const operatorId = read.guid('OPERATOR_CLIENT_ID', false);
  const local = read.oneOf('OPERATOR_ACCESS', ['signedIn', 'local']) === 'local';
  if (local && (publicUrl === undefined || !isLoopback(new URL(publicUrl).hostname) || read.isHosted()))
    read.problem('OPERATOR_ACCESS', 'opens the pages to everybody, which is possible on this machine only', 'signedIn');
  if (publicUrl === undefined) {
    for (const name of applications) if (read.has(name)) read.problem('PUBLIC_URL', `is missing, although ${name} is given`);
    return undefined;
  }
  const signedIn = operatorId === undefined ? undefined : ({ kind: 'signedIn', clientId: operatorId } as const);
  return { publicUrl, providerName, cloud, provider, setup, operators: local ? { kind: 'local' } : signedIn };
}

/** The address may have a path, as that of a gateway often has. */
function readOpenTelemetry(read: SettingsReader): Settings['openTelemetry'] {
  const given = read.text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const pairs = (read.text('OTEL_EXPORTER_OTLP_HEADERS') ?? '').split(',').filter((pair) => pair.trim() !== '');
  const headers = pairs
    .map((pair) => /^\s*([\w-]+)=(.+)$/.exec(pair))
    .map((match) => [match?.[1] ?? '', match?.[2] ?? ''] as const);
  if (headers.some(([name]) => name === '')) read.problem('OTEL_EXPORTER_OTLP_HEADERS', 'is not a list of pairs name=value');
  if (given === undefined) {
    if (headers.length > 0) read.problem('OTEL_EXPORTER_OTLP_HEADERS', 'needs OTEL_EXPORTER_OTLP_ENDPOINT');
    return undefined;
  }
  const url = URL.parse(given);
  const origin = url === null ? null : URL.parse(url.origin);
  const wrong = wrongWithOrigin(origin, { loopbackHttp: true });
  if (wrong !== undefined || url === null) read.problem('OTEL_EXPORTER_OTLP_ENDPOINT', wrong ?? 'is not a URL');
  else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    read.problem('OTEL_EXPORTER_OTLP_ENDPOINT', 'contains more than a host and a path; credentials go into the headers');
  return { url: given.replace(/\/+$/, ''), headers: Object.fromEntries(headers) };
}

function readHubs(read: SettingsReader, sourceIds: readonly string[]): ReadonlyMap<string, string> {
  const hubs = new Map<string, string>();
  const text = read.text('HUBS');
  if (text === undefined) return hubs;
  for (const pair of text.split(',')) {
    const [source = '', hub = '', ...more] = pair.split('=').map((part) => part.trim());
    if (hub === '' || more.length > 0) read.problem('HUBS', 'is not a list of pairs source=hub separated by commas');
    else if (!sourceIds.includes(source))
      read.problem('HUBS', `names a source that does not exist; there are ${sourceIds.join(', ')}`);
    else if (hubs.has(source)) read.problem('HUBS', 'names a source twice');
    else if (!hubName.test(hub)) read.problem('HUBS', 'names a hub that cannot exist');
    else hubs.set(source, hub);
  }
  return hubs;
}

function readApplication(
  read: SettingsReader,
  id: 'PROVIDER_CLIENT_ID' | 'SETUP_CLIENT_ID' | 'RESPONSE_CLIENT_ID',
  name: 'PROVIDER_SECRET_NAME' | 'SETUP_SECRET_NAME' | 'RESPONSE_SECRET_NAME',
): PageSettings['provider'] {
  const clientId = read.guid(id, false);
  const secretName = read.text(name) ?? String(factsOf(name).otherwise);
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(secretName)) read.problem(name, 'cannot be the name of a secret');
  return clientId === undefined ? undefined : { clientId, secretName };
}

function readResponse(read: SettingsReader): ResponseSettings {
  const application = readApplication(read, 'RESPONSE_CLIENT_ID', 'RESPONSE_SECRET_NAME');
  // What acts is another application than what collects: otherwise every reader could do everything.
  if (application !== undefined && application.clientId === read.guid('PROVIDER_CLIENT_ID', false))
    read.problem('RESPONSE_CLIENT_ID', 'is the application that collects; acting takes one of its own');
  const listed = (read.text('PROTECTED_TARGETS') ?? '').split(',').map((part) => part.trim().toLowerCase());
  return {
    mode: read.oneOf('RESPONSE_ACTIONS', ['off', 'dryRun', 'on']),
    application,
    protectedTargets: new Set(listed.filter((part) => part !== '')),
    perTenantAnHour: read.whole('RESPONSE_ACTIONS_PER_TENANT_HOUR'),
    allTenantsAnHour: read.whole('RESPONSE_ACTIONS_PER_HOUR'),
    targetsWithoutApproval: read.whole('RESPONSE_TARGETS_WITHOUT_APPROVAL'),
    approvalMs: read.whole('RESPONSE_APPROVAL_MINUTES') * 60_000,
    retention: {
      actionsMs: read.whole('RESPONSE_RETENTION_DAYS') * dayMs,
      auditMs: read.text('AUDIT_RETENTION_DAYS') === undefined ? undefined : read.whole('AUDIT_RETENTION_DAYS') * dayMs,
    },
  };
}
