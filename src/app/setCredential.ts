import { isStored } from '../domain/credential';
import type { CredentialRing } from '../domain/credential';
import { failureOf } from '../domain/failure';
import type { Tenant } from '../domain/tenant';
import { giveCredential } from './credentials';
import type { GivenCredential } from './credentials';
import { checkSecret, findTenant, InputError, patientLogin, setStatus } from './tenants';
import type { RotationPorts } from './rotationPorts';
import type { Progress, TenantPorts } from './tenants';

const shortestDays = 1;
const dayMs = 86_400_000;

/**
 * Gives a tenant another credential, of whatever kind: it is checked, seen to work, kept, and used from then on; the one before stays usable for a day.
 * The tenant's sources run at once. A new credential may take two minutes to work; `patienceMs` waits less. Throws InputError, or the failure of the login.
 */
export async function setCredential(
  ports: TenantPorts,
  text: string,
  wanted: GivenCredential,
  say: Progress,
  signal: AbortSignal,
  patienceMs?: number,
): Promise<{ readonly tenant: Tenant; readonly ring: CredentialRing }> {
  const { tenant } = await findTenant(ports, text, signal);
  const { kind, expiresAt } = wanted;
  const now = ports.clock.now();
  if (expiresAt !== undefined && expiresAt.getTime() < now.getTime() + shortestDays * dayMs)
    throw new InputError('That day is over, or today.', 'Give the day on which the credential expires.');
  const { rotation } = ports;
  const value = !isStored(kind)
    ? ''
    : kind === 'clientSecret'
      ? checkSecret(wanted.value)
      : checkCertificate(rotation, wanted.value, now);
  say('Signing in as the application …');
  const of = { cloud: tenant.cloud, tenantId: tenant.id, clientId: tenant.clientId };
  await patientLogin(ports.clock, async () => ports.rotation.trySignIn(of, { kind, value }, signal), say, signal, patienceMs);
  say(isStored(kind) ? 'Storing it in Key Vault …' : 'Storing the choice …');
  const ring = await giveCredential(ports.rotation, tenant, { ...wanted, value }, signal);
  if (tenant.status === 'active') await setStatus(ports, tenant.id, 'active', signal);
  return { tenant, ring };
}

/** Certificate and key as PEM text, as the connector can sign with them now. Throws InputError. */
export function checkCertificate({ factsOf }: Pick<RotationPorts, 'factsOf'>, pem: string, now: Date): string {
  const nextStep =
    'Give certificate and RSA key together as PEM text, from -----BEGIN to -----END-----, the key without a password.';
  let facts;
  try {
    facts = factsOf('certificate', pem);
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind !== 'credentialMissing') throw error;
    throw new InputError(`This certificate cannot be used. ${failure.detail}`, nextStep);
  }
  const { startsAt, expiresAt } = facts;
  if (expiresAt !== undefined && expiresAt <= now)
    throw new InputError(
      `This certificate expired on ${day(expiresAt)}.`,
      'Make another one, add it to the application, and give it.',
    );
  if (startsAt !== undefined && startsAt > now)
    throw new InputError(`This certificate is not valid before ${day(startsAt)}.`, 'Wait until then, or make another one.');
  return pem.replaceAll('\r\n', '\n');
}

const day = (at: Date): string => at.toISOString().slice(0, 10);
