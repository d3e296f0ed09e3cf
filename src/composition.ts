import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { evidenceSource, evidenceSourceId } from './app/assess';
import type { ActPorts } from './app/actPorts';
import type { AssessNowPorts } from './app/assess';
import { collectMessage } from './app/collect';
import { parseCollectMessage, textOf } from './app/collectMessage';
import type { CollectPorts } from './app/collectPorts';
import { maintain } from './app/maintain';
import { noteNearExpiry } from './app/nearExpiry';
import { operationsEvents } from './app/operations';
import { handlePoison } from './app/poison';
import { rotateDue } from './app/rotate';
import type { RotationPorts } from './app/rotationPorts';
import { laneOf, scheduleTick } from './app/schedule';
import type { TenantPorts } from './app/tenants';
import { azureCredential } from './azure/azureCredential';
import { blobEvidenceStore } from './azure/blobEvidenceStore';
import { blobOversizeStore } from './azure/blobOversizeStore';
import { eventHubSink } from './azure/eventHubSink';
import type { HubAccess } from './azure/eventHubSink';
import { readEvents } from './azure/hubReader';
import type { HubPosition, ReadEvent } from './azure/hubReader';
import { identityTokens } from './azure/identityToken';
import { keyVaultSecrets } from './azure/keyVaultSecrets';
import { measuredSink } from './azure/measuredSink';
import { summingMeter } from './azure/meter';
import { keyVaultVersions } from './azure/keyVaultVersions';
import type { StorageAccess } from './azure/storageAccess';
import { storageCollectQueue } from './azure/storageQueues';
import { tableChangeStore } from './azure/tableOnboardingStores';
import { tableCoverageStore } from './azure/tableCoverageStore';
import { tableLedger } from './azure/tableLedger';
import { tablePoisonStore } from './azure/tablePoisonStore';
import { tableProfileStore } from './azure/tableProfileStore';
import { tableRingStore } from './azure/tableRingStore';
import { tableScheduleIndex } from './azure/tableScheduleIndex';
import { tableSourceStore } from './azure/tableSourceStore';
import { tableSentMemory } from './azure/tableSentMemory';
import { tableTenantStore } from './azure/tableTenantStore';
import { tableWorkers } from './azure/tableWorkers';
import { openTelemetry, telemetryToAll } from './azure/openTelemetry';
import { jsonLinesTelemetry } from './azure/telemetry';
import { keepMemorySmall } from './azure/workerMemory';
import { cloudIds } from './domain/cloud';
import type { CloudId } from './domain/cloud';
import { ConnectorError } from './domain/failure';
import type { Clock, Severity } from './domain/ports';
import { shardOf } from './domain/schedule';
import { checks } from './evidence';
import { controls } from './evidence/controls';
import { applicationCredentials } from './microsoft/applicationCredentials';
import { credentialFacts } from './microsoft/clientAssertion';
import { createClouds } from './microsoft/clouds';
import { discoverCloud } from './microsoft/discoverCloud';
import { readGraphList } from './microsoft/graphList';
import { createHttp } from './microsoft/http';
import { createCredentials } from './microsoft/login';
import { createTenantFacts } from './microsoft/tenantFacts';
import { selfSignedCertificate } from './microsoft/selfSignedCertificate';
import { trySignIn } from './microsoft/applicationSignIn';
import { createTenantSend } from './microsoft/tenantSend';
import { composeActions } from './composeActions';
import { composePages } from './composePages';
import type { OnboardPorts } from './app/onboardPorts';
import type { WebRequest, WebResponse } from './web/request';
import { readSettings } from './settings';
import type { Settings } from './settings';
import { sources as registry } from './sources';

export { sources } from './sources';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the Functions host gives an invocation, as far as the connector uses it. */
interface Invocation {
  readonly log: (text: string) => void;
  /** Of a queue message: when it was put on the queue, among other things. https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#message-metadata */
  readonly triggerMetadata?: { readonly insertionTime?: unknown };
}

/** The connector, composed: what the functions and the commands call. */
export interface Connector {
  readonly clock: Clock;
  readonly collectPorts: CollectPorts;
  readonly tenantPorts: TenantPorts;
  readonly assessPorts: AssessNowPorts;
  readonly start: () => void;
  readonly schedule: (invocation: Invocation) => Promise<void>;
  readonly collect: (message: unknown, invocation: Invocation) => Promise<void>;
  readonly poison: (message: unknown, invocation: Invocation) => Promise<void>;
  readonly maintain: (invocation: Invocation) => Promise<void>;
  readonly rotate: (invocation: Invocation) => Promise<void>;
  readonly nearExpiry: (message: unknown, invocation: Invocation) => Promise<void>;
  readonly onboardPorts: OnboardPorts;
  /** The origin of the pages; undefined when there are none. */
  readonly publicUrl: string | undefined;
  /** Answers a request to the pages. */
  readonly web: (request: WebRequest) => Promise<WebResponse>;
  readonly onboard: (message: unknown) => Promise<void>;
  readonly resumeOnboardings: () => Promise<void>;
  readonly actPorts: ActPorts;
  readonly runAction: (message: unknown) => Promise<void>;
  readonly resumeActions: () => Promise<void>;
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
  /** Stands in for the managed identity where there is none. */
  readonly identity?: ReturnType<typeof azureCredential>;
}

const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => wait(Math.min(ms, 2 ** 31 - 1), undefined, { signal }),
};

/** The queues as telemetry calls them, whatever the prefix. */
const queueOfLane = { feeds: 'collect', paced: 'collect-paced' } as const;

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
  const settings = readSettings(environment, [...registry.map(({ id }) => id), evidenceSourceId]);
  const clock = options.clock ?? systemClock;
  const hostTelemetry = jsonLinesTelemetry(options.log ?? ((_severity, line) => console.log(line)), clock);
  const otlp =
    settings.openTelemetry === undefined
      ? undefined
      : openTelemetry(settings.openTelemetry, clock, (reason) =>
          hostTelemetry.event('telemetryNotExported', 'warning', { reason }),
        );
  const telemetry = otlp === undefined ? hostTelemetry : telemetryToAll([hostTelemetry, otlp.telemetry]);
  const meter = summingMeter(hostTelemetry, clock, otlp?.meter);
  const storage = storageAccess(settings);
  const storageOptions = {
    storagePrefix: settings.storagePrefix,
    onCorruptRow: (description: string) => telemetry.event('corruptRow', 'error', { description }),
  };
  const sources = new Map(registry.map((source) => [source.id, source]));
  const clouds = createClouds(settings.customCloud);
  const http = createHttp();
  const secrets = keyVaultSecrets({ vaultUrl: settings.keyVaultUrl, credential: identity(settings) }, clock);
  const owner = `${hostname()}/${process.pid}`;
  const rings = tableRingStore(storage, storageOptions);
  const versions = keyVaultVersions({ vaultUrl: settings.keyVaultUrl, credential: identity(settings) });
  const identityToken = identityTokens(options.identity ?? identity(settings));
  const signInPorts = { http, clouds, clock, identityToken };
  const credentials = createCredentials({ ...signInPorts, secrets, rings, versions, telemetry });
  const sender = createTenantSend({
    http,
    credentials,
    clouds,
    clock,
    telemetry,
    meter,
    requestsPerMinute: settings.requestsPerMinute,
    workers: tableWorkers(storage, owner, clock, storageOptions),
  });
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
    sent: tableSentMemory(storage, storageOptions),
    sink: measuredSink(sink, meter, () => performance.now()),
    oversize: blobOversizeStore(storage, storageOptions),
    schedule: tableScheduleIndex(storage, storageOptions),
    queue: storageCollectQueue(storage, storageOptions),
    profiles: tableProfileStore(storage, storageOptions),
    tenantFacts: createTenantFacts({ credentials }),
    send: sender.send,
    askAnew: credentials.askAnew,
    limitUse: sender.limitUse,
    clockOffsetMs: (cloud, api) => {
      const offset = sender.clockOffsetMs(api, cloud);
      return Math.abs(offset) < clockNoiseMs ? 0 : offset;
    },
    shardOf: shard,
    telemetry,
    options: {
      publisherId: settings.publisherId,
      owner,
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
  const evidence = blobEvidenceStore(storage, storageOptions);
  const assessPorts = { ...ports, evidence, checks, controls, readList: readGraphList, collect: ports };
  sources.set(evidenceSourceId, evidenceSource(assessPorts));
  const collectPorts = options.wrap?.(ports) ?? ports;
  const poison = tablePoisonStore(storage, storageOptions);
  const rotation: RotationPorts = {
    ...{ clock, telemetry, rings, versions, owner: ports.options.owner, newId: () => randomBytes(6).toString('hex') },
    applications: applicationCredentials({ ...signInPorts, versions, homeTenantId: settings.publisherId }),
    trySignIn: async (of, credential, signal) => {
      const { cloud, tenantId, clientId } = of;
      return trySignIn(signInPorts, { cloud, tenantId, clientId, api: 'graph' }, credential, signal);
    },
    makeCertificate: selfSignedCertificate,
    factsOf: credentialFacts,
    tellFacts: async (ring, facts, signal) => {
      const told = facts.map((fact) => ({ kind: 'credential', ring, fact }) as const);
      const about = { id: ring.tenantId, name: '', stampName: false };
      await sink.write(operationsEvents(about, settings.operationsHub, told, clock.now()), signal);
    },
    // The same vault and tables are the same connector, however many instances it has.
    installation: `${settings.keyVaultUrl}|${settings.storagePrefix}`,
  };
  const tenantPorts: TenantPorts = {
    ...collectPorts,
    collect: collectPorts,
    secrets,
    rotation,
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
    tryLogin: async ({ cloud, id: tenantId, clientId }, secret, signal, api) => {
      const credential = { kind: 'clientSecret', value: secret } as const;
      return trySignIn(signInPorts, { cloud, tenantId, clientId, api }, credential, signal);
    },
  };
  const changes = tableChangeStore(storage, storageOptions);
  // What acts has credentials, tokens and budgets of its own.
  const actCredentials = createCredentials({ ...signInPorts, secrets, rings, versions, telemetry });
  const actSender = createTenantSend({ http, credentials: actCredentials, clouds, clock, telemetry, meter });
  const actions = composeActions({
    ...{ settings, tenantPorts, changes, telemetry, storage, storageOptions },
    ...{ credentials: actCredentials, send: actSender.send },
  });
  const act = actions.ports;
  const pages = composePages({
    settings,
    tenantPorts,
    assessPorts,
    act,
    changes,
    telemetry,
    signInPorts,
    storage,
    storageOptions,
  });
  const running = new Set<Promise<void>>();
  const tracked = async (work: Promise<void>): Promise<void> => {
    running.add(work);
    try {
      await work;
    } finally {
      running.delete(work);
      meter.tell();
    }
  };
  return {
    clock,
    collectPorts,
    tenantPorts,
    assessPorts,
    start: () => telemetry.event('started', 'info', { sources: sources.size }),
    schedule: async () => tracked(scheduleTick(collectPorts, stopping.signal).then(() => undefined)),
    collect: async (message, { triggerMetadata }) => {
      const waited = clock.now().getTime() - timeOf(triggerMetadata?.insertionTime);
      keepMemorySmall();
      const parsed = parseCollectMessage(message);
      if ('message' in parsed) {
        if (Number.isFinite(waited))
          meter.measure('queueWaitMs', waited, { queue: queueOfLane[laneOf(collectPorts, parsed.message)] });
        return tracked(collectMessage(collectPorts, parsed.message, stopping.signal));
      }
      telemetry.event('messageSetAside', 'error', { cause: parsed.cause });
      await collectPorts.queue.setAside(textOf(message), parsed.cause, stopping.signal);
    },
    poison: async (message) => tracked(handlePoison(collectPorts, poison, message, stopping.signal)),
    maintain: async () => {
      const repaired = tracked(maintain(collectPorts, stopping.signal).then(() => undefined));
      // One that fails does not keep the other from being done.
      await Promise.all([repaired, tracked(actions.forget(stopping.signal))]);
    },
    rotate: async () => tracked(rotateDue(rotation, stopping.signal).then(() => undefined)),
    nearExpiry: async (message) => tracked(noteNearExpiry(rotation, message, stopping.signal)),
    onboardPorts: pages.onboardPorts,
    publicUrl: settings.pages?.publicUrl,
    web: async (request) => pages.answer(request, AbortSignal.any([stopping.signal, AbortSignal.timeout(pageMs)])),
    onboard: async (message) => tracked(pages.advance(message, stopping.signal)),
    resumeOnboardings: async () => tracked(pages.resume(stopping.signal)),
    actPorts: act,
    runAction: async (message) => tracked(actions.run(message, stopping.signal)),
    resumeActions: async () => tracked(actions.resume(stopping.signal)),
    health: () => ({ status: 'ok', sources: sources.size }),
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(running);
      meter.tell(true);
      http.close();
      await Promise.all([sink.close(), otlp?.close()]);
    },
  };
}

/** The host gives a time as a Date or as text. */
function timeOf(given: unknown): number {
  return given instanceof Date ? given.getTime() : typeof given === 'string' ? Date.parse(given) : Number.NaN;
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
