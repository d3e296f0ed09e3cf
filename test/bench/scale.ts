import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import { entryAt } from '../../src/app/schedule';
import { addTenant } from '../../src/app/tenants';
import { newSourceRow } from '../../src/domain/sourceState';
import type { SourceRow } from '../../src/domain/sourceState';
import { deliveredRecords } from '../local/historyCheck';
import type { StoredEvent } from '../local/eventHubs/storedEvent';
import { createRandom } from '../local/microsoft365/random';
import type { Random } from '../local/microsoft365/random';
import { buildRecord } from '../local/microsoft365/records/operation';
import { operations } from '../local/microsoft365/records/operations';
import { contentTypes } from '../local/microsoft365/tenant';
import type { ContentType, SimulatedTenant } from '../local/microsoft365/tenant';
import { Backlog } from './backlog';
import type { ScaleOptions } from './benchOptions';
import { DeliveryCheck, watchHub } from './deliveryCheck';
import type { DeliveryCount, Plant } from './deliveryCheck';
import { startMeasured } from './measuredProcess';
import type { MeasuredProcess } from './measuredProcess';
import type { Usage } from './meter';
import { auditHub, startServers } from './servers';
import type { Servers } from './servers';
import { renderTable } from './throughputReport';

/** What many idle tenants cost: sums over a span in which every tenant was idle, and what they are for one poll. */
interface IdleCost {
  readonly seconds: number;
  readonly polls: number;
  readonly cpuSeconds: number;
  /** Requests of the connector's process while idle, by what they went to. */
  readonly requests: Readonly<Record<Destination, number>>;
}

type Destination = 'microsoft365' | 'login' | 'tables' | 'queues' | 'blobs' | 'keyVault' | 'other';

/** Seconds from when small fresh blobs of idle tenants became available to their acceptance by the hub. */
interface Lag {
  readonly blobs: number;
  readonly lost: number;
  readonly altered: number;
  readonly p50: number;
  readonly p99: number;
  /** Counted from when the source was due, for what adaptive polling adds is the customer's choice. */
  readonly p50AfterDue: number;
  readonly p99AfterDue: number;
}

/** What the scale measurement came to. */
export interface ScaleResult {
  readonly options: ScaleOptions;
  readonly idle: IdleCost;
  readonly lagAlone: Lag;
  readonly lagBesideBacklog: Lag;
  readonly backlog: { readonly seconds: number; readonly delivery: DeliveryCount };
  readonly peakRssBytes: number;
  readonly ok: boolean;
}

type ScaleRun = ScaleOptions & { readonly folder: string; readonly plant: Plant | undefined };
type Say = (text: string) => void;

const sourceOf: Readonly<Record<ContentType, string>> = {
  'Audit.AzureActiveDirectory': 'activity.azureActiveDirectory',
  'Audit.Exchange': 'activity.exchange',
  'Audit.SharePoint': 'activity.sharePoint',
  'Audit.General': 'activity.general',
  'DLP.All': 'activity.dlp',
};

/** How often an idle source is polled with the settings as they come. */
const usualPollSeconds = 900;
const hourMs = 3_600_000;
const tenantsAtOnce = 24;
const backlogWithinMs = 15 * 60_000;
const publishEveryMs = 500;

/** Lets many idle tenants be polled, alone and beside one with a backlog. */
export async function runScale(options: ScaleRun, say: Say): Promise<ScaleResult> {
  const random = createRandom(3, 'scale');
  const tenants = Array.from({ length: options.tenants }, (_, index) => simulatedTenant(index, random));
  const servers = await startServers(options.folder, tenants);
  const environment = {
    ...servers.environment,
    COLLECT_SCHEDULE: options.pollSeconds < 60 ? '*/2 * * * * *' : '0 * * * * *',
    POLL_SHORTEST_SECONDS: String(Math.min(60, options.pollSeconds)),
    POLL_LONGEST_SECONDS: String(options.pollSeconds),
  };
  const stores = compose(environment, { log: () => undefined });
  let host: MeasuredProcess | undefined;
  try {
    const [big, ...idle] = tenants;
    if (big === undefined) throw new Error('There are no tenants.');
    say(`Adding ${idle.length} tenants that have been collected for a while …`);
    await inTurns(idle, tenantsAtOnce, async (tenant) => seedTenant(stores, tenant, options.pollSeconds, random));
    const polls = { count: 0 };
    let [ready, death]: [boolean, Error | undefined] = [false, undefined];
    host = startMeasured({
      script: 'dist/functionHost.js',
      environment: {
        ...environment,
        FUNCTION_HOST_SCRIPT: 'dist/functions.js',
        FUNCTION_HOST_PORT: '0',
        BENCH_COUNT_REQUESTS: '1',
      },
      onLine: (line) => {
        if (line.includes('"event":"ready"')) ready = true;
        if (line.includes('"event":"runFinished"') && !line.includes(big.tenantId)) polls.count += 1;
      },
      onDeath: (error) => (death = error),
    });
    const isReady = (): boolean => ready;
    while (!isReady()) await wait(50);
    const alive = (): void => {
      if (death !== undefined) throw death;
    };
    return await measure({ options, servers, stores, host, big, idle, polls, alive, random, say });
  } finally {
    await host?.stop();
    await stores.stop();
    await servers.stop();
  }
}

interface Stand {
  readonly options: ScaleRun;
  readonly servers: Servers;
  readonly stores: Connector;
  readonly host: MeasuredProcess;
  readonly big: SimulatedTenant;
  readonly idle: readonly SimulatedTenant[];
  readonly polls: { count: number };
  readonly alive: () => void;
  readonly random: Random;
  readonly say: Say;
}

async function measure(stand: Stand): Promise<ScaleResult> {
  const { options, servers, stores, host, big, polls, alive, say } = stand;
  const now = Date.now();
  const backlog = new Backlog({
    ...{ tenantId: big.tenantId, domain: 'big.onmicrosoft.com', records: options.backlog, seed: 2 },
    ...{ from: new Date(now - 48 * hourMs), to: new Date(now - 600_000) },
  });
  const check = new DeliveryCheck(backlog, 'records', options.plant);
  const fresh = new FreshBlobs(stand);
  const stopWatching = watchHub(servers.hubs, auditHub, (event) => {
    if (event.applicationProperties['tenantId'] === big.tenantId) check.take(event);
    else fresh.take(event);
  });
  try {
    say(`Idle tenants alone, ${options.seconds} s …`);
    const before = await host.measure();
    const pollsBefore = polls.count;
    const startedAt = performance.now();
    await publishWhile(fresh, () => performance.now() - startedAt < options.seconds * 1_000, alive);
    const after = await host.measure();
    const idle: IdleCost = {
      seconds: (performance.now() - startedAt) / 1_000,
      polls: polls.count - pollsBefore,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      requests: requestsBetween(before, after, servers.environment),
    };
    await fresh.settle(options.pollSeconds, alive);
    const lagAlone = fresh.lag();
    fresh.forget();

    say(`Beside a backlog of ${options.backlog} records …`);
    for (const contentType of contentTypes)
      servers.microsoft365.publishMany(big.tenantId, contentType, backlog.lazyBlobs(contentType));
    const backlogAt = performance.now();
    await addBigTenant(stores, big);
    const within = () => performance.now() - backlogAt < backlogWithinMs;
    let saidAt = performance.now();
    await publishWhile(
      fresh,
      () => {
        if (performance.now() - saidAt > 10_000) {
          say(`Backlog: ${Math.floor((100 * check.arrived) / options.backlog)} %`);
          saidAt = performance.now();
        }
        return check.arrived < options.backlog && within();
      },
      alive,
    );
    const backlogSeconds = (performance.now() - backlogAt) / 1_000;
    await fresh.settle(options.pollSeconds, alive);
    const lagBesideBacklog = fresh.lag();
    const { peakRssBytes } = await host.measure();
    const delivery = check.count();
    const complete = delivery.missing + delivery.duplicates + delivery.altered + delivery.unknown === 0;
    const right = [lagAlone, lagBesideBacklog].every(({ lost, altered }) => lost + altered === 0);
    return {
      options: { tenants: options.tenants, backlog: options.backlog, seconds: options.seconds, pollSeconds: options.pollSeconds },
      ...{ idle, lagAlone, lagBesideBacklog, backlog: { seconds: backlogSeconds, delivery }, peakRssBytes },
      ok: complete && right,
    };
  } finally {
    stopWatching();
  }
}

async function publishWhile(fresh: FreshBlobs, isOn: () => boolean, alive: () => void): Promise<void> {
  while (isOn()) {
    alive();
    await fresh.publish();
    await wait(publishEveryMs);
  }
}

interface FreshBlob {
  readonly availableAt: number;
  readonly dueAt: number;
  readonly sha256: string;
  arrivedAt?: number;
  altered?: boolean;
}

/** Small blobs that idle tenants get now and then, and when they arrive. */
class FreshBlobs {
  readonly #stand: Stand;
  #blobs = new Map<string, FreshBlob>();

  constructor(stand: Stand) {
    this.#stand = stand;
  }

  /** Makes a few records of one idle tenant available. */
  async publish(): Promise<void> {
    const { idle, random, servers, stores } = this.#stand;
    const { tenantId } = random.pick(idle);
    const contentType = random.pick(contentTypes);
    const row = await stores.collectPorts.sourceRows.find(tenantId, sourceOf[contentType], AbortSignal.timeout(30_000));
    const tenant = { tenantId, domain: 'idle.onmicrosoft.com', sensitive: true };
    const texts = Array.from({ length: random.int(3, 10) }, () =>
      Buffer.from(buildRecord(random.pick(operations[contentType]), tenant, Date.now(), random).text),
    );
    const availableAt = Date.now();
    const contentId = servers.microsoft365.publish(tenantId, contentType, texts);
    this.#blobs.set(contentId, { availableAt, dueAt: Date.parse(row?.dueAt ?? ''), sha256: sha256Of(texts) });
  }

  /** Notes the arrival of a blob; each of them is one event. */
  take(event: StoredEvent): void {
    const blob = this.#blobs.get(String(event.applicationProperties['unit']));
    if (blob === undefined) return;
    const known = blob.arrivedAt !== undefined;
    blob.arrivedAt ??= Date.now();
    blob.altered = known || sha256Of(deliveredRecords(event).map(({ original }) => original)) !== blob.sha256;
  }

  /** Waits until all have arrived, as long as polling may take. */
  async settle(pollSeconds: number, alive: () => void): Promise<void> {
    const until = Date.now() + (pollSeconds + 150) * 1_000;
    while ([...this.#blobs.values()].some(({ arrivedAt }) => arrivedAt === undefined) && Date.now() < until) {
      alive();
      await wait(500);
    }
  }

  lag(): Lag {
    const blobs = [...this.#blobs.values()];
    const arrived = blobs.flatMap((blob) => (blob.arrivedAt === undefined ? [] : [{ ...blob, arrivedAt: blob.arrivedAt }]));
    const total = arrived.map(({ arrivedAt, availableAt }) => (arrivedAt - availableAt) / 1_000);
    const afterDue = arrived.map(({ arrivedAt, availableAt, dueAt }) => (arrivedAt - Math.max(availableAt, dueAt)) / 1_000);
    return {
      blobs: blobs.length,
      lost: blobs.length - arrived.length,
      altered: arrived.filter(({ altered }) => altered === true).length,
      ...{ p50: quantile(total, 0.5), p99: quantile(total, 0.99) },
      ...{ p50AfterDue: quantile(afterDue, 0.5), p99AfterDue: quantile(afterDue, 0.99) },
    };
  }

  forget(): void {
    this.#blobs = new Map();
  }
}

function sha256Of(records: readonly Buffer[]): string {
  return records.reduce((hash, record) => hash.update(record).update('\n'), createHash('sha256')).digest('hex');
}

/** The value below which the given share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

function simulatedTenant(index: number, random: Random): SimulatedTenant {
  return {
    tenantId: random.guid(),
    name: `Tenant ${index}`,
    clientId: random.guid(),
    secret: `fake-secret-tenant~${index}`,
    mood: 'quiet',
    activity: 'none',
    subscribed: contentTypes,
  };
}

/** Writes what a tenant looks like that has been collected for weeks: everything listed, every source due at some time of the polling interval. */
async function seedTenant(stores: Connector, simulated: SimulatedTenant, pollSeconds: number, random: Random): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  const { tenantPorts, collectPorts } = stores;
  const now = Date.now();
  const ago = (ms: number): string => new Date(now - ms).toISOString();
  const { tenantId, clientId, secret, name } = simulated;
  const secretName = `tenant-${tenantId}`;
  await tenantPorts.secrets.write(secretName, secret, { tenantId }, signal);
  await tenantPorts.tenants.save(
    {
      ...{ id: tenantId, name, description: 'Benchmark', cloud: 'custom', clientId, secretName },
      integrations: [{ id: 'office365Audit', polling: { kind: 'adaptive' } }],
      ...{ stampName: false, status: 'active', statusSince: ago(hourMs), epoch: 1, addedAt: ago(hourMs) },
    },
    undefined,
    signal,
  );
  const rows: SourceRow[] = [];
  for (const sourceId of Object.values(sourceOf)) {
    const dueAt = new Date(now + random.int(0, pollSeconds * 1_000));
    const row = {
      ...newSourceRow(tenantId, sourceId, new Date(now)),
      ...{ epoch: 100, ticket: 100, idleRuns: 20, dueAt: dueAt.toISOString() },
      cursor: {
        listedTo: ago(60_000),
        dayRelistedAt: ago(random.int(0, hourMs)),
        weekRelistedAt: ago(random.int(0, 24 * hourMs)),
      },
      memory: { readyAt: ago(hourMs), startedAt: ago(24 * hourMs) },
      state: { name: 'collecting', since: ago(24 * hourMs) } as const,
      ...{ firstRunAt: ago(24 * hourMs), lastRunAt: ago(60_000), lastSuccessAt: ago(60_000), lastRecordAt: ago(hourMs) },
      reportedTo: ago(hourMs).slice(0, 13),
    };
    rows.push(await tenantPorts.sourceRows.create(row, signal));
  }
  await tenantPorts.schedule.put(
    rows.map((row) => entryAt(collectPorts, row, new Date(row.dueAt))),
    signal,
  );
}

async function addBigTenant(stores: Connector, { tenantId, clientId, secret, name }: SimulatedTenant): Promise<void> {
  const wanted = {
    ...{ tenant: tenantId, clientId, secret, name, description: 'Benchmark', stampName: false },
    cloud: 'custom' as const,
    integrations: [{ id: 'office365Audit' as const, polling: { kind: 'adaptive' as const } }],
  };
  const ports = { ...stores.tenantPorts, tryLogin: async () => Promise.resolve({ roles: ['ActivityFeed.Read'] }) };
  await addTenant(ports, wanted, () => undefined, AbortSignal.timeout(60_000));
}

async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function requestsBetween(before: Usage, after: Usage, environment: Servers['environment']): Record<Destination, number> {
  const storage = environment['AzureWebJobsStorage'] ?? '';
  const endpoint = (service: string): string => new RegExp(`${service}Endpoint=http://[^:]+:(\\d+)`).exec(storage)?.[1] ?? '';
  const portOf = (name: string): string => new URL(environment[name] ?? '').port;
  const byPort = new Map<string, Destination>([
    [endpoint('Table'), 'tables'],
    [endpoint('Queue'), 'queues'],
    [endpoint('Blob'), 'blobs'],
    [portOf('KEY_VAULT_URL'), 'keyVault'],
    [portOf('CLOUD_CUSTOM_LOGIN'), 'login'],
    [portOf('CLOUD_CUSTOM_MANAGEMENT'), 'microsoft365'],
  ]);
  const sums: Record<Destination, number> = { microsoft365: 0, login: 0, tables: 0, queues: 0, blobs: 0, keyVault: 0, other: 0 };
  for (const [key, count] of Object.entries(after.requests))
    sums[byPort.get(key.split(' ')[0] ?? '') ?? 'other'] += count - (before.requests[key] ?? 0);
  return sums;
}

/** The result as tables, in Markdown. */
export function renderScale({ options, idle, lagAlone, lagBesideBacklog, backlog, peakRssBytes }: ScaleResult): string {
  const { requests, polls } = idle;
  const pollsPerHour = (seconds: number): number => (5 * 3_600) / seconds;
  const each = (destination: Destination): string[] => {
    const perPoll = requests[destination] / polls;
    return [
      perPoll.toFixed(2),
      (perPoll * pollsPerHour(options.pollSeconds)).toFixed(0),
      (perPoll * pollsPerHour(usualPollSeconds)).toFixed(0),
    ];
  };
  const cpuMs = (1_000 * idle.cpuSeconds) / polls;
  const cost = renderTable(
    [
      'an idle tenant with 5 sources',
      'a poll',
      `an hour, polled each ${options.pollSeconds} s`,
      `an hour, polled each ${usualPollSeconds} s`,
    ],
    [
      ['requests to the Management Activity API', ...each('microsoft365')],
      ['table operations', ...each('tables')],
      ['queue operations', ...each('queues')],
      ['blob operations (timer and leases of the host)', ...each('blobs')],
      [
        'CPU ms of the connector',
        cpuMs.toFixed(1),
        (cpuMs * pollsPerHour(options.pollSeconds)).toFixed(0),
        (cpuMs * pollsPerHour(usualPollSeconds)).toFixed(0),
      ],
    ],
  );
  const row = (name: string, lag: Lag): string[] => [
    ...[name, String(lag.blobs), String(lag.lost + lag.altered), `${lag.p50.toFixed(1)} s`, `${lag.p99.toFixed(1)} s`],
    ...[`${lag.p50AfterDue.toFixed(1)} s`, `${lag.p99AfterDue.toFixed(1)} s`],
  ];
  const lags = renderTable(
    ['fresh blobs of idle tenants', 'blobs', 'lost or altered', 'p50', 'p99', 'p50 after due', 'p99 after due'],
    [row('alone', lagAlone), row('beside the backlog', lagBesideBacklog)],
  );
  const { delivery, seconds } = backlog;
  const delivered = delivery.published - delivery.missing;
  return [
    `${options.tenants} tenants x 5 sources, polled each ${options.pollSeconds} s: ${polls} polls in ${idle.seconds.toFixed(0)} s; a login and a Key Vault read for each tenant and hour (${requests.login} and ${requests.keyVault} in this span)`,
    '',
    cost,
    '',
    lags,
    '',
    `Backlog: ${delivered} of ${delivery.published} records in ${seconds.toFixed(0)} s (${Math.round(delivered / seconds)} a second), ` +
      `${delivery.duplicates} twice, ${delivery.altered} altered; peak memory ${Math.round(peakRssBytes / 1e6)} MB`,
  ].join('\n');
}
