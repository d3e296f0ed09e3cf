import { setTimeout as wait } from 'node:timers/promises';
import type { CollectPorts } from '../../src/app/collectPorts';
import { addTenant } from '../../src/app/tenants';
import type { Connector } from '../../src/composition';
import type { Gap } from '../../src/domain/coverage';
import type { IntegrationId } from '../../src/domain/integration';
import type { Severity } from '../../src/domain/ports';
import type { ScheduleEntry } from '../../src/domain/schedule';
import type { SourceRow } from '../../src/domain/sourceState';
import type { Polling, Tenant } from '../../src/domain/tenant';
import { sources as registry } from '../../src/sources';
import type { StoredEvent } from '../local/eventHubs/storedEvent';
import { compareHistory } from '../local/historyCheck';
import type { History } from '../local/historyCheck';
import type { PublishOptions } from '../local/microsoft365/blob';
import type { Microsoft365 } from '../local/microsoft365/microsoft365';
import type { RequestEntry } from '../local/microsoft365/requestLog';
import type { Settings as SimulationSettings } from '../local/microsoft365/settings';
import type { ContentType, SimulatedTenant } from '../local/microsoft365/tenant';
import { nested, plainly } from './aroundPorts';
import type { Around } from './aroundPorts';
import { CollectQueueHost } from './collectQueueHost';
import { composeOnClock } from './composeOnClock';
import type { WorkerOrder } from './crashWorker';
import { contoso, providerTenantId } from './incidentTenants';
import { dropTables } from './incidentTables';
import type { IoClock } from './ioClock';
import type { Stand } from './stand';
import { WatermarkWatch } from './watermarkWatch';
import { WorkerProcess } from './workerProcess';

type WorkerOptions = Omit<Extract<WorkerOrder, { kind: 'compose' }>, 'kind' | 'environment' | 'timeFile' | 'sources'>;

export interface IncidentOptions {
  /** Those of the simulated Microsoft 365, all added to the connector; Contoso unless given. */
  readonly tenants?: readonly SimulatedTenant[];
  /** The sources that are collected; `activity.exchange` unless given. */
  readonly sources?: readonly string[];
  /** How often they are polled; adaptive, or as the source says, unless given. */
  readonly polling?: Polling;
  readonly settings?: Readonly<Record<string, string>>;
  readonly simulation?: Partial<SimulationSettings>;
  /** Between the engine and its ports, in every connector of the test. */
  readonly around?: Around;
  /** Changes how the connector is tuned where the settings do not reach. */
  readonly tune?: Partial<CollectPorts['options']>;
  /** Takes the place of single ports. */
  readonly ports?: (real: CollectPorts, environment: Readonly<Record<string, string>>) => Partial<CollectPorts>;
  /** Noon of 22 November 2026 unless given. */
  readonly start?: string;
  /** How far the connector's clock is ahead of everybody else's. */
  readonly skewMs?: number;
}

/** What a test says beforehand about the end: without it, nothing is missing, repeated, lost or out of the ordinary. */
export interface Expectations {
  /** How many batches may have been sent again. */
  repeatedBatches?: number;
  /** How many gaps there are in the end. */
  gaps?: number;
  /** Names of warnings and errors; each must have been logged, and no other. */
  alerts?: readonly string[];
  /** Names of warnings and errors that depend on which of two was quicker. */
  possibleAlerts?: readonly string[];
  /** Rules of Microsoft's service that the test made the connector break. */
  violations?: readonly string[];
  /** The watermark may be moved back, or pass what a fault hid from the lists. */
  watermark?: 'rewinds' | 'passesHidden';
  /** The test ends before everything is collected. */
  unfinished?: boolean;
}

/** One line of telemetry. */
export interface LogEntry {
  readonly severity: Severity;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly line: string;
}

interface IncidentParts {
  readonly stand: Stand;
  readonly prefix: string;
  readonly timeFile: string;
  readonly clock: IoClock;
  readonly microsoft: Microsoft365;
  readonly hubs: { readonly audit: string; readonly operations: string };
  readonly tenants: readonly SimulatedTenant[];
  readonly options: IncidentOptions;
}

const minuteMs = 60_000;
const longestQuietRounds = 200;
const host = { log: () => undefined };

/** One test's world, and the hand that moves it: time passes and messages are taken only when the test says so. */
export class Incident {
  readonly stand: Stand;
  readonly prefix: string;
  readonly timeFile: string;
  readonly clock: IoClock;
  readonly microsoft: Microsoft365;
  readonly sources: readonly string[];
  readonly hubs: IncidentParts['hubs'];
  readonly tenants: readonly SimulatedTenant[];
  readonly queue: CollectQueueHost;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: LogEntry[] = [];
  readonly watermarks: WatermarkWatch;
  readonly signal = new AbortController().signal;
  connector: Connector;
  /** Does the rounds in place of the connector of this process. */
  worker: WorkerProcess | undefined;
  expects: Expectations = {};
  readonly #options: IncidentOptions;
  readonly #connectors: Connector[] = [];
  readonly #workers: WorkerProcess[] = [];
  #records = 0;

  constructor({ stand, prefix, timeFile, clock, microsoft, hubs, tenants, options }: IncidentParts) {
    this.stand = stand;
    this.prefix = prefix;
    this.timeFile = timeFile;
    this.sources = options.sources ?? ['activity.exchange'];
    this.clock = clock;
    this.microsoft = microsoft;
    this.hubs = hubs;
    this.tenants = tenants;
    this.#options = options;
    this.queue = new CollectQueueHost(stand.storage, prefix);
    this.watermarks = new WatermarkWatch(microsoft.truth);
    const { login, management, graph, defender } = microsoft.urls;
    this.environment = {
      AzureWebJobsStorage: stand.storage,
      STORAGE_PREFIX: prefix,
      EVENTHUBS: stand.emulator.connectionString,
      KEY_VAULT_URL: stand.vault.url,
      PUBLISHER_TENANT_ID: providerTenantId,
      CLOUD_CUSTOM_LOGIN: login,
      CLOUD_CUSTOM_MANAGEMENT: management,
      CLOUD_CUSTOM_GRAPH: graph,
      CLOUD_CUSTOM_DEFENDER: defender,
      HUBS: registry.map(({ id }) => `${id}=${hubs.audit}`).join(','),
      OPERATIONS_HUB: hubs.operations,
      SCHEDULE_SHARDS: '1',
      ...options.settings,
    };
    this.connector = this.compose();
  }

  /** Another connector on the same storage, hubs and tenants, as after a restart or as a second instance. */
  compose(around: Around = plainly, settings: Readonly<Record<string, string>> = {}): Connector {
    const { around: ofTest = plainly, skewMs, tune, ports } = this.#options;
    const connector = composeOnClock(
      { ...this.environment, ...settings },
      {
        clock: this.clock,
        sources: this.sources,
        around: nested(this.watermarks.around, nested(ofTest, around)),
        log: (severity, line) => this.note(severity, line),
        ...(skewMs === undefined ? {} : { skewMs }),
        ...(tune === undefined ? {} : { tune }),
        ...(ports === undefined ? {} : { ports: (real: CollectPorts) => ports(real, this.environment) }),
      },
    );
    this.#connectors.push(connector);
    return connector;
  }

  /** Starts the connector in a process of its own, on the same storage, hubs, tenants and clock. */
  async startWorker(bundle: string, how: WorkerOptions = {}): Promise<WorkerProcess> {
    const onLine = (severity: string, line: string): void => this.note(severity as Severity, line);
    const order = { environment: this.environment, timeFile: this.timeFile, sources: this.sources, ...how };
    const worker = await WorkerProcess.start({ bundle, caFile: this.stand.certificates.caFile, onLine }, order);
    this.#workers.push(worker);
    return worker;
  }

  /** Ends the connector at a safe place and goes on with a new one. */
  async restart(around?: Around, settings?: Readonly<Record<string, string>>): Promise<void> {
    await this.clock.run(this.connector.stop());
    this.connector = this.compose(around, settings);
  }

  /** Makes the queues and adds the tenants. */
  async begin(): Promise<void> {
    await this.queue.create();
    for (const tenant of this.tenants) await this.add(tenant);
  }

  async add({ tenantId, clientId, secret, name }: SimulatedTenant): Promise<Tenant> {
    const wanted = {
      tenant: tenantId,
      clientId,
      secret,
      cloud: 'custom' as const,
      integrations: this.#integrations().map((id) => ({ id, polling: this.#options.polling ?? { kind: 'adaptive' as const } })),
      name,
      description: '',
      stampName: false,
      also: registry.filter(({ id, optional }) => optional === true && this.sources.includes(id)).map(({ id }) => id),
    };
    return (await addTenant(this.connector.tenantPorts, wanted, () => undefined, this.signal)).tenant;
  }

  /** The integrations that the collected sources belong to. */
  #integrations(): IntegrationId[] {
    const collected = registry.filter(({ id }) => this.sources.includes(id));
    return [...new Set(collected.map(({ integration }) => integration))];
  }

  async end(): Promise<void> {
    for (const worker of this.#workers) await worker.stop();
    for (const connector of this.#connectors) await this.clock.run(connector.stop());
    await this.microsoft.stop();
    await dropTables(this.stand.storage, this.prefix);
  }

  /** A time before now. */
  ago(span: { readonly hours?: number; readonly minutes?: number }): Date {
    return new Date(this.clock.now().getTime() - ((span.hours ?? 0) * 60 + (span.minutes ?? 0)) * minuteMs);
  }

  /** A time after now. */
  ahead(span: { readonly hours?: number; readonly minutes?: number }): Date {
    return this.ago({ hours: -(span.hours ?? 0), minutes: -(span.minutes ?? 0) });
  }

  /** Makes one blob of new records available, a minute ago unless said; answers its content id. */
  publish(what: PublishOptions & BlobShape = {}): string {
    const { tenant = contoso, type = 'Audit.Exchange', records = 3, recordBytes = 0, ...how } = what;
    const contentCreated = how.contentCreated ?? this.ago({ minutes: 1 });
    const texts = Array.from({ length: records }, () => this.record({ tenant, at: contentCreated, recordBytes }));
    return this.microsoft.publish(tenant.tenantId, type, texts, { contentCreated, ...how });
  }

  /** A record nobody has seen before. */
  record({ tenant = contoso, at = this.clock.now(), recordBytes = 0 } = {}): string {
    const number = (this.#records += 1);
    const record = {
      CreationTime: at.toISOString().slice(0, 19),
      Id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      Operation: 'MailItemsAccessed',
      OrganizationId: tenant.tenantId,
      Workload: 'Exchange',
      UserId: `zoë.${number}@example.com`,
      Padding: '',
    };
    const length = Buffer.byteLength(JSON.stringify(record));
    return JSON.stringify({ ...record, Padding: 'x'.repeat(Math.max(0, recordBytes - length)) });
  }

  /** The timer fires. */
  async tick(connector = this.connector): Promise<void> {
    await this.clock.run(connector.schedule(host));
  }

  /** Works on what is on the queue until it is empty; answers how many messages there were. */
  async drain(connector = this.connector): Promise<number> {
    return this.queue.drain(connector, async (work) => this.clock.run(work));
  }

  /** The timer fires, and what it put on the queue is worked on. */
  async round(connector = this.connector): Promise<void> {
    if (this.worker !== undefined) return this.worker.round();
    await this.tick(connector);
    await this.drain(connector);
  }

  /** Lets time pass without anything happening. */
  pass(span: { readonly hours?: number; readonly minutes?: number }): void {
    this.clock.moveTo(this.ahead(span));
  }

  /** Lets time pass, from one due source to the next. */
  async runFor(span: { readonly hours?: number; readonly minutes?: number }): Promise<void> {
    const end = this.ahead(span);
    for (;;) {
      await this.round();
      const due = await this.nextDue();
      if (due === undefined || due > end) break;
      this.clock.moveTo(due);
    }
    this.clock.moveTo(end);
  }

  /** Lets time pass until every source has looked again and found nothing more to do. */
  async runUntilQuiet(): Promise<void> {
    const before = new Map((await this.rows()).map(({ tenantId, sourceId, epoch }) => [`${tenantId}|${sourceId}`, epoch]));
    await this.runUntil(async () => {
      const rows = await this.rows();
      const quiet = rows.filter((row) => row.idleRuns > 0 && row.pendingUnits === 0 && row.failedRuns === 0);
      const looked = quiet.filter(({ tenantId, sourceId, epoch }) => epoch > (before.get(`${tenantId}|${sourceId}`) ?? 0));
      return rows.length > 0 && looked.length === rows.length;
    });
  }

  /** Lets time pass, from one due source to the next, until something is so. */
  async runUntil(isSo: () => Promise<boolean> | boolean): Promise<void> {
    for (let round = 0; round < longestQuietRounds; round += 1) {
      await this.round();
      if (await isSo()) return;
      const due = await this.nextDue();
      if (due === undefined) throw new Error('Nothing is scheduled any more.');
      this.clock.moveTo(due);
    }
    throw new Error(`It is not so after ${longestQuietRounds} rounds.`);
  }

  /** When the next source is due, at least a second from now. */
  async nextDue(): Promise<Date | undefined> {
    const due = (await this.entries()).map(({ dueAt }) => dueAt.getTime() - (this.#options.skewMs ?? 0));
    return due.length === 0 ? undefined : new Date(Math.max(Math.min(...due), this.clock.now().getTime() + 1_000));
  }

  async entries(): Promise<ScheduleEntry[]> {
    return Array.fromAsync(this.connector.collectPorts.schedule.all(0, this.signal));
  }

  async rows(): Promise<SourceRow[]> {
    const ofTenants = this.tenants.map(async ({ tenantId }) =>
      this.connector.collectPorts.sourceRows.ofTenant(tenantId, this.signal),
    );
    return (await Promise.all(ofTenants)).flat();
  }

  /** The row of a source that is there. */
  async row(tenant = contoso, sourceId = 'activity.exchange'): Promise<SourceRow> {
    const row = await this.connector.collectPorts.sourceRows.find(tenant.tenantId, sourceId, this.signal);
    if (row === undefined) throw new Error('The source has no row.');
    return row;
  }

  async gaps(): Promise<Gap[]> {
    const rows = await this.rows();
    const ofRows = rows.map(async ({ tenantId, sourceId }) =>
      this.connector.collectPorts.coverage.gaps({ tenantId, sourceId }, this.signal),
    );
    return (await Promise.all(ofRows)).flat();
  }

  /** The events that carry records. */
  delivered(): StoredEvent[] {
    return [...this.stand.emulator.read(this.hubs.audit)];
  }

  /** The content ids whose records arrived, each once. */
  deliveredUnits(): string[] {
    return [...new Set(this.delivered().map(({ applicationProperties }) => String(applicationProperties['unit'])))];
  }

  /** The connector's own facts of one category, as they lie in the operations hub. */
  facts(category: string): Readonly<Record<string, unknown>>[] {
    return [...this.stand.emulator.read(this.hubs.operations)].flatMap(({ body }) => {
      const { records } = JSON.parse(body.toString()) as { records: { category: string; properties: Record<string, unknown> }[] };
      return records.filter((record) => record.category === category).map(({ properties }) => properties);
    });
  }

  /** What was made available, record by record, next to what arrived. */
  history(): History {
    const truth = [...this.microsoft.truth.available()].map(({ contentId, ...record }) => ({ ...record, unit: contentId }));
    const ofFeeds = this.delivered().filter(({ applicationProperties }) => isActivity(applicationProperties['source']));
    return compareHistory(truth, ofFeeds);
  }

  requests(operation: RequestEntry['operation'], tenant?: SimulatedTenant): RequestEntry[] {
    return this.microsoft.requests.entries({ operation, ...(tenant === undefined ? {} : { tenantId: tenant.tenantId }) });
  }

  logged(event: string): LogEntry[] {
    return this.log.filter((entry) => entry.event === event);
  }

  /** Waits for something that depends on another process or on real time. */
  async until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`Not within a minute: ${what}`);
      await wait(5);
    }
  }

  note(severity: Severity, line: string): void {
    const fields = JSON.parse(line) as Record<string, unknown>;
    this.log.push({ severity, event: String(fields['event']), fields, line });
  }
}

interface BlobShape {
  readonly tenant?: SimulatedTenant;
  readonly type?: ContentType;
  readonly records?: number;
  /** Each record is padded to this size. */
  readonly recordBytes?: number;
}

const isActivity = (source: unknown): boolean => String(source).startsWith('activity.');
