import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { collectMessage } from './app/collect';
import { parseCollectMessage, textOf } from './app/collectMessage';
import type { CollectPorts } from './app/collectPorts';
import { maintain } from './app/maintain';
import { handlePoison } from './app/poison';
import { scheduleTick } from './app/schedule';
import type { TenantPorts } from './app/tenants';
import { azureCredential } from './azure/azureCredential';
import { blobOversizeStore } from './azure/blobOversizeStore';
import { eventHubSink } from './azure/eventHubSink';
import type { HubAccess } from './azure/eventHubSink';
import { readEvents } from './azure/hubReader';
import type { HubPosition, ReadEvent } from './azure/hubReader';
import { keyVaultSecrets } from './azure/keyVaultSecrets';
import type { StorageAccess } from './azure/storageAccess';
import { storageCollectQueue } from './azure/storageQueues';
import { tableCoverageStore } from './azure/tableCoverageStore';
import { tableLedger } from './azure/tableLedger';
import { tablePoisonStore } from './azure/tablePoisonStore';
import { tableScheduleIndex } from './azure/tableScheduleIndex';
import { tableSourceStore } from './azure/tableSourceStore';
import { tableTenantStore } from './azure/tableTenantStore';
import { jsonLinesTelemetry } from './azure/telemetry';
import { keepMemorySmall } from './azure/workerMemory';
import { cloudIds } from './domain/cloud';
import type { CloudId } from './domain/cloud';
import { ConnectorError } from './domain/failure';
import type { Clock, Severity } from './domain/ports';
import { shardOf } from './domain/schedule';
import type { Tenant } from './domain/tenant';
import { createClouds } from './microsoft/clouds';
import { discoverCloud } from './microsoft/discoverCloud';
import { createHttp } from './microsoft/http';
import { createCredentials } from './microsoft/login';
import { createTenantSend } from './microsoft/tenantSend';
import { readClaims } from './microsoft/tokenClaims';
import { composePages } from './composePages';
import type { OnboardPorts } from './app/onboardPorts';
import type { WebRequest, WebResponse } from './web/request';
import { readSettings } from './settings';
import type { Settings } from './settings';
import { sources as registry } from './sources';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the Functions host gives an invocation, as far as the connector uses it. */
interface Invocation {
  readonly log: (text: string) => void;
}

/** The connector, composed: what the functions and the commands call. */
export interface Connector {
  readonly clock: Clock;
  readonly collectPorts: CollectPorts;
  readonly tenantPorts: TenantPorts;
  readonly start: () => void;
  readonly schedule: (invocation: Invocation) => Promise<void>;
  readonly collect: (message: unknown, invocation: Invocation) => Promise<void>;
  readonly poison: (message: unknown, invocation: Invocation) => Promise<void>;
  readonly maintain: (invocation: Invocation) => Promise<void>;
  readonly onboardPorts: OnboardPorts;
  /** The origin of the pages; undefined when there are none. */
  readonly publicUrl: string | undefined;
  /** Answers a request to the pages. */
  readonly web: (request: WebRequest) => Promise<WebResponse>;
  readonly onboard: (message: unknown) => Promise<void>;
  readonly resumeOnboardings: () => Promise<void>;
  readonly health: () => { readonly status: 'ok'; readonly sources: number };
  /** Ends runs at a safe place and closes connections. */
  readonly stop: () => Promise<void>;
}

/** Where telemetry lines go; the Functions host takes standard output to Application Insights. */
export interface ComposeOptions {
  readonly log?: (severity: Severity, line: string) => void;
  /** Stands in for the real clock in tests. */
  readonly clock?: Clock;
  /** Puts something between the engine and its ports: a test that watches, or breaks, what goes through. */
  readonly wrap?: (ports: CollectPorts) => CollectPorts;
}

const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => wait(Math.min(ms, 2 ** 31 - 1), undefined, { signal }),
};

/** Differences below this are the granularity of the Date header and the way of the answer, not a wrong clock. */
const clockNoiseMs = 5_000;

/** How long a page may take; Azure's front end waits 230 s. */
const pageMs = 60_000;

function storageAccess(settings: Settings): StorageAccess {
  if (settings.storage.kind === 'connectionString') return settings.storage;
  return { ...settings.storage, credential: identity(settings) };
}

function hubAccess(settings: Settings): HubAccess {
  if (settings.eventHubs.kind === 'connectionString') return settings.eventHubs;
  return { ...settings.eventHubs, credential: identity(settings) };
}

function identity(settings: Settings) {
  const { managedIdentityClientId: clientId, azureIdentity } = settings;
  if (azureIdentity === 'developer') return azureCredential({ kind: 'default' });
  return azureCredential({ kind: 'managedIdentity', ...(clientId === undefined ? {} : { clientId }) });
}

/** Reads the settings and builds everything from them. Throws a SettingsError that names what is wrong. */
export function compose(environment: Environment, options: ComposeOptions = {}): Connector {
  const settings = readSettings(
    environment,
    registry.map(({ id }) => id),
  );
  const clock = options.clock ?? systemClock;
  const telemetry = jsonLinesTelemetry(options.log ?? ((_severity, line) => console.log(line)), clock);
  const storage = storageAccess(settings);
  const storageOptions = {
    storagePrefix: settings.storagePrefix,
    onCorruptRow: (description: string) => telemetry.event('corruptRow', 'error', { description }),
  };
  const sources = new Map(registry.map((source) => [source.id, source]));
  const clouds = createClouds(settings.customCloud);
  const http = createHttp();
  const secrets = keyVaultSecrets({ vaultUrl: settings.keyVaultUrl, credential: identity(settings) }, clock);
  const credentials = createCredentials({ http, clouds, secrets, clock });
  const sender = createTenantSend({ http, credentials, clouds, clock, telemetry, requestsPerMinute: settings.requestsPerMinute });
  const sink = eventHubSink(hubAccess(settings));
  const stopping = new AbortController();
  const shard = (tenantId: string): number => shardOf(tenantId, settings.shards);
  const ports: CollectPorts = {
    clock,
    sources,
    clouds,
    tenants: tableTenantStore(storage, storageOptions),
    sourceRows: tableSourceStore(storage, clock, storageOptions),
    ledger: tableLedger(storage, storageOptions),
    coverage: tableCoverageStore(storage, storageOptions),
    sink,
    oversize: blobOversizeStore(storage, storageOptions),
    schedule: tableScheduleIndex(storage, storageOptions),
    queue: storageCollectQueue(storage, storageOptions),
    send: sender.send,
    clockOffsetMs: (cloud) => {
      const offset = sender.clockOffsetMs('management', cloud);
      return Math.abs(offset) < clockNoiseMs ? 0 : offset;
    },
    shardOf: shard,
    telemetry,
    options: {
      publisherId: settings.publisherId,
      owner: `${hostname()}/${process.pid}`,
      leaseMs: 180_000,
      budgetMs: settings.budgetMs,
      graceMs: 20_000,
      recheckMs: Math.max(15 * 60_000, settings.budgetMs * 1.5),
      sourcesAtOnce: settings.sourcesAtOnce,
      unitsInFlight: settings.unitsInFlight,
      outboxBytes: 1_100_000,
      unitsInMemory: 300,
      polling: { shortestSeconds: settings.pollShortestSeconds, longestSeconds: settings.pollLongestSeconds },
      shards: settings.shards,
      tenantsPerMessage: settings.tenantsPerMessage,
      queueDepthLimit: 1_000,
      keysPerTenant: settings.keysPerTenant,
      hubOf: ({ id, hub }) => settings.hubs.get(id) ?? hub,
      operationsHub: settings.operationsHub,
      format: settings.format,
    },
  };
  const collectPorts = options.wrap?.(ports) ?? ports;
  const poison = tablePoisonStore(storage, storageOptions);
  const tenantPorts: TenantPorts = {
    ...collectPorts,
    collect: collectPorts,
    secrets,
    discover: async (tenant, expected, signal) => {
      const inClouds = async (ids: readonly CloudId[]) =>
        discoverCloud(
          http,
          ids.map((id) => clouds(id)).filter((cloud) => cloud !== undefined),
          tenant,
          signal,
        );
      // Whoever set a cloud of their own up means it, even where Microsoft knows the same name.
      if (clouds('custom') !== undefined && (expected === undefined || expected === 'custom')) {
        const here = await inClouds(['custom']).catch((error: unknown) => {
          if (expected === 'custom') throw error;
          return undefined;
        });
        if (here?.found === true || expected === 'custom') return here?.found === true ? here : { found: false };
      }
      const found = await inClouds(cloudIds.filter((id) => id !== 'custom'));
      if (!found.found) return { found: false };
      const meant = [found, ...found.others].find(({ cloud }) => cloud === expected) ?? found;
      return { found: true, tenantId: meant.tenantId, cloud: meant.cloud };
    },
    tryLogin: async (tenant: Tenant, secret: string, signal: AbortSignal) => {
      const given = { ...secrets, read: async () => Promise.resolve(secret) };
      const token = await createCredentials({ http, clouds, secrets: given, clock }).token(tenant, 'management', signal);
      const claims = readClaims(token);
      if (claims === undefined)
        throw new ConnectorError('reading the token', {
          kind: 'unexpectedResponse',
          code: 'token',
          detail: 'The access token cannot be read.',
        });
      return { roles: claims.roles };
    },
  };
  const pages = composePages({ settings, tenantPorts, telemetry, http, clouds, storage, storageOptions });
  const running = new Set<Promise<void>>();
  const tracked = async (work: Promise<void>): Promise<void> => {
    running.add(work);
    try {
      await work;
    } finally {
      running.delete(work);
    }
  };
  return {
    clock,
    collectPorts,
    tenantPorts,
    start: () => telemetry.event('started', 'info', { sources: sources.size }),
    schedule: async () => tracked(scheduleTick(collectPorts, stopping.signal).then(() => undefined)),
    collect: async (message) => {
      keepMemorySmall();
      const parsed = parseCollectMessage(message);
      if ('message' in parsed) return tracked(collectMessage(collectPorts, parsed.message, stopping.signal));
      telemetry.event('messageSetAside', 'error', { cause: parsed.cause });
      await collectPorts.queue.setAside(textOf(message), parsed.cause, stopping.signal);
    },
    poison: async (message) => tracked(handlePoison(collectPorts, poison, message, stopping.signal)),
    maintain: async () => tracked(maintain(collectPorts, stopping.signal).then(() => undefined)),
    onboardPorts: pages.onboardPorts,
    publicUrl: settings.pages?.publicUrl,
    web: async (request) => pages.answer(request, AbortSignal.any([stopping.signal, AbortSignal.timeout(pageMs)])),
    onboard: async (message) => tracked(pages.advance(message, stopping.signal)),
    resumeOnboardings: async () => tracked(pages.resume(stopping.signal)),
    health: () => ({ status: 'ok', sources: sources.size }),
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(running);
      http.close();
      await sink.close();
    },
  };
}

let composed: Connector | undefined;

/** The connector of this process, composed when first asked for. */
export function connector(): Connector {
  composed ??= compose(process.env);
  return composed;
}

/** Reads a hub of the namespace that the settings name; needs no other setting. */
export function readHub(environment: Environment, position: HubPosition, signal: AbortSignal): AsyncGenerator<ReadEvent> {
  return readEvents(hubAccessOf(environment), position, signal);
}

function hubAccessOf(environment: Environment): HubAccess {
  const value = environment['EVENTHUBS'];
  if (value !== undefined && value !== '') return { kind: 'connectionString', value };
  const fullyQualifiedNamespace = environment['EVENTHUBS__fullyQualifiedNamespace'];
  if (fullyQualifiedNamespace === undefined || fullyQualifiedNamespace === '')
    throw new ConnectorError('reading a hub', {
      kind: 'rejectedRequest',
      code: 'EVENTHUBS',
      detail:
        'No Event Hubs namespace is known: set EVENTHUBS or EVENTHUBS__fullyQualifiedNamespace, or start the local stack with npm start.',
    });
  return { kind: 'namespace', fullyQualifiedNamespace, credential: azureCredential({ kind: 'default' }) };
}
