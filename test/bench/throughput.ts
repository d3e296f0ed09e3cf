import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { addTenant, syncTenant } from '../../src/app/tenants';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import { contentTypes } from '../local/microsoft365/tenant';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { Backlog } from './backlog';
import { DeliveryCheck, watchHub } from './deliveryCheck';
import type { DeliveryCount, Plant } from './deliveryCheck';
import { startMeasured } from './measuredProcess';
import type { MeasuredProcess } from './measuredProcess';
import { auditHub, startServers } from './servers';
import type { Servers } from './servers';

/** Who collects: the connector, or what an ordinary connector does. */
export type Collector = 'connector' | 'baseline';

/** One run of one collector over a backlog. */
export interface RunOptions {
  readonly collector: Collector;
  readonly records: number;
  readonly latencyMs: number;
  /** Share of requests that are answered 429, in percent. */
  readonly throttlePercent: number;
  readonly folder: string;
  /** Changes and additions to the connector's settings. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  readonly plant?: Plant | undefined;
  /** Told how many records have arrived, from time to time. */
  readonly onProgress?: (arrived: number) => void;
}

/** What one run came to. */
export interface RunResult {
  readonly collector: Collector;
  readonly records: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** From the start of collecting to its end, all records delivered and written down; scaled to a million records. */
  readonly cpuSecondsPerMillion: number;
  /** The whole process with its start, scaled the same way. */
  readonly wholeCpuSecondsPerMillion: number;
  readonly peakRssBytes: number;
  readonly delivery: DeliveryCount;
  /** Events sent by a second poll of the same, unchanged data; undefined for the baseline, which would send all of it again. */
  readonly sentAgain: number | undefined;
  readonly ok: boolean;
}

const spreadMs = 48 * 3_600_000;
const settledMs = 10 * 60_000;
const progressMs = 1_000;
const stallMs = 180_000;

/** Collects a backlog of one tenant with five feeds and compares what arrives with what was published. */
export async function runOnce(options: RunOptions): Promise<RunResult> {
  const tenant: SimulatedTenant = {
    tenantId: randomUUID(),
    name: 'Contoso',
    clientId: randomUUID(),
    secret: 'fake-secret-contoso~1',
    mood: 'busy',
    activity: 'none',
    subscribed: contentTypes,
  };
  const servers = await startServers(options.folder, [tenant]);
  try {
    const now = Date.now() - settledMs;
    const backlog = new Backlog({
      tenantId: tenant.tenantId,
      domain: 'contoso.onmicrosoft.com',
      records: options.records,
      seed: 1,
      from: new Date(now - spreadMs),
      to: new Date(now),
    });
    for (const contentType of contentTypes)
      servers.microsoft365.publishMany(tenant.tenantId, contentType, backlog.lazyBlobs(contentType));
    servers.microsoft365.settings.latencyMs = options.latencyMs;
    if (options.throttlePercent > 0)
      servers.microsoft365.faults.add({
        name: 'throttled',
        when: { operation: ['content', 'nextPage', 'blob'] },
        probability: options.throttlePercent / 100,
        respond: { af: 'AF429', status: 429, retryAfter: 1 },
      });
    const check = new DeliveryCheck(backlog, options.collector === 'connector' ? 'records' : 'single', options.plant);
    const arrivals = { lastAt: 0 };
    const stopWatching = watchHub(servers.hubs, auditHub, (event) => {
      check.take(event);
      arrivals.lastAt = performance.now();
    });
    const progress = setInterval(() => options.onProgress?.(check.arrived), progressMs);
    try {
      return await (options.collector === 'connector' ? runConnector : runBaseline)(options, {
        servers,
        tenant,
        check,
        arrivals,
      });
    } finally {
      clearInterval(progress);
      stopWatching();
    }
  } finally {
    await servers.stop();
  }
}

interface Stand {
  readonly servers: Servers;
  readonly tenant: SimulatedTenant;
  readonly check: DeliveryCheck;
  readonly arrivals: { lastAt: number };
}

/** Waits for one of two things: what is waited for, or the death of the measured process; gives up when nothing arrives for minutes. */
async function untilTrue(isTrue: () => boolean, { check }: Stand, died: () => Error | undefined): Promise<void> {
  let [arrived, since] = [-1, performance.now()];
  while (!isTrue()) {
    const error = died();
    if (error !== undefined) throw error;
    if (check.arrived !== arrived) [arrived, since] = [check.arrived, performance.now()];
    if (performance.now() - since > stallMs)
      throw new Error(`Nothing has arrived for ${stallMs / 1_000} s; ${arrived} records are there.`);
    await wait(20);
  }
}

/** Runs of the connector's sources as its log tells them. */
class FinishedRuns {
  readonly #clean = new Set<string>();

  note(line: string): void {
    if (!line.includes('"event":"runFinished"')) return;
    const run = JSON.parse(line) as { source: string; failure?: string; pending: number; more: boolean };
    if (run.failure === undefined && run.pending === 0 && !run.more) this.#clean.add(run.source);
    else this.#clean.delete(run.source);
  }

  /** Every source's last run found nothing more to do. */
  get all(): boolean {
    return this.#clean.size === contentTypes.length;
  }

  forget(): void {
    this.#clean.clear();
  }
}

async function runConnector(options: RunOptions, stand: Stand): Promise<RunResult> {
  const { servers, tenant, arrivals } = stand;
  const environment = { ...servers.environment, REQUESTS_PER_MINUTE: '100000', ...options.settings };
  const runs = new FinishedRuns();
  let [ready, death]: [boolean, Error | undefined] = [false, undefined];
  const died = (): Error | undefined => death;
  const host = startMeasured({
    script: 'dist/benchConnector.js',
    environment,
    nodeOptions: options.nodeOptions ?? [],
    onLine: (line) => {
      if (line.includes('"event":"ready"')) ready = true;
      runs.note(line);
    },
    onDeath: (error) => (death = error),
  });
  const stores = compose(environment, { log: () => undefined });
  try {
    await untilTrue(() => ready, stand, died);
    const before = await host.measure();
    await addSimulatedTenant(stores, tenant);
    const startedAt = performance.now();
    await untilTrue(() => runs.all, stand, died);
    const after = await host.measure();
    const sentAgain = await pollAgain(stand, stores, runs, died);
    return result(options, stand, { before, after, seconds: (arrivals.lastAt - startedAt) / 1_000, sentAgain });
  } finally {
    await stores.stop();
    await host.stop();
  }
}

async function pollAgain(stand: Stand, stores: Connector, runs: FinishedRuns, died: () => Error | undefined): Promise<number> {
  const before = stand.check.count().events;
  runs.forget();
  await syncTenant(stores.tenantPorts, stand.tenant.tenantId, AbortSignal.timeout(30_000));
  await untilTrue(() => runs.all, stand, died);
  return stand.check.count().events - before;
}

async function addSimulatedTenant(stores: Connector, { tenantId, clientId, secret, name }: SimulatedTenant): Promise<void> {
  const wanted = {
    tenant: tenantId,
    clientId,
    secret,
    cloud: 'custom' as const,
    integrations: [{ id: 'office365Audit' as const, polling: { kind: 'adaptive' as const } }],
    name,
    description: 'Benchmark',
    stampName: false,
  };
  const ports = { ...stores.tenantPorts, tryLogin: async () => Promise.resolve({ roles: ['ActivityFeed.Read'] }) };
  await addTenant(ports, wanted, () => undefined, AbortSignal.timeout(30_000));
}

async function runBaseline(options: RunOptions, stand: Stand): Promise<RunResult> {
  const { servers, tenant, arrivals } = stand;
  let [ready, done, death]: [boolean, boolean, Error | undefined] = [false, false, undefined];
  const died = (): Error | undefined => death;
  const baseline: MeasuredProcess = startMeasured({
    script: 'dist/benchBaseline.js',
    environment: {
      ...servers.environment,
      BASELINE_TENANT: tenant.tenantId,
      BASELINE_CLIENT: tenant.clientId,
      BASELINE_SECRET: tenant.secret,
      BASELINE_HUB: auditHub,
      BASELINE_DAYS: String(Math.ceil((spreadMs + settledMs) / 86_400_000)),
    },
    nodeOptions: options.nodeOptions ?? [],
    onLine: (line) => {
      if (line.includes('"event":"ready"')) ready = true;
      if (line.includes('"event":"done"')) done = true;
    },
    onDeath: (error) => (death = error),
  });
  try {
    await untilTrue(() => ready, stand, died);
    const before = await baseline.measure();
    const startedAt = performance.now();
    baseline.say('go');
    await untilTrue(() => done, stand, died);
    const after = await baseline.measure();
    return result(options, stand, { before, after, seconds: (arrivals.lastAt - startedAt) / 1_000, sentAgain: undefined });
  } finally {
    await baseline.stop();
  }
}

interface Measured {
  readonly before: { readonly cpuSeconds: number };
  readonly after: { readonly cpuSeconds: number; readonly peakRssBytes: number };
  readonly seconds: number;
  readonly sentAgain: number | undefined;
}

function result(
  { collector, records }: RunOptions,
  { check }: Stand,
  { before, after, seconds, sentAgain }: Measured,
): RunResult {
  const delivery = check.count();
  const complete = delivery.missing === 0 && delivery.duplicates === 0 && delivery.unknown === 0;
  return {
    collector,
    records,
    seconds,
    recordsPerSecond: records / seconds,
    cpuSecondsPerMillion: ((after.cpuSeconds - before.cpuSeconds) / records) * 1e6,
    wholeCpuSecondsPerMillion: (after.cpuSeconds / records) * 1e6,
    peakRssBytes: after.peakRssBytes,
    delivery,
    sentAgain,
    // The baseline makes new JSON of what it parsed; where that differs from what Microsoft sent, it is counted, not held against it.
    ok: complete && (collector === 'baseline' || (delivery.altered === 0 && sentAgain === 0)),
  };
}
