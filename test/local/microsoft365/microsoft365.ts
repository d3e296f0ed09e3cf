import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../writeFileAtomically';
import type { LazyBlob, PublishedRecord, PublishOptions } from './blob';
import { ContentStore } from './contentStore';
import { Faults } from './faults';
import { Generator } from './generator';
import { SimulatedGraph } from './graph/graph';
import type { PublishedApplication } from './identity/applications';
import type { Identity } from './identity/identity';
import type { ManagedIdentity } from './identity/applications';
import { openListeners } from './listeners';
import { PublishedFiles } from './publishedFiles';
import { createRandom } from './random';
import { readRecordFiles } from './recordFiles';
import { Replay, type ReplayOptions } from './replay';
import { RequestLog, type Violation } from './requestLog';
import { Service, type Urls } from './service';
import { defaultSettings, type Clock, type Settings } from './settings';
import { Subscriptions } from './subscriptions';
import { TenantControl, type Api, type ContentType, type SimulatedTenant } from './tenant';
import { Tokens } from './tokens';
import { TruthLog } from './truthLog';

/** What a simulated Microsoft 365 is started with; every setting may be given, too. */
export interface Microsoft365Options extends Partial<Settings> {
  clock: Clock;
  seed: number;
  /** In PEM; clients have to trust the certificate for `localhost`. */
  tls: { key: string; cert: string };
  tenants: readonly SimulatedTenant[];
  /** Where published content and subscriptions are kept over a restart; in memory only when absent. */
  folder?: string;
  /** Fixed ports, so that addresses stay the same over a restart; free ones when absent. */
  ports?: Partial<Record<'login' | 'signIn' | Api, number>>;
  /** Applications that are registered elsewhere and that any tenant may use. */
  published?: readonly PublishedApplication[];
  /** The identity that the connector runs as. */
  managedIdentity?: ManagedIdentity;
}

/** A running simulated Microsoft 365. */
export interface Microsoft365 {
  /** Origins such as `https://localhost:41234`. */
  readonly urls: Urls;
  /** Where browsers sign in. */
  readonly signInUrl: string;
  /** People, applications and consents. */
  readonly identity: Identity;
  /** May be changed while it runs. */
  readonly settings: Settings;
  readonly truth: TruthLog;
  /** What Graph and Defender for Endpoint serve, with a truth log of its own. */
  readonly graph: SimulatedGraph;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Rules of the service that the client broke; empty for a good client. */
  readonly violations: Violation[];
  /** The knobs of one tenant; throws when there is no such tenant. */
  tenant(tenantId: string): TenantControl;
  tenants(): TenantControl[];
  addTenant(tenant: SimulatedTenant): TenantControl;
  /** Publishes one blob of records, whatever their text; answers its contentId. */
  publish(tenantId: string, contentType: ContentType, records: readonly (string | Buffer)[], options?: PublishOptions): string;
  /** Publishes blobs whose bodies are made when asked for; they are counted, but have no truth records. */
  publishMany(tenantId: string, contentType: ContentType, blobs: Iterable<LazyBlob>): string[];
  /** Publishes what came up since the last call; answers how many blobs. */
  generate(now?: Date): number;
  /** Calls `generate` again and again (every second when not said) until stopped. */
  startGenerating(intervalMs?: number): void;
  stopGenerating(): void;
  /** Gives Graph a past of so many hours, and publishes content of the hours before the start, at most about 5,000 records for each tenant when not said. */
  backfill(hours: number, options?: { maxRecordsPerTenant?: number }): number;
  /** Publishes the records of a folder for every healthy tenant; answers how many records and blobs each gets. */
  loadRecords(folder: string, options?: ReplayOptions): { records: number; blobs: number };
  stop(): Promise<void>;
}

/** Starts a simulated Microsoft 365: login, Management Activity API, Graph and Defender for Endpoint on https listeners of this machine. */
export async function startMicrosoft365(options: Microsoft365Options): Promise<Microsoft365> {
  const { clock, seed, folder } = options;
  const settings = pickSettings(options);
  const listeners = await openListeners(options.tls, options.ports ?? {});
  const files = folder === undefined ? undefined : new PublishedFiles(folder);
  const directories = folder === undefined ? undefined : join(folder, 'directories.json');
  const service = new Service({
    clock,
    settings,
    urls: listeners.urls,
    tokens: new Tokens(seed),
    content: new ContentStore(clock, settings, seed, files),
    subscriptions: new Subscriptions(folder),
    random: createRandom(seed, 'service'),
  });
  const graph = new SimulatedGraph(service, seed);
  const faults = new Faults(settings, seed);
  const requests = new RequestLog();
  const generator = new Generator(service, seed);
  const replays: Replay[] = [];
  let timer: NodeJS.Timeout | undefined;

  function addTenant(tenant: SimulatedTenant): TenantControl {
    const tenantId = tenant.tenantId.toLowerCase();
    const shared = service.tenants.get(tenant.registeredIn ?? '')?.application;
    const control = new TenantControl({ ...tenant, tenantId }, () => clock.now().getTime(), shared);
    service.tenants.set(tenantId, control);
    for (const contentType of tenant.subscribed ?? []) {
      if (service.subscriptions.get(tenantId, contentType)) continue;
      service.subscriptions.set(tenantId, contentType, { enabled: true, lastStartMs: undefined, firstStartMs: undefined });
    }
    return control;
  }

  let kept = '';
  /** Keeps the directories over a restart: a tenant that was brought in stays in. */
  function keepDirectories(): void {
    const state = service.identity.save();
    if (directories === undefined || state === kept) return;
    writeFileAtomically(directories, state);
    kept = state;
  }

  function generate(now: Date = clock.now()): number {
    keepDirectories();
    graph.generate(now);
    return generator.generate(now) + replays.reduce((sum, replay) => sum + replay.advance(now), 0);
  }

  function stopGenerating(): void {
    clearInterval(timer);
    timer = undefined;
  }

  for (const application of options.published ?? []) service.identity.publish(application);
  if (directories !== undefined && existsSync(directories)) service.identity.restore(readFileSync(directories, 'utf8'));
  if (options.managedIdentity !== undefined) service.identity.manage(options.managedIdentity);
  for (const application of options.published ?? []) service.identity.register(application);
  for (const tenant of options.tenants) addTenant(tenant);
  listeners.serve({ service, graph, faults, requests });

  return {
    urls: listeners.urls,
    signInUrl: listeners.signInUrl,
    identity: service.identity,
    settings,
    truth: new TruthLog(service.content.blobs, clock),
    graph,
    faults,
    requests,
    violations: service.violations,
    tenant(tenantId) {
      const control = service.tenants.get(tenantId.toLowerCase());
      if (!control) throw new Error(`There is no simulated tenant ${tenantId}.`);
      return control;
    },
    tenants: () => [...service.tenants.values()],
    addTenant,
    publish: (tenantId, contentType, records, how) =>
      service.content.publish(tenantId.toLowerCase(), contentType, records.map(toRecord), how),
    publishMany: (tenantId, contentType, blobs) => service.content.publishMany(tenantId.toLowerCase(), contentType, blobs),
    generate,
    startGenerating(intervalMs = 1000) {
      stopGenerating();
      timer = setInterval(generate, intervalMs).unref();
    },
    stopGenerating,
    backfill(hours, how = {}) {
      graph.backfill(hours);
      return generator.backfill(hours, how.maxRecordsPerTenant ?? 5000);
    },
    loadRecords(path, how = {}) {
      const records = readRecordFiles(path);
      const replay = new Replay(service, records, how);
      replays.push(replay);
      return { records: records.length, blobs: replay.blobs };
    },
    async stop() {
      stopGenerating();
      await listeners.close();
      keepDirectories();
      files?.close();
    },
  };
}

function pickSettings(options: Partial<Settings>): Settings {
  const settings: Settings = { ...defaultSettings };
  const given = Object.entries(options).filter(([name, value]) => name in settings && value !== undefined);
  return Object.assign(settings, Object.fromEntries(given) as Partial<Settings>);
}

function toRecord(record: string | Buffer): PublishedRecord {
  const bytes = Buffer.from(record);
  try {
    const value = JSON.parse(bytes.toString()) as { Id?: unknown } | null;
    return { bytes, id: typeof value?.Id === 'string' ? value.Id : undefined };
  } catch {
    return { bytes, id: undefined };
  }
}
