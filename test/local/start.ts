import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { invite } from '../../src/app/invitations';
import { addTenant, inWords } from '../../src/app/tenants';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import { SettingsError } from '../../src/settings';
import { claimFolder, cleanFolder } from './dataFolder';
import { drain } from './drain';
import { evidenceTally } from './evidenceTally';
import { HubTally, isRecords } from './hubTally';
import { defaultTenants, prospects } from './microsoft365/defaultTenants';
import type { Microsoft365 } from './microsoft365/microsoft365';
import { isHealthy } from './microsoft365/tenant';
import type { ContentType, SimulatedTenant, TenantMood } from './microsoft365/tenant';
import { OverviewReader } from './overview';
import { prove } from './prove';
import { homeTenant } from './provider';
import type { Proof, TruthRecord } from './prove';
import { Screen } from './screen';
import { checkVerdicts } from './verdictCheck';
import type { VerdictCheck } from './verdictCheck';
import { hubNames, StackError, startStack } from './stack';
import type { Stack } from './stack';
import { OptionError, readStartOptions, startHelp } from './startOptions';
import type { StartOptions } from './startOptions';

const recordHubs = hubNames.filter((name) => name !== 'm365-operations');
const drainMs = 120_000;
/** A throttled source keeps quiet for a minute and more, and a start of a subscription is repeated after a quarter of an hour at the earliest. */
const drainAfterFaultsMs = 300_000;
const backfillHours = 48;
const backfillRecords = 500;
const showEveryMs = 1_000;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** What a run came to. Without a simulation there is no truth to compare with, and the counts that need one are null. */
type Result = { readonly [Key in keyof Proof]: Proof[Key] | null } & {
  readonly ok: boolean;
  readonly seconds: number;
  readonly firstRecordSeconds: number | null;
  /** Tenants whose evidence lies in `m365-posture`; null without a simulation. */
  readonly assessed: number | null;
};

/** True when the records of a content type can be collected from a tenant of this mood. */
function isCollectable(mood: TenantMood | undefined, contentType: ContentType): boolean {
  return (mood !== undefined && isHealthy(mood)) || (mood === 'dlpWithoutPermission' && contentType !== 'DLP.All');
}

function moodsOf(microsoft365: Microsoft365): ReadonlyMap<string, TenantMood> {
  // What organisations that are not collected do is nobody's business.
  const collected = microsoft365.tenants().filter(({ tenant }) => tenant.prospect !== true);
  return new Map(collected.map(({ tenant, mood }) => [tenant.tenantId, mood]));
}

function* truthOf(microsoft365: Microsoft365): Generator<TruthRecord> {
  const moods = moodsOf(microsoft365);
  for (const { tenantId, contentType, contentId, id, sha256 } of microsoft365.truth.available())
    yield { tenantId, unit: contentId, id, sha256, collectable: isCollectable(moods.get(tenantId), contentType) };
}

async function addSimulatedTenants(stores: Connector, tenants: readonly SimulatedTenant[], signal: AbortSignal): Promise<void> {
  // Tenants with a trouble of their own have to be there too: the operator wants to see what they look like.
  const withoutCheck = { ...stores.tenantPorts, tryLogin: async () => Promise.resolve({ roles: ['ActivityFeed.Read'] }) };
  for (const { tenantId, clientId, secret, name } of tenants) {
    if (signal.aborted) return;
    if ((await stores.tenantPorts.tenants.find(tenantId, signal)) !== undefined) continue;
    const wanted = { tenant: tenantId, clientId, secret, cloud: 'custom' as const, name };
    await addTenant(
      withoutCheck,
      { ...wanted, integrations: undefined, description: 'Simulated', stampName: undefined },
      () => undefined,
      signal,
    );
  }
}

function verdictLines({ right, wrong, unknown }: VerdictCheck): string[] {
  const all = right + wrong.length;
  return [
    `Verdicts: ${right.toLocaleString('en-US')} of ${all.toLocaleString('en-US')} sources were judged as the simulated Microsoft 365 has them.`,
    ...wrong.slice(0, 20).map((line) => `  wrong: ${line}`),
    ...(unknown.length === 0 ? [] : [`  not known, because there is no way in or no probe has ended yet: ${unknown.join(', ')}`]),
  ];
}

/** One run of the local stack, from its start to its end. */
class Run {
  readonly #options: StartOptions;
  readonly #stack: Stack;
  readonly #stores: Connector;
  readonly #tally: HubTally;
  readonly #audit: HubTally;
  readonly #screen: Screen;
  readonly #startedAt: number;
  readonly #before: number;
  readonly #watching: NodeJS.Timeout;
  #firstRecordSeconds: number | null = null;

  constructor(options: StartOptions, stack: Stack, stores: Connector, startedAt: number) {
    this.#options = options;
    this.#stack = stack;
    this.#stores = stores;
    this.#startedAt = startedAt;
    this.#tally = new HubTally(stack.hubs, recordHubs);
    this.#audit = new HubTally(stack.hubs, ['m365-audit']);
    this.#tally.update();
    this.#before = this.#events;
    this.#watching = setInterval(() => this.#noteFirst(), 50);
    this.#screen = new Screen({
      overview: new OverviewReader(stores, this.#tally, this.#audit),
      hubs: stack.hubs,
      hubNames: recordHubs,
      live: process.stdout.isTTY && !options.json,
      startedAt,
      forSeconds: options.forSeconds,
      pages: `${stack.publicUrl}/`,
    });
  }

  get #events(): number {
    return recordHubs.reduce((sum, name) => sum + this.#stack.hubs.counts(name).events, 0);
  }

  /** Makes the simulated Microsoft 365 ready, with its tenants added to the connector. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { microsoft365 } = this.#stack;
    if (microsoft365 === undefined) return;
    microsoft365.graph.backfill(backfillHours);
    if (microsoft365.truth.counts().length === 0) {
      say(`Making records of the last ${backfillHours} hours …`);
      microsoft365.backfill(backfillHours, { maxRecordsPerTenant: backfillRecords });
    }
    const { recordsFolder, faults } = this.#options;
    if (recordsFolder !== undefined) {
      const { records, blobs } = microsoft365.loadRecords(recordsFolder, { mode: 'loop' });
      say(`Replaying ${records} records in ${blobs} blobs from ${recordsFolder}.`);
    }
    for (const name of faults) microsoft365.faults.preset(name);
    const tenants = microsoft365.tenants().flatMap(({ tenant }) => (tenant.prospect === true ? [] : [tenant]));
    say(`Adding ${tenants.length} tenants …`);
    await addSimulatedTenants(this.#stores, tenants, signal);
    microsoft365.startGenerating(1_000);
  }

  /** Shows what happens until it is stopped or its time is over. */
  async watch(signal: AbortSignal): Promise<void> {
    const { forSeconds } = this.#options;
    const until = forSeconds === undefined ? Infinity : this.#startedAt + forSeconds * 1_000;
    while (!signal.aborted && Date.now() < until) {
      const began = Date.now();
      await this.#refresh(signal);
      const took = Date.now() - began;
      // Looking must not cost the connector more than a quarter of the machine.
      const restMs = Math.max(0, Math.min(Math.max(showEveryMs, 3 * took), until - Date.now()));
      await wait(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #noteFirst(): void {
    if (this.#firstRecordSeconds === null && this.#events > this.#before)
      this.#firstRecordSeconds = Math.round(Date.now() - this.#startedAt) / 1_000;
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    try {
      await this.#screen.refresh(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Waits until everything has arrived, and proves it. */
  async finish(signal: AbortSignal): Promise<Result> {
    const { microsoft365 } = this.#stack;
    if (microsoft365 === undefined) return this.#withoutTruth(signal);
    microsoft365.stopGenerating();
    microsoft365.faults.clear();
    this.#screen.phase = 'draining';
    const incomplete = await drain(
      {
        stores: this.#stores,
        behind: () => this.#behind(microsoft365),
        missing: () => prove([...truthOf(microsoft365)], this.#delivered(), []).history.missing,
        refresh: async (until) => this.#refresh(until),
        withinMs: this.#options.faults.length > 0 ? drainAfterFaultsMs : drainMs,
      },
      signal,
    );
    this.#screen.end();
    await this.#stack.stopConnector();
    await this.#refresh(AbortSignal.timeout(30_000));
    const { proof, lines } = prove([...truthOf(microsoft365)], this.#delivered(), this.#screen.latest);
    const verdicts = await checkVerdicts(this.#stores, microsoft365.graph, AbortSignal.timeout(30_000));
    const evidence = evidenceTally(this.#stack.hubs, 'm365-posture');
    const told = [this.#evidenceLine(evidence), this.#elsewhere()];
    say(['', ...incomplete, ...lines, ...verdictLines(verdicts), ...told].join('\n'));
    return { ...proof, ok: proof.ok && verdicts.wrong.length === 0, assessed: evidence.size, ...this.#times() };
  }

  /** Cheap to know: the tenants of which fewer records arrived than were made available. */
  #behind(microsoft365: Microsoft365): readonly string[] {
    this.#audit.update();
    const available = new Map<string, number>();
    const moods = moodsOf(microsoft365);
    for (const { tenantId, contentType, records } of microsoft365.truth.counts())
      if (isCollectable(moods.get(tenantId), contentType)) available.set(tenantId, (available.get(tenantId) ?? 0) + records);
    return [...available].filter(([tenantId, records]) => this.#audit.of(tenantId) < records).map(([tenantId]) => tenantId);
  }

  *#delivered() {
    for (const event of this.#stack.hubs.read('m365-audit')) if (isRecords(event)) yield event;
  }

  async #withoutTruth(signal: AbortSignal): Promise<Result> {
    this.#screen.end();
    await this.#stack.stopConnector();
    await this.#refresh(signal);
    const tenants = this.#screen.latest;
    const delivered = this.#tally.total;
    const gaps = tenants.reduce((sum, row) => sum + row.gaps, 0);
    say(`${delivered} records arrived, with ${gaps} gaps. Without the simulation there is nothing to compare them with.`);
    const unknown = { available: null, missing: null, altered: null, foreign: null, duplicates: null };
    return { ok: true, tenants: tenants.length, ...unknown, delivered, gaps, assessed: null, ...this.#times() };
  }

  #evidenceLine(evidence: ReadonlyMap<string, number>): string {
    const tenants = this.#screen.latest.map(({ tenant }) => tenant);
    const without = tenants.filter(({ id }) => !evidence.has(id)).map(({ name }) => name);
    const items = [...evidence.values()].reduce((sum, count) => sum + count, 0);
    const waiting = without.length === 0 ? '' : ` Not yet: ${without.join(', ')}.`;
    return `Evidence: ${items} items of ${evidence.size} of ${tenants.length} tenants in m365-posture.${waiting} To read it: npm run evidence -- --help`;
  }

  /** What came beside the audit log. */
  #elsewhere(): string {
    const counts = recordHubs
      .filter((name) => name !== 'm365-audit')
      .map((name) => [name, new HubTally(this.#stack.hubs, [name])] as const);
    for (const [, tally] of counts) tally.update();
    return `Besides the audit log: ${counts.map(([name, { total }]) => `${total.toLocaleString('en-US')} records in ${name}`).join(', ')}.`;
  }

  #times(): { readonly seconds: number; readonly firstRecordSeconds: number | null } {
    return { seconds: Math.round((Date.now() - this.#startedAt) / 100) / 10, firstRecordSeconds: this.#firstRecordSeconds };
  }

  end(): void {
    clearInterval(this.#watching);
    this.#screen.end();
  }
}

/** Starts everything, runs, and stops everything. Returns the result of a run that ended by itself. */
async function start(options: StartOptions): Promise<Result | undefined> {
  const startedAt = Date.now();
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(130);
    say('\nStopping … (Ctrl+C again stops at once)');
    stopping.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const { signal } = stopping;
  const release = claimFolder(options.folder);
  if (options.clean) cleanFolder(options.folder);
  const log = createWriteStream(join(options.folder, 'connector.log'), { flags: 'a' });
  const ends: (() => Promise<void> | void)[] = [release, async () => new Promise((resolve) => log.end(() => resolve()))];
  let ended: string | undefined;
  try {
    const own = ownSettings(process.env);
    const stack = await startStack({
      folder: options.folder,
      seed: options.seed,
      tenants: options.simulation
        ? [...defaultTenants(options.tenants, options.seed), ...prospects(options.seed), homeTenant]
        : [],
      settings: options.simulation
        ? { POLL_SHORTEST_SECONDS: '2', POLL_LONGEST_SECONDS: '8' }
        : { COLLECT_SCHEDULE: '*/10 * * * * *', ...own },
      usualPorts: true,
      onLine: (line) => log.write(`${line}\n`),
      onProgress: say,
      onConnectorEnd: (what) => {
        ended = what;
        stopping.abort();
      },
    });
    ends.push(async () => stack.stop());
    sayWhereThePagesAre(stack);
    // The environment of whoever runs this reaches the connector too, so that both see the same settings.
    const stores = compose({ ...process.env, ...stack.environment }, { log: () => undefined });
    ends.push(async () => stores.stop());
    const run = new Run(options, stack, stores, startedAt);
    ends.push(() => run.end());
    await run.prepare(signal);
    if (!signal.aborted) await stack.startConnector();
    if (!options.simulation) say(`Event Hubs: ${stack.hubs.connectionString}\nAdd a tenant: npm run tenant -- add --help`);
    if (!signal.aborted) await inviteProspect(stack, stores, signal);
    await run.watch(signal);
    if (options.forSeconds === undefined || signal.aborted) return undefined;
    return await run.finish(signal);
  } finally {
    if (ended !== undefined) {
      process.exitCode = 1;
      say(`The connector stopped. ${ended}\nWhat it wrote: ${join(options.folder, 'connector.log')}`);
    }
    for (const end of ends.reverse()) await end();
    if (signal.aborted) say('Stopped. What was collected stays; the next npm start goes on from there.');
  }
}

/** Among the first lines of a run: the page of the operator, and that of the simulation. */
function sayWhereThePagesAre({ publicUrl, microsoft365 }: Stack): void {
  say(`The operator's page: ${publicUrl}/ (in a moment)`);
  if (microsoft365 !== undefined) say(`Break and mend simulated organisations: ${microsoft365.signInUrl}/`);
}

/** An invitation to click through. */
async function inviteProspect({ publicUrl, microsoft365 }: Stack, stores: Connector, signal: AbortSignal): Promise<void> {
  const prospect = microsoft365?.tenants().find(({ tenant }) => tenant.prospect === true)?.tenant;
  if (prospect === undefined) return;
  const wanted = { customer: prospect.name, createdBy: 'npm start' };
  const { token } = await invite(stores.onboardPorts, wanted, signal);
  say(`Onboard a simulated customer, ${prospect.name}: ${publicUrl}/onboard/${token}`);
}

/** The custom cloud of whoever runs this, so that any server that speaks these APIs can be collected. */
function ownSettings(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = [
    'CLOUD_CUSTOM_LOGIN',
    'CLOUD_CUSTOM_MANAGEMENT',
    'CLOUD_CUSTOM_GRAPH',
    'CLOUD_CUSTOM_DEFENDER',
    'PUBLISHER_TENANT_ID',
  ];
  return Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}

/** What went wrong in words; undefined for bugs. */
function wordsOf(error: unknown): string | undefined {
  if (error instanceof OptionError || error instanceof SettingsError || error instanceof StackError) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `${error.message}. Another program took a port at the same moment; run npm start again.`;
  const words = inWords(error);
  return words === undefined ? undefined : `${words.title} ${words.nextStep}`;
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const json = words.includes('--json');
  const line = (object: object): void => void process.stdout.write(`${JSON.stringify(object)}\n`);
  try {
    const options = readStartOptions(words);
    if (options === undefined) {
      process.stdout.write(startHelp);
      return;
    }
    const result = await start(options);
    if (result !== undefined && json) line(result);
    if (result?.ok === false) process.exitCode = 1;
  } catch (error) {
    const told = wordsOf(error);
    process.exitCode = error instanceof OptionError || error instanceof SettingsError ? 2 : 1;
    say(told ?? (error instanceof Error ? (error.stack ?? error.message) : String(error)));
    if (json) line({ ok: false, error: told ?? 'This is a fault of the local stack; standard error says where.' });
  }
}

void main();
