import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { addTenant, syncTenant } from '../../src/app/tenants';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import { deliveredRecords } from '../local/historyCheck';
import { createRandom } from '../local/microsoft365/random';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import type { Plant } from './deliveryCheck';
import { watchHub } from './deliveryCheck';
import { graphSource, recordedUrl } from './graphQuery';
import { startMeasured } from './measuredProcess';
import type { MeasuredProcess } from './measuredProcess';
import { startServers } from './servers';
import type { Servers } from './servers';
import { median, renderTable } from './throughputReport';

const hub = 'm365-entities';
const stallMs = 180_000;

/** Who reads the directory. */
type Collector = 'connector' | 'baseline';

/** What one side came to, once. */
interface GraphRun {
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssBytes: number;
  readonly missing: number;
  readonly altered: number;
  readonly duplicates: number;
  /** Events that a second look at unchanged data sent; undefined for the baseline, which would send all of it again. */
  readonly sentAgain: number | undefined;
  readonly ok: boolean;
}

/** The runs of both sides over the same directory. */
export interface GraphResult {
  readonly records: number;
  readonly connector: readonly GraphRun[];
  readonly baseline: readonly GraphRun[];
  readonly ok: boolean;
}

interface GraphOptions {
  readonly records: number;
  readonly repeat: number;
  readonly folder: string;
  readonly plant: Plant | undefined;
}

/** Reads a directory of many users by delta: the connector against what an ordinary connector does, in turn. */
export async function runGraph(options: GraphOptions, say: (text: string) => void): Promise<GraphResult> {
  const runs: Record<Collector, GraphRun[]> = { connector: [], baseline: [] };
  for (let round = 0; round < options.repeat; round += 1) {
    const order: Collector[] = round % 2 === 0 ? ['connector', 'baseline'] : ['baseline', 'connector'];
    for (const collector of order) {
      say(`${collector}, ${options.records} users …`);
      const run = await runOnce(collector, options);
      runs[collector].push(run);
      const { recordsPerSecond, cpuSecondsPerMillion, missing, altered, duplicates } = run;
      say(`  ${Math.round(recordsPerSecond)} records/s, ${cpuSecondsPerMillion.toFixed(1)} CPU s per million`);
      if (!run.ok) say(`  ${missing} missing, ${altered} altered, ${duplicates} twice, ${run.sentAgain ?? 0} sent again`);
    }
  }
  return { records: options.records, ...runs, ok: [...runs.connector, ...runs.baseline].every(({ ok }) => ok) };
}

/** The result for people; also valid Markdown. */
export function renderGraph({ records, connector, baseline }: GraphResult): string {
  const of = (runs: readonly GraphRun[], pick: (run: GraphRun) => number): number => median(runs.map(pick));
  const row = (name: string, runs: readonly GraphRun[], ratio: string): string[] => [
    name,
    records.toLocaleString('en-US'),
    Math.round(of(runs, (run) => run.recordsPerSecond)).toLocaleString('en-US'),
    of(runs, (run) => run.cpuSecondsPerMillion).toFixed(1),
    `${(of(runs, (run) => run.peakRssBytes) / 1e6).toFixed(0)} MB`,
    ratio,
    `${((100 * of(runs, (run) => run.altered)) / records).toFixed(0)} %`,
  ];
  const ratio = median(
    connector.map((run, index) => (baseline[index]?.cpuSecondsPerMillion ?? Number.NaN) / run.cpuSecondsPerMillion),
  );
  const head = ['', 'users', 'records/s', 'CPU s per million', 'peak RSS', 'CPU', 'altered'];
  return renderTable(head, [row('connector', connector, `${ratio.toFixed(2)} x less`), row('baseline', baseline, '')]);
}

/** Counts what arrives of the users that were published. */
class Arrivals {
  readonly #published: ReadonlyMap<string, string>;
  readonly #seen = new Map<string, number>();
  readonly #collector: Collector;
  #plant: Plant | undefined;
  altered = 0;
  events = 0;
  lastAt = 0;

  constructor(published: ReadonlyMap<string, string>, collector: Collector, plant: Plant | undefined) {
    this.#published = published;
    this.#collector = collector;
    this.#plant = plant;
  }

  take(body: Buffer): void {
    this.events += 1;
    this.lastAt = performance.now();
    const records =
      this.#collector === 'baseline'
        ? [body]
        : deliveredRecords({ body }).map(({ original, record }) => (isUser(record) ? original : undefined));
    for (const record of records) if (record !== undefined) this.#record(record);
  }

  get arrived(): number {
    return this.#seen.size;
  }

  get duplicates(): number {
    return [...this.#seen.values()].reduce((sum, times) => sum + times - 1, 0);
  }

  #record(bytes: Buffer): void {
    const planted = this.#plant;
    this.#plant = undefined;
    if (planted === 'drop') return;
    const { id } = JSON.parse(bytes.toString()) as { readonly id: string };
    const times = (this.#seen.get(id) ?? 0) + (planted === 'double' ? 2 : 1);
    this.#seen.set(id, times);
    if (planted === 'alter' || this.#published.get(id) !== digest(bytes)) this.altered += 1;
  }
}

/** What the connector says about a snapshot is no user. */
const isUser = (record: Buffer): boolean => record.includes('"category":"MicrosoftGraph.User"');

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

async function runOnce(collector: Collector, options: GraphOptions): Promise<GraphRun> {
  const tenant: SimulatedTenant = {
    ...{ tenantId: randomUUID(), name: 'Contoso', clientId: randomUUID(), secret: 'fake-secret-contoso~1' },
    ...{ mood: 'quiet', activity: 'none', skus: ['SPE_E5'] },
  };
  const servers = await startServers(options.folder, [tenant]);
  try {
    publishUsers(servers, tenant.tenantId, options.records);
    const truth = truthOf(servers, tenant.tenantId);
    const published = truth.size;
    const arrivals = new Arrivals(truth, collector, collector === 'connector' ? options.plant : undefined);
    const stopWatching = watchHub(servers.hubs, hub, ({ body }) => arrivals.take(body));
    try {
      const measured = await (collector === 'connector' ? measureConnector : measureBaseline)(servers, tenant, arrivals);
      const missing = published - arrivals.arrived;
      const { altered, duplicates } = arrivals;
      const isWhole = missing === 0 && duplicates === 0;
      return {
        recordsPerSecond: published / measured.seconds,
        cpuSecondsPerMillion: (measured.cpuSeconds / published) * 1e6,
        peakRssBytes: measured.peakRssBytes,
        ...{ missing, altered, duplicates, sentAgain: measured.sentAgain },
        ok: isWhole && (collector === 'baseline' || (altered === 0 && measured.sentAgain === 0)),
      };
    } finally {
      stopWatching();
    }
  } finally {
    await servers.stop();
  }
}

/** Users as large as real ones are with what the connector selects, with escapes and numbers that JSON.parse does not give back as they were. */
function publishUsers({ microsoft365 }: Servers, tenantId: string, count: number): void {
  const random = createRandom(1, 'graph benchmark');
  for (let index = 0; index < count; index += 1) {
    const id = random.guid();
    const name = `user${index}@contoso.onmicrosoft.com`;
    const text = `{"id":"${id}","userPrincipalName":"${name}","displayName":"J\\u00fcrgen \\u2603 ${index}","givenName":"Jürgen","surname":"${random.hex(12)}","mail":"${name}","accountEnabled":true,"userType":"Member","createdDateTime":"2024-03-${String((index % 28) + 1).padStart(2, '0')}T08:15:42Z","companyName":"Contoso","department":"Unit ${index % 40}","jobTitle":"Engineer","usageLocation":"DE","assignedLicenses":[{"disabledPlans":[],"skuId":"${random.guid()}"},{"disabledPlans":["${random.guid()}"],"skuId":"${random.guid()}"}],"externalUserState":null,"onPremisesSyncEnabled":true,"onPremisesImmutableId":"${random.hex(24)}==","onPremisesSamAccountName":"u${index}","onPremisesSecurityIdentifier":"S-1-5-21-${index}","lastPasswordChangeDateTime":"2026-01-02T03:04:05.1234567Z","signInSessionsValidFromDateTime":"2026-01-02T03:04:05Z"}`;
    microsoft365.graph.publish(tenantId, 'users', text, { id });
  }
}

function truthOf({ microsoft365 }: Servers, tenantId: string): ReadonlyMap<string, string> {
  const truth = microsoft365.graph.truth.available({ tenantId, feed: 'users', as: { select: selected() }, latest: true });
  return new Map([...truth].flatMap(({ id, bytes, removed }) => (removed === undefined ? [[id, digest(bytes)] as const] : [])));
}

function selected(): readonly string[] {
  return new URL(recordedUrl('https://graph.example')).searchParams.get('$select')?.split(',') ?? [];
}

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  readonly sentAgain: number | undefined;
}

async function untilTrue(isTrue: () => boolean, arrivals: Arrivals, died: () => Error | undefined): Promise<void> {
  let [arrived, since] = [-1, performance.now()];
  while (!isTrue()) {
    const error = died();
    if (error !== undefined) throw error;
    if (arrivals.arrived !== arrived) [arrived, since] = [arrivals.arrived, performance.now()];
    if (performance.now() - since > stallMs)
      throw new Error(`Nothing has arrived for ${stallMs / 1_000} s; ${arrived} records are there.`);
    await wait(20);
  }
}

async function measureConnector(servers: Servers, tenant: SimulatedTenant, arrivals: Arrivals): Promise<Measured> {
  const environment = { ...servers.environment, BENCH_SOURCES: graphSource };
  const state = { isReady: false, isDone: false, death: undefined as Error | undefined };
  const host = startMeasured({
    script: 'dist/benchConnector.js',
    environment,
    onLine: (line) => {
      if (line.includes('"event":"ready"')) state.isReady = true;
      if (line.includes('"event":"runFinished"')) state.isDone = isClean(line);
    },
    onDeath: (error) => (state.death = error),
  });
  const died = (): Error | undefined => state.death;
  const stores = compose(environment, { log: () => undefined });
  try {
    await untilTrue(() => state.isReady, arrivals, died);
    const before = await host.measure();
    await add(stores, tenant);
    const startedAt = performance.now();
    await untilTrue(() => state.isDone, arrivals, died);
    const after = await host.measure();
    const sent = arrivals.events;
    const seconds = (arrivals.lastAt - startedAt) / 1_000;
    state.isDone = false;
    await syncTenant(stores.tenantPorts, tenant.tenantId, AbortSignal.timeout(30_000));
    await untilTrue(() => state.isDone, arrivals, died);
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    return { seconds, cpuSeconds, peakRssBytes: after.peakRssBytes, sentAgain: arrivals.events - sent };
  } finally {
    await stores.stop();
    await host.stop();
  }
}

function isClean(line: string): boolean {
  const run = JSON.parse(line) as { readonly failure?: string; readonly pending: number; readonly more: boolean };
  return run.failure === undefined && run.pending === 0 && !run.more;
}

async function add(stores: Connector, { tenantId, clientId, secret, name }: SimulatedTenant): Promise<void> {
  const wanted = {
    ...{ tenant: tenantId, clientId, secret, cloud: 'custom' as const, name, description: 'Benchmark', stampName: false },
    integrations: [{ id: 'entraId' as const, polling: { kind: 'adaptive' as const } }],
  };
  await addTenant(stores.tenantPorts, wanted, () => undefined, AbortSignal.timeout(30_000));
}

async function measureBaseline(servers: Servers, tenant: SimulatedTenant, arrivals: Arrivals): Promise<Measured> {
  const state = { isReady: false, isDone: false, death: undefined as Error | undefined };
  const baseline: MeasuredProcess = startMeasured({
    script: 'dist/benchGraphBaseline.js',
    environment: {
      ...servers.environment,
      BASELINE_TENANT: tenant.tenantId,
      BASELINE_CLIENT: tenant.clientId,
      BASELINE_SECRET: tenant.secret,
      BASELINE_HUB: hub,
    },
    onLine: (line) => {
      if (line.includes('"event":"ready"')) state.isReady = true;
      if (line.includes('"event":"done"')) state.isDone = true;
    },
    onDeath: (error) => (state.death = error),
  });
  const died = (): Error | undefined => state.death;
  try {
    await untilTrue(() => state.isReady, arrivals, died);
    const before = await baseline.measure();
    const startedAt = performance.now();
    baseline.say('go');
    await untilTrue(() => state.isDone, arrivals, died);
    const after = await baseline.measure();
    const seconds = (arrivals.lastAt - startedAt) / 1_000;
    return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakRssBytes: after.peakRssBytes, sentAgain: undefined };
  } finally {
    await baseline.stop();
  }
}
