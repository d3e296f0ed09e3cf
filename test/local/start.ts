import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { addTenant } from '../../src/app/tenants';
import type { Connector } from '../../src/composition';
import { SettingsError } from '../../src/settings';
import { compareHistory } from './historyCheck';
import { renderLiveView, renderPlainLine } from './liveView';
import type { LiveState } from './liveView';
import { defaultTenants } from './microsoft365/defaultTenants';
import { isHealthy } from './microsoft365/tenant';
import type { SimulatedTenant } from './microsoft365/tenant';
import { openStores, readOverview } from './overview';
import type { TenantOverview } from './overview';
import { startStack } from './stack';
import type { Stack } from './stack';
import { OptionError, readStartOptions, startHelp } from './startOptions';
import type { StartOptions } from './startOptions';

const auditHub = 'm365-audit';
const drainWithinMs = 120_000;
const backfillHours = 48;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Prints the state again and again: in place on a terminal, a line every five seconds elsewhere. */
class Screen {
  readonly #stack: Stack;
  readonly #stores: Connector;
  readonly #live: boolean;
  readonly #startedAt: number;
  #phase = 'collecting';
  #shown = 0;
  #before: { readonly at: number; readonly records: ReadonlyMap<string, number> } | undefined;
  latest: readonly TenantOverview[] = [];

  constructor(stack: Stack, stores: Connector, live: boolean, startedAt: number) {
    this.#stack = stack;
    this.#stores = stores;
    this.#live = live;
    this.#startedAt = startedAt;
  }

  set phase(text: string) {
    this.#phase = text;
  }

  async refresh(signal: AbortSignal): Promise<void> {
    this.latest = await readOverview(this.#stores, this.#stack, signal);
    const now = Date.now();
    const records = new Map(this.latest.map((row) => [row.tenant.id, row.records]));
    const seconds = this.#before === undefined ? 1 : Math.max(0.5, (now - this.#before.at) / 1_000);
    const perSecond = new Map([...records].map(([id, count]) => [id, (count - (this.#before?.records.get(id) ?? count)) / seconds]));
    this.#before = { at: now, records };
    const { events, bytes } = this.#stack.hubs.counts(auditHub);
    const state: LiveState = {
      startedAt: this.#startedAt,
      now,
      phase: this.#phase,
      tenants: this.latest,
      recordsPerSecond: perSecond,
      events,
      bytes,
      connectionString: this.#stack.hubs.connectionString,
    };
    if (!this.#live) {
      say(renderPlainLine(state));
      return;
    }
    const lines = renderLiveView(state, process.stdout.columns, true);
    process.stdout.write(`${this.#shown > 0 ? `\u001b[${this.#shown}F` : ''}\u001b[0J${lines.join('\n')}\n`);
    this.#shown = lines.length;
  }
}

async function addSimulatedTenants(stores: Connector, tenants: readonly SimulatedTenant[], signal: AbortSignal): Promise<void> {
  for (const { tenantId, clientId, secret, name } of tenants) {
    if ((await stores.tenantPorts.tenants.find(tenantId, signal)) !== undefined) continue;
    const wanted = {
      tenant: tenantId,
      clientId,
      secret,
      cloud: 'custom' as const,
      integrations: [{ id: 'office365Audit' as const, polling: { kind: 'adaptive' as const } }],
      name,
      description: 'Simulated',
      stampName: false,
    };
    // Tenants with a trouble of their own have to be there too: the operator wants to see what they look like.
    const withoutCheck = { ...stores.tenantPorts, tryLogin: async () => Promise.resolve({ roles: ['ActivityFeed.Read'] }) };
    await addTenant(withoutCheck, wanted, () => undefined, signal);
  }
}

/** Waits until the connector has delivered what is available to it, or the time for it is up. */
async function drain(stack: Stack, screen: Screen, signal: AbortSignal): Promise<void> {
  const until = Date.now() + drainWithinMs;
  const reachable = new Set(healthy(stack).map(({ tenantId }) => tenantId));
  while (Date.now() < until && !signal.aborted) {
    await screen.refresh(signal);
    const rows = screen.latest.filter(({ tenant }) => reachable.has(tenant.id));
    if (rows.every(({ records, available, pending }) => records >= (available ?? 0) && pending === 0)) return;
    await wait(1_000, undefined, { signal }).catch(() => undefined);
  }
}

function healthy(stack: Stack): SimulatedTenant[] {
  return (stack.microsoft365?.tenants() ?? []).filter(({ mood }) => isHealthy(mood)).map(({ tenant }) => tenant);
}

interface Result {
  readonly ok: boolean;
  readonly tenants: number;
  readonly available: number;
  readonly delivered: number;
  readonly missing: number;
  readonly altered: number;
  readonly duplicates: number;
  readonly gaps: number;
  readonly seconds: number;
  readonly firstRecordSeconds: number | undefined;
}

async function prove(stack: Stack, stores: Connector, startedAt: number, firstRecordSeconds: number | undefined): Promise<Result> {
  const reachable = new Set(healthy(stack).map(({ tenantId }) => tenantId));
  const truth = [...(stack.microsoft365?.truth.available() ?? [])]
    .filter(({ tenantId }) => reachable.has(tenantId))
    .map(({ tenantId, contentId, id, sha256 }) => ({ tenantId, unit: contentId, id, sha256 }));
  const events = function* () {
    for (const event of stack.hubs.read(auditHub)) if (event.applicationProperties['source'] !== 'connector') yield event;
  };
  const history = compareHistory(truth, events());
  const overview = await readOverview(stores, stack, AbortSignal.timeout(30_000));
  const gaps = overview.reduce((sum, row) => sum + row.gaps, 0);
  say('');
  say('Coverage, next to what was made available:');
  for (const row of overview)
    say(
      `  ${row.tenant.name.padEnd(24)} ${row.stateTitle.padEnd(22)} ${row.delivered} of ${row.listed} blobs, ${row.records} records; available: ${
        reachable.has(row.tenant.id) ? (row.available ?? 0) : 'not to be collected'
      }`,
    );
  for (const record of history.missing.slice(0, 20)) say(`  missing: ${record.tenantId} ${record.id ?? '(no id)'} in ${record.unit}`);
  for (const record of history.altered.slice(0, 20)) say(`  altered: ${record.tenantId} ${record.id} in ${record.unit}`);
  for (const record of history.duplicates.slice(0, 20)) say(`  sent ${record.extra + 1} times: ${record.tenantId} ${record.id} in ${record.unit}`);
  const duplicates = history.duplicates.reduce((sum, { extra }) => sum + extra, 0);
  const ok = history.missing.length === 0 && history.altered.length === 0 && history.available > 0;
  const result = {
    ok,
    tenants: overview.length,
    available: history.available,
    delivered: history.delivered,
    missing: history.missing.length,
    altered: history.altered.length,
    duplicates,
    gaps,
    seconds: Math.round((Date.now() - startedAt) / 100) / 10,
    firstRecordSeconds,
  };
  say(
    `${ok ? 'Proven' : 'NOT PROVEN'}: ${result.available} records were available, ${result.available - result.missing} of them were delivered byte for byte` +
      ` (${result.missing} missing, ${result.altered} altered, ${duplicates} sent more than once, ${gaps} gaps).`,
  );
  return result;
}

async function run(options: StartOptions): Promise<boolean> {
  const startedAt = Date.now();
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const { signal } = stopping;
  if (options.clean) rmSync(options.folder, { recursive: true, force: true });
  const troubles: string[] = [];
  mkdirSync(options.folder, { recursive: true });
  const log = createWriteStream(join(options.folder, 'connector.log'), { flags: 'a' });
  const stack = await startStack({
    folder: options.folder,
    seed: options.seed,
    tenants: options.simulation ? defaultTenants(options.tenants, options.seed) : [],
    settings: options.simulation
      ? { POLL_SHORTEST_SECONDS: '2', POLL_LONGEST_SECONDS: '8' }
      : { COLLECT_SCHEDULE: '*/10 * * * * *', ...ownClouds(process.env) },
    onLine: (line) => {
      log.write(`${line}\n`);
      if (line.includes('"severity":"error"') && troubles.length < 1_000) troubles.push(line);
    },
    onProgress: say,
  });
  const stores = openStores(stack);
  try {
    const { microsoft365 } = stack;
    if (microsoft365 !== undefined) {
      if (microsoft365.truth.counts().length === 0) microsoft365.backfill(backfillHours, { maxRecordsPerTenant: 1_000 });
      if (options.recordsFolder !== undefined) {
        const { records, blobs } = microsoft365.loadRecords(options.recordsFolder, { mode: 'loop' });
        say(`Replaying ${records} records in ${blobs} blobs from ${options.recordsFolder}.`);
      }
      for (const name of options.faults) microsoft365.faults.preset(name);
      await addSimulatedTenants(stores, microsoft365.tenants().map(({ tenant }) => tenant), signal);
      microsoft365.startGenerating(1_000);
    }
    await stack.startConnector();
    say(`Event Hubs: ${stack.hubs.connectionString}`);
    if (!options.simulation) say('Add a tenant: npm run tenant -- add --help');
    const live = process.stdout.isTTY && !options.json;
    const screen = new Screen(stack, stores, live, startedAt);
    const until = options.forSeconds === undefined ? Infinity : startedAt + options.forSeconds * 1_000;
    let firstRecordSeconds: number | undefined;
    const watch = setInterval(() => {
      if (firstRecordSeconds === undefined && stack.hubs.counts(auditHub).events > 0) firstRecordSeconds = (Date.now() - startedAt) / 1_000;
    }, 50);
    while (!signal.aborted && Date.now() < until) {
      await screen.refresh(signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      await wait(Math.max(0, Math.min(live ? 1_000 : 5_000, until - Date.now())), undefined, { signal }).catch(() => undefined);
    }
    clearInterval(watch);
    if (options.forSeconds === undefined || signal.aborted || microsoft365 === undefined) return true;
    microsoft365.stopGenerating();
    microsoft365.faults.clear();
    screen.phase = 'draining';
    await drain(stack, screen, signal);
    await stack.stopConnector();
    const result = await prove(stack, stores, startedAt, firstRecordSeconds);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.ok;
  } finally {
    say('Stopping …');
    await stack.stopConnector();
    await stores.stop();
    await stack.stop();
    log.end();
    if (troubles.length > 0) say(`The connector reported ${troubles.length} errors; the last one: ${troubles.at(-1) ?? ''}\nAll of them: ${join(options.folder, 'connector.log')}`);
  }
}

/** The custom cloud of whoever runs this, so that any server that speaks these APIs can be collected. */
function ownClouds(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = ['CLOUD_CUSTOM_LOGIN', 'CLOUD_CUSTOM_MANAGEMENT', 'CLOUD_CUSTOM_GRAPH', 'CLOUD_CUSTOM_DEFENDER', 'PUBLISHER_TENANT_ID'];
  return Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}

async function main(): Promise<void> {
  try {
    const options = readStartOptions(process.argv.slice(2));
    if (options === undefined) {
      process.stdout.write(startHelp);
      return;
    }
    process.exitCode = (await run(options)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof OptionError || error instanceof SettingsError)) throw error;
    say(error.message);
    process.exitCode = 2;
  }
}

void main();

