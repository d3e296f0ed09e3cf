import type { CloudId } from '../domain/cloud';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Api, Failure } from '../domain/failure';
import { integrations } from '../domain/integration';
import type { IntegrationId } from '../domain/integration';
import type { Clock, CollectQueue, ScheduleIndex, Secrets, Sink, SourceStore, TenantStore } from '../domain/ports';
import type { Source } from '../domain/source';
import type { SourceRow } from '../domain/sourceState';
import { newSourceRow } from '../domain/sourceState';
import type { ChosenIntegration, Tenant } from '../domain/tenant';
import { without } from '../domain/without';
import { parseGuid, personalAccountsTenantId } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import { giveCredential } from './credentials';
import { describeFailure } from './describe';
import { SourceLease } from './lease';
import { operationsEvents } from './operations';
import { isProbed, probeId } from './probe';
import type { RotationPorts } from './rotationPorts';
import { entryAt, scheduleNow, sourcesOf } from './schedule';

/** What a tenant's directory says about itself without being asked to sign in. */
export type Discovery = { readonly found: true; readonly tenantId: string; readonly cloud: CloudId } | { readonly found: false };

/** What the commands on tenants need. */
export interface TenantPorts {
  readonly clock: Clock;
  readonly sources: ReadonlyMap<string, Source>;
  readonly tenants: TenantStore;
  readonly sourceRows: SourceStore;
  readonly schedule: ScheduleIndex;
  readonly queue: CollectQueue;
  readonly secrets: Secrets;
  /** What a credential that is given needs. */
  readonly rotation: RotationPorts;
  readonly sink: Sink;
  readonly shardOf: CollectPorts['shardOf'];
  readonly collect: CollectPorts;
  /** Finds the cloud a tenant (GUID or domain) lives in. Where several know the name, the one of the expected cloud is meant; `custom` is looked up only there. */
  readonly discover: (tenant: string, expected: CloudId | undefined, signal: AbortSignal) => Promise<Discovery>;
  /** Signs in with a credential that is not stored yet and returns the roles the token for the API carries. Throws the failure of the login. */
  readonly tryLogin: (
    tenant: Tenant,
    secret: string,
    signal: AbortSignal,
    api: Api,
  ) => Promise<{ readonly roles: readonly string[] }>;
}

export interface NewTenant {
  readonly tenant: string;
  readonly clientId: string;
  readonly secret: string;
  readonly cloud: CloudId | undefined;
  /** What is undefined stays as it is when the tenant is there already. */
  readonly integrations: readonly ChosenIntegration[] | undefined;
  /** Optional sources that are collected too, by id. */
  readonly also?: readonly string[] | undefined;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly stampName: boolean | undefined;
}

/** Something a person gave that cannot be right, with what to do about it. */
export class InputError extends Error {
  readonly nextStep: string;

  constructor(wrong: string, nextStep: string) {
    super(wrong);
    this.name = 'InputError';
    this.nextStep = nextStep;
  }
}

/** Says what a long piece of work is doing. */
export type Progress = (sentence: string) => void;

const secretSettlesMs = 120_000;
const secretRetryMs = 5_000;
const secretTellMs = 30_000;
const longestSecret = 1_000;
/** How long what a person writes about a tenant may be. */
export const longestName = 100;
export const longestDescription = 1_000;
const saveAttempts = 5;

/** The value of a client secret as a person meant it, without what its file adds to it. Throws InputError for what cannot be one. */
export function checkSecret(secret: string): string {
  // A byte order mark and a line break come from how the file was written.
  const value = secret.replace(/^\ufeff/, '').replace(/\r?\n$/, '');
  if (value === '')
    throw new InputError(
      'No secret was given.',
      'Give the secret value on standard input, for example: npm run tenant -- add … < secret.txt',
    );
  if (parseGuid(value) !== undefined)
    throw new InputError(
      "You pasted the secret's ID.",
      'Paste its Value: Azure shows it once, right after you create the secret. If it is gone, create a new secret.',
    );
  if (/\s/.test(value))
    throw new InputError('The secret contains white space or several lines.', 'Give the secret value alone, on one line.');
  if (value.length > longestSecret || /[^\u0021-\u007e]/.test(value))
    throw new InputError(
      'This is not a client secret: it is too long, or has characters that no secret has.',
      'Give the secret value alone, as plain text.',
    );
  return value;
}

/** Refuses a text that is too long, or not on one line. Throws InputError. */
export function checkText(what: string, text: string | undefined, longest: number): void {
  if (text === undefined) return;
  if (text.length > longest || /\p{Cc}/u.test(text))
    throw new InputError(
      `The ${what} is longer than ${longest} characters, or has line breaks or control characters.`,
      'Give a shorter text on one line.',
    );
}

/** Refuses sources that are not there or need no choosing. Throws InputError. */
export function checkAlso(ports: TenantPorts, also: readonly string[] = []): void {
  const optional = [...ports.sources.values()].filter((source) => source.optional === true).map(({ id }) => id);
  const strange = also.find((id) => !optional.includes(id));
  if (strange !== undefined)
    throw new InputError(`There is no optional source "${strange}".`, `Optional are: ${optional.join(', ')}.`);
}

const alsoOf = (also: readonly string[] | undefined): Pick<Tenant, 'also'> =>
  also === undefined || also.length === 0 ? {} : { also };

/** The tenant id and cloud behind what a person gave. Throws InputError when it is no organisation that Microsoft knows. */
export async function findHome(
  ports: Pick<TenantPorts, 'collect' | 'discover'>,
  wanted: Pick<NewTenant, 'tenant' | 'cloud'>,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly cloud: CloudId }> {
  const text = wanted.tenant.trim();
  const id = parseGuid(text);
  if (id === personalAccountsTenantId || ['common', 'organizations', 'consumers'].includes(text.toLowerCase()))
    throw new InputError(
      'This is not an organisation: personal Microsoft accounts have no audit log to collect.',
      'Give the tenant id of the organisation: Entra admin center, Overview, Tenant ID.',
    );
  if (id === undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(text))
    throw new InputError(
      'The tenant id is neither a GUID nor a domain.',
      'Find it in the Entra admin center, Overview, Tenant ID.',
    );
  if (wanted.cloud === 'custom' && ports.collect.clouds('custom') === undefined)
    throw new InputError(
      'The cloud "custom" is not set up in this connector.',
      'Set CLOUD_CUSTOM_LOGIN, CLOUD_CUSTOM_MANAGEMENT, CLOUD_CUSTOM_GRAPH and CLOUD_CUSTOM_DEFENDER: see docs/settings.md.',
    );
  const found = await ports.discover(text, wanted.cloud, signal);
  if (!found.found)
    throw new InputError(
      wanted.cloud === 'custom'
        ? 'The login service of the cloud "custom" does not know this tenant. [AADSTS90002]'
        : 'Microsoft does not know this tenant in any of its clouds. [AADSTS90002]',
      'Check the tenant id for typing errors: Entra admin center, Overview, Tenant ID.',
    );
  if (found.tenantId === personalAccountsTenantId)
    throw new InputError(
      'This domain belongs to personal Microsoft accounts, which have no audit log to collect.',
      'Give the tenant id of the organisation: Entra admin center, Overview, Tenant ID.',
    );
  if (wanted.cloud !== undefined && found.cloud !== wanted.cloud)
    throw new InputError(
      `This tenant lives in the cloud "${found.cloud}", not in "${wanted.cloud}".`,
      `Leave --cloud out, or give --cloud ${found.cloud}. Each cloud needs an application that is registered in it.`,
    );
  return { id: found.tenantId, cloud: found.cloud };
}

async function logIn(ports: TenantPorts, tenant: Tenant, secret: string, say: Progress, signal: AbortSignal): Promise<Granted> {
  const [first, ...others] = apisOf(ports, tenant);
  const rolesFor = async (api: Api) => (await ports.tryLogin(tenant, secret, signal, api)).roles;
  const granted = new Map([[first, await patientLogin(ports.clock, async () => rolesFor(first), say, signal)]]);
  for (const api of others) {
    try {
      granted.set(api, await rolesFor(api));
    } catch (error) {
      // The credential is right; a tenant without the API is told by the probe.
      if (failureOf(error) === undefined) throw error;
    }
  }
  return granted;
}

/** The permissions that tokens carry, by API. */
type Granted = ReadonlyMap<Api, readonly string[]>;

/**
 * Asks the login service, patiently: it may be busy or away for a moment, and a credential that is not stored yet takes up to two minutes to work, while a
 * wrong one gets the same answer. Returns what `ask` does, or throws its failure: at once, when it is asked to wait for longer than it may.
 */
export async function patientLogin<Result>(
  clock: Clock,
  ask: () => Promise<Result>,
  say: Progress,
  signal: AbortSignal,
  patienceMs = secretSettlesMs,
): Promise<Result> {
  const startedAt = clock.now().getTime();
  for (let tellAt = startedAt; ;) {
    try {
      return await ask();
    } catch (error) {
      const failure = failureOf(error);
      const waiting = failure === undefined ? undefined : waitingText(failure);
      const now = clock.now().getTime();
      const waitMs = Math.max(secretRetryMs, failure?.kind === 'throttled' ? (failure.retryAfterMs ?? 0) : 0);
      if (waiting === undefined || now + waitMs > startedAt + patienceMs) throw error;
      if (now >= tellAt) {
        const seconds = Math.round((now - startedAt) / 1_000);
        say(seconds > 0 ? `Still waiting, for ${seconds} seconds so far …` : waiting);
        tellAt = now + secretTellMs;
      }
      await clock.sleep(waitMs, signal);
    }
  }
}

/** How Microsoft refuses a secret, a certificate and a federated credential that it does not know, or does not know yet. */
export const newCredentialCodes = ['AADSTS7000215', 'AADSTS700027', 'AADSTS70021'];

/** What is waited for; undefined for a failure that does not go by itself. */
function waitingText(failure: Failure): string | undefined {
  if (failure.kind === 'unavailable') return 'The login service does not answer; trying for up to two minutes …';
  if (failure.kind === 'throttled') return 'The login service is busy and asks to wait; trying for up to two minutes …';
  // A wrong secret and one that is too new get the same answer.
  return failure.kind === 'credentialRejected' && newCredentialCodes.includes(failure.code)
    ? 'Microsoft does not accept the secret yet. A new one takes about a minute; waiting up to two minutes …'
    : undefined;
}

/** What adding a tenant came to. */
export interface Added {
  readonly tenant: Tenant;
  readonly isNew: boolean;
  /** Permissions that the application still lacks; the tenant is added and starts by itself once they are granted. */
  readonly missingPermissions: readonly string[];
}

/**
 * Adds a tenant, or changes it when it is there already: everything is checked first, the secret goes to Key Vault, then the rows are written.
 * Each step can be done again, so a command that died half-way is simply run again. Throws InputError or the failure of the login.
 */
export async function addTenant(ports: TenantPorts, wanted: NewTenant, say: Progress, signal: AbortSignal): Promise<Added> {
  const clientId = parseGuid(wanted.clientId);
  if (clientId === undefined)
    throw new InputError(
      'The client id is not a GUID.',
      'Find it in the Entra admin center, App registrations, your application, Application (client) ID.',
    );
  const secret = checkSecret(wanted.secret);
  checkAlso(ports, wanted.also);
  checkText('name', wanted.name, longestName);
  checkText('description', wanted.description, longestDescription);
  if (wanted.name?.trim() === '') throw new InputError('The name is empty.', 'Give a name, or leave --name out.');
  say('Looking the tenant up …');
  const home = await patientLogin(ports.clock, async () => findHome(ports, wanted, signal), say, signal);
  const now = ports.clock.now().toISOString();
  const build = (present: Tenant | undefined): Tenant => ({
    id: home.id,
    name: wanted.name?.trim() ?? present?.name ?? (parseGuid(wanted.tenant) === undefined ? wanted.tenant.trim() : home.id),
    description: wanted.description ?? present?.description ?? '',
    cloud: home.cloud,
    clientId,
    secretName: `tenant-${home.id}-${clientId.slice(0, 8)}`,
    integrations: wanted.integrations ?? present?.integrations ?? everyIntegration,
    ...alsoOf(wanted.also ?? present?.also),
    stampName: wanted.stampName ?? present?.stampName ?? false,
    status: 'active',
    statusSince: now,
    epoch: (present?.epoch ?? 0) + 1,
    addedAt: present?.addedAt ?? now,
  });
  say('Signing in as the application …');
  const candidate = build((await ports.tenants.find(home.id, signal))?.tenant);
  const roles = await logIn(ports, candidate, secret, say, signal);
  say('Storing the secret in Key Vault …');
  await giveCredential(ports.rotation, candidate, { kind: 'clientSecret', value: secret }, signal);
  const { tenant, before } = await saveTenant(ports, home.id, build, signal);
  if (before !== undefined && before.secretName !== tenant.secretName) await forgetCredential(ports, before, signal);
  await startSources(ports, tenant, signal);
  return { tenant, isNew: before === undefined, missingPermissions: missingOf(ports, tenant, roles) };
}

/** The APIs of the tenant's sources, the one to sign in to first in front. */
function apisOf(ports: TenantPorts, tenant: Tenant): readonly [Api, ...Api[]] {
  const apis = new Set(sourcesOf(tenant, ports.sources.values()).map(({ api }) => api));
  const [first = 'management', ...others] = (['management', 'graph', 'defender'] as const).filter((api) => apis.has(api));
  return [first, ...others];
}

/** The permissions that are needed and not granted, as far as a token tells; what an API says that gave none, the probe finds out. */
function missingOf(ports: TenantPorts, tenant: Tenant, roles: Granted): readonly string[] {
  const needed = sourcesOf(tenant, ports.sources.values()).flatMap(({ permissions }) => permissions);
  return [...new Set(needed.filter(({ api, role }) => roles.get(api)?.includes(role) === false).map(({ role }) => role))];
}

const everyIntegration: readonly ChosenIntegration[] = (Object.keys(integrations) as IntegrationId[]).map((id) => ({
  id,
  polling: { kind: 'adaptive' },
}));

interface Saved {
  readonly tenant: Tenant;
  readonly before: Tenant | undefined;
}

/** Writes a tenant that is made from the one that is there, again if another command was quicker. */
export async function saveTenant(
  ports: Pick<TenantPorts, 'tenants'>,
  id: string,
  build: (present: Tenant | undefined) => Tenant,
  signal: AbortSignal,
): Promise<Saved> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await ports.tenants.find(id, signal);
    const tenant = build(found?.tenant);
    try {
      await ports.tenants.save(tenant, found?.etag, signal);
      return { tenant, before: found?.tenant };
    } catch (error) {
      if (failureOf(error)?.kind !== 'conflict' || attempt === saveAttempts) throw error;
    }
  }
}

async function rowsOf(ports: TenantPorts, tenant: Tenant, signal: AbortSignal): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for (const source of sourcesOf(tenant, ports.sources.values())) {
    rows.push(await rowOf(ports, tenant.id, source.id, signal));
  }
  return rows;
}

/** Makes every source of a tenant due now, with a row where it has none. Doing it again changes nothing but the time. */
export async function startSources(ports: TenantPorts, tenant: Tenant, signal: AbortSignal): Promise<void> {
  const disabled = (row: SourceRow): boolean => {
    const integration: IntegrationId | undefined = ports.sources.get(row.sourceId)?.integration;
    return tenant.integrations.find(({ id }) => id === integration)?.polling.kind === 'disabled';
  };
  const rows = (await rowsOf(ports, tenant, signal)).filter((row) => !disabled(row));
  const probe = await probeRow(ports, tenant, signal);
  await ports.schedule.put(
    [...probe, ...rows].map((row) => entryAt(ports, row, ports.clock.now())),
    signal,
  );
}

/** The row of the tenant's probe, if it is probed. */
async function probeRow(ports: TenantPorts, tenant: Tenant, signal: AbortSignal): Promise<SourceRow[]> {
  if (!isProbed(tenant, ports.sources.values())) return [];
  return [await rowOf(ports, tenant.id, probeId, signal)];
}

/** The row of a source, made when there is none; when somebody else makes it at the same moment, theirs. */
async function rowOf(ports: TenantPorts, tenantId: string, sourceId: string, signal: AbortSignal): Promise<SourceRow> {
  const present = await ports.sourceRows.find(tenantId, sourceId, signal);
  if (present !== undefined) return present;
  try {
    return await ports.sourceRows.create(newSourceRow(tenantId, sourceId, ports.clock.now()), signal);
  } catch (error) {
    const theirs = failureOf(error)?.kind === 'conflict' ? await ports.sourceRows.find(tenantId, sourceId, signal) : undefined;
    if (theirs === undefined) throw error;
    return theirs;
  }
}

/** The tenant of that id or name. Throws InputError when there is none, or the name is not unique. */
export async function findTenant(
  ports: Pick<TenantPorts, 'tenants'>,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly tenant: Tenant; readonly etag: string }> {
  const id = parseGuid(text);
  const byId = id === undefined ? undefined : await ports.tenants.find(id, signal);
  if (byId !== undefined) return byId;
  const found: Tenant[] = [];
  for await (const tenant of ports.tenants.all(signal))
    if (tenant.name.toLowerCase() === text.trim().toLowerCase()) found.push(tenant);
  const [first, second] = found;
  if (first === undefined) throw new InputError(`There is no tenant "${text}".`, 'List the tenants: npm run tenant -- list');
  if (second !== undefined)
    throw new InputError(
      `${found.length} tenants are named "${text}".`,
      `Give the tenant id instead: ${found.map((one) => one.id).join(', ')}`,
    );
  const row = await ports.tenants.find(first.id, signal);
  if (row === undefined) throw removedJustNow(text);
  return row;
}

/**
 * Pauses or resumes a tenant; a run that is under way ends within seconds. Resuming back-fills what Microsoft still holds. Doing it twice changes nothing,
 * but resuming always makes the sources due.
 */
export async function setStatus(
  ports: TenantPorts,
  text: string,
  status: Tenant['status'],
  signal: AbortSignal,
): Promise<Tenant> {
  const { tenant: found } = await findTenant(ports, text, signal);
  if (found.status === status) {
    if (status === 'active') await startSources(ports, found, signal);
    return found;
  }
  const { tenant } = await saveTenant(
    ports,
    found.id,
    (present) => withStatus(stillThere(present, text), status, ports.clock),
    signal,
  );
  if (status === 'active') await startSources(ports, tenant, signal);
  return tenant;
}

function withStatus(tenant: Tenant, status: Tenant['status'], clock: Clock): Tenant {
  return { ...tenant, status, statusSince: clock.now().toISOString(), epoch: tenant.epoch + 1 };
}

/** A tenant that is about to be saved again. Throws InputError when it is gone. */
export function stillThere(tenant: Tenant | undefined, text: string): Tenant {
  if (tenant === undefined) throw removedJustNow(text);
  return tenant;
}

function removedJustNow(text: string): InputError {
  return new InputError(`The tenant "${text}" was removed just now.`, 'List the tenants: npm run tenant -- list');
}

/** Collects all sources of a tenant now, whatever its polling is, and lists the last 24 hours again. Returns how many. */
export async function syncTenant(
  ports: TenantPorts,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly tenant: Tenant; readonly sources: number }> {
  const { tenant } = await findTenant(ports, text, signal);
  if (tenant.status === 'paused')
    throw new InputError(`${tenant.name} is paused.`, `Resume it first: npm run tenant -- resume ${tenant.id}`);
  const rows: SourceRow[] = [];
  for (const row of await rowsOf(ports, tenant, signal)) rows.push(await relistNext(ports, row, signal));
  // What was bought or granted since is found by a new probe, which everything else follows.
  const profile = await ports.collect.profiles.find(tenant.id, signal);
  if (profile !== undefined) await ports.collect.profiles.save({ ...profile, probedAt: new Date(0).toISOString() }, signal);
  await scheduleNow(ports.collect, [...(await probeRow(ports, tenant, signal)), ...rows], signal);
  return { tenant, sources: rows.length };
}

/** Makes the next run of a source list the last 24 hours again. The row of a run that is under way is left alone: it is followed by a run as any other. */
async function relistNext(ports: TenantPorts, row: SourceRow, signal: AbortSignal): Promise<SourceRow> {
  if (SourceLease.isHeld(row, ports.clock.now()) || row.cursor.dayRelistedAt === undefined) return row;
  try {
    return await ports.sourceRows.save({ ...row, cursor: without(row.cursor, 'dayRelistedAt') }, signal);
  } catch (error) {
    // A run has begun meanwhile.
    if (failureOf(error)?.kind === 'conflict') return row;
    throw error;
  }
}

/**
 * Stops collecting a tenant and forgets its secret and state. What was delivered stays in Event Hubs; coverage and gaps stay as proof.
 * The tenant itself goes last, so that a command that died half-way can be run again.
 */
export async function removeTenant(ports: TenantPorts, text: string, signal: AbortSignal): Promise<Tenant> {
  const { tenant: found } = await findTenant(ports, text, signal);
  const { tenant } = await saveTenant(
    ports,
    found.id,
    (present) => withStatus(stillThere(present, text), 'paused', ports.clock),
    signal,
  );
  await forgetCredential(ports, tenant, signal);
  await ports.sourceRows.remove(tenant.id, signal);
  await ports.collect.profiles.remove(tenant.id, signal);
  await ports.tenants.remove(tenant.id, signal);
  return tenant;
}

/** Forgets the credential of a tenant, unless it is the provider's, which is every tenant's, or another tenant signs in with the same. */
export async function forgetCredential(
  ports: Pick<TenantPorts, 'secrets' | 'tenants' | 'rotation'>,
  { id, secretName, application }: Tenant,
  signal: AbortSignal,
): Promise<void> {
  if (application === 'provider') return;
  for await (const other of ports.tenants.all(signal)) if (other.id !== id && other.secretName === secretName) return;
  await ports.secrets.remove(secretName, signal);
  await ports.rotation.rings.remove(secretName, signal);
}

/** Sends one marked record of the tenant through each hub its sources write to, and the operations hub. Returns the hubs and the id to look for. */
export async function sendTestRecord(
  ports: TenantPorts,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly hubs: readonly string[] }> {
  const { tenant } = await findTenant(ports, text, signal);
  const now = ports.clock.now();
  const id = `m365c-test-${now.toISOString().replace(/[-:.]/g, '')}`;
  const { options } = ports.collect;
  const hubs = [
    ...new Set([...sourcesOf(tenant, ports.sources.values()).map((source) => options.hubOf(source)), options.operationsHub]),
  ];
  for (const hub of hubs) await ports.sink.write(operationsEvents(tenant, hub, [{ kind: 'test', id }], now), signal);
  return { id, hubs };
}

/** A failure in words, for a person: what is wrong and what to do. Undefined for bugs. */
export function inWords(error: unknown): { readonly title: string; readonly nextStep: string } | undefined {
  if (error instanceof InputError) return { title: error.message, nextStep: error.nextStep };
  if (!(error instanceof ConnectorError)) return undefined;
  const failure: Failure = error.failure;
  return describeFailure(failure);
}
