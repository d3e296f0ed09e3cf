import { audited } from '../app/audit';
import { viewCredential } from '../app/credentialView';
import { explainCredential, kindTitles } from '../app/credentialWords';
import type { CredentialExplanation } from '../app/credentialWords';
import { findRing, rotateNow } from '../app/credentials';
import { setCredential } from '../app/setCredential';
import { tenantCommands } from '../app/tenantCommands';
import { findTenant, InputError } from '../app/tenants';
import type { Connector } from '../composition';
import { credentialKinds, isStored } from '../domain/credential';
import type { CredentialRing } from '../domain/credential';
import { ConnectorError } from '../domain/failure';
import type { Tenant } from '../domain/tenant';
import { readSecret } from './readSecret';
import type { Output } from './runCommand';
import { whoRuns } from './whoRuns';

/** What the commands about credentials may be told. */
export interface CredentialOptions {
  readonly kind?: string | undefined;
  readonly expires?: string | undefined;
}

/** The commands about the credential of a tenant: `show`, `rotate` and `set`. */
export async function credentialCommand(
  connector: Connector,
  words: readonly (string | undefined)[],
  options: CredentialOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const [action, text] = words;
  if (action !== 'show' && action !== 'rotate' && action !== 'set')
    throw new InputError('What is to be done with the credential?', 'Give show, rotate or set, and then the tenant.');
  if (text === undefined) throw new InputError('Which tenant?', 'Give its id or name. List the tenants: npm run tenant -- list');
  if (action !== 'set' && (options.kind !== undefined || options.expires !== undefined))
    throw new InputError('--kind and --expires go with set.', 'Leave them out.');
  if (action === 'set') return set(connector, text, options, output, signal);
  const { tenant } = await findTenant(connector.tenantPorts, text, signal);
  return action === 'show' ? show(connector, tenant, output, signal) : rotate(connector, tenant, output, signal);
}

/** The credential of a tenant in words; undefined when none is known. */
export async function explainedCredential(
  connector: Connector,
  tenant: Tenant,
  signal: AbortSignal,
): Promise<CredentialExplanation | undefined> {
  const ring = await connector.tenantPorts.rotation.rings.find(tenant.secretName, signal);
  return ring === undefined ? undefined : explainCredential(ring, tenant.id, connector.clock.now());
}

/** A credential in two sentences, for a person. */
export function credentialText({ kindTitle, why, nextStep }: CredentialExplanation): string {
  return `${kindTitle}. ${why}\nNext: ${nextStep}`;
}

async function show(connector: Connector, tenant: Tenant, output: Output, signal: AbortSignal): Promise<void> {
  const ring = await findRing(connector.tenantPorts.rotation, tenant, signal);
  if (ring === undefined) throw noCredential(tenant);
  const explained = explainCredential(ring, tenant.id, connector.clock.now());
  output.result(about(connector, tenant, ring), `${tenant.name} (${tenant.id})\n${credentialText(explained)}`);
}

async function rotate(connector: Connector, tenant: Tenant, output: Output, signal: AbortSignal): Promise<void> {
  const { onboardPorts, tenantPorts } = connector;
  const entry = { by: { who: whoRuns() }, what: tenantCommands.rotate.what, tenant };
  const work = async () => rotateNow(tenantPorts.rotation, tenant, output.progress, signal);
  const { outcome, ring } = await audited(onboardPorts, entry, work, signal);
  if (ring === undefined) throw noCredential(tenant);
  if (outcome === 'failed' && ring.failing !== undefined)
    throw new ConnectorError('rotating the credential', ring.failing.failure);
  const explained = explainCredential(ring, tenant.id, connector.clock.now());
  const text = {
    rotated: `${tenant.name} signs in with a new credential. The old one stays good for a day and is then removed.`,
    failed: '',
    underWay: `A rotation is under way. ${explained.why}`,
    nothingToRotate: `Nothing to rotate: ${kindTitles[ring.kind]}. ${explained.why}`,
  }[outcome];
  output.result({ ...about(connector, tenant, ring), outcome }, text);
}

async function set(
  connector: Connector,
  text: string,
  options: CredentialOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const kind = credentialKinds.find((one) => one === (options.kind ?? 'clientSecret'));
  if (kind === undefined)
    throw new InputError('There is no such kind of credential.', `Known are: ${credentialKinds.join(', ')}.`);
  const expiresAt = options.expires === undefined ? undefined : new Date(`${options.expires}T00:00:00Z`);
  if (expiresAt !== undefined && (!/^\d{4}-\d\d-\d\d$/.test(options.expires ?? '') || Number.isNaN(expiresAt.getTime())))
    throw new InputError('The day cannot be read.', 'Give it as year, month and day: --expires 2027-05-01');
  if (!isStored(kind) && expiresAt !== undefined)
    throw new InputError('A managed identity does not expire.', 'Leave --expires out.');
  const value = isStored(kind) ? await readSecret(signal) : '';
  const wanted = { kind, value, ...(expiresAt === undefined ? {} : { expiresAt }) };
  const { onboardPorts, tenantPorts } = connector;
  const { tenant } = await findTenant(tenantPorts, text, signal);
  const entry = { by: { who: whoRuns() }, what: tenantCommands.setCredential.what, tenant, detail: kind };
  const work = async () => setCredential(tenantPorts, tenant.id, wanted, output.progress, signal);
  const { ring } = await audited(onboardPorts, entry, work, signal);
  output.result(
    about(connector, tenant, ring),
    `${tenant.name} signs in with it from now on. ${kindTitles[kind]}. The one before stays usable for a day.`,
  );
}

function noCredential({ name, id }: Tenant): InputError {
  return new InputError(`${name} has no credential.`, `Give one: npm run tenant -- credential set ${id} < secret.txt`);
}

/** Ids and times only; never a secret, nor its name. */
function about({ clock }: Connector, { id, name, clientId }: Tenant, ring: CredentialRing): Readonly<Record<string, unknown>> {
  return { tenantId: id, name, clientId, ...viewCredential(ring, id, clock.now()) };
}
