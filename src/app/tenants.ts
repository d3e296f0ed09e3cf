import type { CloudId } from '../domain/cloud';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { IntegrationId } from '../domain/integration';
import type { Clock, CollectQueue, ScheduleIndex, Secrets, Sink, SourceStore, TenantStore } from '../domain/ports';
import type { Source } from '../domain/source';
import type { SourceRow } from '../domain/sourceState';
import { newSourceRow } from '../domain/sourceState';
import type { ChosenIntegration, Tenant } from '../domain/tenant';
import { parseGuid, personalAccountsTenantId } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import { describeFailure } from './describe';
import { operationsEvents } from './operations';
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
  readonly sink: Sink;
  readonly shardOf: CollectPorts['shardOf'];
  readonly collect: CollectPorts;
  /** Finds the cloud a tenant (GUID or domain) lives in; with a cloud given, looks only there. */
  readonly discover: (tenant: string, cloud: CloudId | undefined, signal: AbortSignal) => Promise<Discovery>;
  /** Signs in with a credential that is not stored yet and returns the roles the token carries. Throws the failure of the login. */
  readonly tryLogin: (tenant: Tenant, secret: string, signal: AbortSignal) => Promise<{ readonly roles: readonly string[] }>;
}

export interface NewTenant {
  readonly tenant: string;
  readonly clientId: string;
  readonly secret: string;
  readonly cloud: CloudId | undefined;
  readonly integrations: readonly ChosenIntegration[];
  readonly name: string | undefined;
  readonly description: string;
  readonly stampName: boolean;
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

function checkSecret(secret: string): string {
  const value = secret.replace(/\r?\n$/, '');
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
  return value;
}

async function findHome(
  ports: TenantPorts,
  wanted: NewTenant,
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
  const here = await ports.discover(text, wanted.cloud, signal);
  if (here.found) {
    if (here.tenantId === personalAccountsTenantId)
      throw new InputError('This domain belongs to personal Microsoft accounts.', 'Give the tenant id of an organisation.');
    if (wanted.cloud !== undefined && wanted.cloud !== 'custom' && here.cloud !== wanted.cloud)
      throw new InputError(
        `This tenant lives in the cloud "${here.cloud}", not in "${wanted.cloud}".`,
        `Leave --cloud out, or give --cloud ${here.cloud}. Each cloud needs an application registered in it.`,
      );
    return { id: here.tenantId, cloud: here.cloud };
  }
  const elsewhere = wanted.cloud === undefined ? here : await ports.discover(text, undefined, signal);
  if (elsewhere.found)
    throw new InputError(
      `This tenant lives in the cloud "${elsewhere.cloud}", not in "${wanted.cloud ?? ''}".`,
      `Give --cloud ${elsewhere.cloud}. Each cloud needs an application registered in it.`,
    );
  throw new InputError(
    'Microsoft does not know this tenant in any of its clouds. [AADSTS90002]',
    'Check the tenant id for typing errors: Entra admin center, Overview, Tenant ID.',
  );
}

async function logIn(
  ports: TenantPorts,
  tenant: Tenant,
  secret: string,
  say: Progress,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const until = ports.clock.now().getTime() + secretSettlesMs;
  for (let told = false; ;) {
    try {
      return (await ports.tryLogin(tenant, secret, signal)).roles;
    } catch (error) {
      const failure = failureOf(error);
      const settling = failure?.kind === 'credentialRejected' && failure.code === 'AADSTS7000215';
      const hiccup = failure?.kind === 'unavailable';
      if ((!settling && !hiccup) || ports.clock.now().getTime() >= until) throw error;
      if (!told && settling) say('Microsoft does not accept the secret yet. A new one takes about a minute; waiting up to two.');
      told = true;
      await ports.clock.sleep(secretRetryMs, signal);
    }
  }
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
  say('Looking the tenant up …');
  const home = await findHome(ports, wanted, signal);
  const found = await ports.tenants.find(home.id, signal);
  const now = ports.clock.now().toISOString();
  const tenant: Tenant = {
    id: home.id,
    name: wanted.name ?? found?.tenant.name ?? (parseGuid(wanted.tenant) === undefined ? wanted.tenant.trim() : home.id),
    description: wanted.description,
    cloud: home.cloud,
    clientId,
    secretName: `tenant-${home.id}-${clientId.slice(0, 8)}`,
    integrations: wanted.integrations,
    stampName: wanted.stampName,
    status: 'active',
    statusSince: now,
    epoch: (found?.tenant.epoch ?? 0) + 1,
    addedAt: found?.tenant.addedAt ?? now,
  };
  say('Signing in as the application …');
  const roles = await logIn(ports, tenant, secret, say, signal);
  const needed = new Set(
    sourcesOf(tenant, ports.sources.values()).flatMap(({ permissions }) => permissions.map(({ role }) => role)),
  );
  say('Storing the secret in Key Vault …');
  await ports.secrets.write(tenant.secretName, secret, { tenantId: tenant.id, clientId }, signal);
  await ports.tenants.save(tenant, found?.etag ?? 'new', signal);
  await startSources(ports, tenant, signal);
  return { tenant, isNew: found === undefined, missingPermissions: [...needed].filter((role) => !roles.includes(role)) };
}

async function rowsOf(ports: TenantPorts, tenant: Tenant, signal: AbortSignal): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for (const source of sourcesOf(tenant, ports.sources.values())) {
    const present = await ports.sourceRows.find(tenant.id, source.id, signal);
    rows.push(present ?? (await ports.sourceRows.create(newSourceRow(tenant.id, source.id, ports.clock.now()), signal)));
  }
  return rows;
}

async function startSources(ports: TenantPorts, tenant: Tenant, signal: AbortSignal): Promise<void> {
  const disabled = (row: SourceRow): boolean => {
    const integration: IntegrationId | undefined = ports.sources.get(row.sourceId)?.integration;
    return tenant.integrations.find(({ id }) => id === integration)?.polling.kind === 'disabled';
  };
  const rows = (await rowsOf(ports, tenant, signal)).filter((row) => !disabled(row));
  await ports.schedule.put(
    rows.map((row) => entryAt(ports, row, ports.clock.now())),
    signal,
  );
}

/** The tenant of that id or name. Throws InputError when there is none, or the name is not unique. */
export async function findTenant(
  ports: Pick<TenantPorts, 'tenants'>,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly tenant: Tenant; readonly etag: string }> {
  const id = parseGuid(text);
  const found: Tenant[] = [];
  for await (const tenant of ports.tenants.all(signal))
    if (tenant.id === id || tenant.name.toLowerCase() === text.trim().toLowerCase()) found.push(tenant);
  const [first, second] = found;
  if (first === undefined) throw new InputError(`There is no tenant "${text}".`, 'List the tenants: npm run tenant -- list');
  if (second !== undefined) throw new InputError(`Several tenants are named "${text}".`, 'Give the tenant id instead.');
  const row = await ports.tenants.find(first.id, signal);
  if (row === undefined)
    throw new InputError(`The tenant "${text}" was removed just now.`, 'List the tenants: npm run tenant -- list');
  return row;
}

/** Pauses or resumes a tenant; a run that is under way ends within seconds. Resuming back-fills what Microsoft still holds. */
export async function setStatus(
  ports: TenantPorts,
  text: string,
  status: Tenant['status'],
  signal: AbortSignal,
): Promise<Tenant> {
  const { tenant, etag } = await findTenant(ports, text, signal);
  const changed: Tenant = { ...tenant, status, statusSince: ports.clock.now().toISOString(), epoch: tenant.epoch + 1 };
  await ports.tenants.save(changed, etag, signal);
  if (status === 'active') await startSources(ports, changed, signal);
  return changed;
}

/** Collects all sources of a tenant now, whatever its polling is. Returns how many. */
export async function syncTenant(
  ports: TenantPorts,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly tenant: Tenant; readonly sources: number }> {
  const { tenant } = await findTenant(ports, text, signal);
  if (tenant.status === 'paused')
    throw new InputError(`${tenant.name} is paused.`, `Resume it first: npm run tenant -- resume ${tenant.id}`);
  const rows = await rowsOf(ports, tenant, signal);
  await scheduleNow(ports.collect, rows, signal);
  return { tenant, sources: rows.length };
}

/** Stops collecting a tenant and forgets its secret and state. What was delivered stays in Event Hubs; coverage and gaps stay as proof. */
export async function removeTenant(ports: TenantPorts, text: string, signal: AbortSignal): Promise<Tenant> {
  const { tenant } = await findTenant(ports, text, signal);
  await ports.tenants.remove(tenant.id, signal);
  await ports.sourceRows.remove(tenant.id, signal);
  await ports.secrets.remove(tenant.secretName, signal);
  return tenant;
}

/** Sends one marked record of the tenant through each hub its sources write to, and the operations hub. Returns the hubs and the id to look for. */
export async function sendTestRecord(
  ports: TenantPorts,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly hubs: readonly string[] }> {
  const { tenant } = await findTenant(ports, text, signal);
  const now = ports.clock.now();
  const id = `m365c-test-${now.getTime().toString(36)}`;
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
