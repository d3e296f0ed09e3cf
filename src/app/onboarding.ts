import type { Cloud } from '../domain/cloud';
import { ConnectorError, failureOf } from '../domain/failure';
import type { IntegrationId } from '../domain/integration';
import type { Invitation, Onboarding, PendingSignIn, Way } from '../domain/onboarding';
import { isPersonal, stepsOf } from '../domain/onboarding';
import { without } from '../domain/without';
import type { OfferedCredential, OnboardPorts } from './onboardPorts';
import { hashOf, randomText } from './secretText';
import { checkCertificate } from './setCredential';
import { checkSecret, findHome, InputError } from './tenants';
import { parseGuid } from '../domain/tenant';
import type { Tenant } from '../domain/tenant';

/** How long a browser may stay at Microsoft. */
const signInLifeMs = 10 * 60_000;

/** What a person chose on the first page. */
export interface Choice {
  readonly way: Way;
  readonly integrations: readonly IntegrationId[];
  /** Only for an application of their own. */
  readonly tenant?: string;
  readonly clientId?: string;
  readonly secret?: string;
  /** Certificate and key as PEM text, in place of a secret. */
  readonly certificate?: string;
  /** Only for an application that is made: whether it may renew its own key. */
  readonly renewsItself?: boolean;
}

/** The name under which something secret of an onboarding is in the key vault while it is under way. */
export function onboardingSecretName(id: string): string {
  return `onboarding-${id}`;
}

/** Begins an onboarding. What a person typed is checked first; nothing is written before. Throws InputError, or what looking the tenant up met. */
export async function beginOnboarding(
  ports: OnboardPorts,
  invitation: Invitation,
  browser: string,
  choice: Choice,
  signal: AbortSignal,
): Promise<Onboarding> {
  if (choice.integrations.length === 0)
    throw new InputError('Nothing is ticked.', 'Tick at least one of the integrations: it can be changed at any time.');
  const now = ports.clock.now().toISOString();
  const own = choice.way === 'ownApplication' ? await checkOwn(ports, invitation, choice, signal) : undefined;
  const itself = choice.way === 'managedIdentity' ? checkHome(ports, invitation) : undefined;
  const [step] = stepsOf(choice.way);
  const onboarding: Onboarding = {
    id: randomText(128),
    invitationId: invitation.id,
    customer: invitation.customer,
    browser: hashOf(browser),
    way: choice.way,
    cloud: own?.cloud ?? ports.onboardOptions.cloud,
    integrations: choice.integrations,
    ...(step === undefined ? {} : { step }),
    stepSince: now,
    done: {},
    createdAt: now,
    // Nobody signs in: what is known is who was trusted with the link.
    ...(own === undefined ? {} : { ...known(own), credentialKind: own.kind, person: `link from ${invitation.createdBy}` }),
    ...(itself === undefined ? {} : { ...known(itself), person: `link from ${invitation.createdBy}` }),
    ...(choice.way === 'provision' && choice.renewsItself === true ? { renewsItself: true } : {}),
  };
  if (own !== undefined) {
    const tags = { tenantId: own.tenantId, clientId: own.clientId };
    await ports.secrets.write(onboardingSecretName(onboarding.id), onOneLine(own), tags, signal);
  }
  await ports.onboarding.onboardings.save(onboarding, undefined, signal);
  if (step !== undefined && !isPersonal(step)) await ports.onboardingQueue.send(onboarding.id, 0, signal);
  return onboarding;
}

/** In a cloud that somebody set up themselves, Microsoft's own are not asked. */
function ownCloud({ onboardOptions: { cloud } }: OnboardPorts): 'custom' | undefined {
  return cloud === 'custom' ? cloud : undefined;
}

async function checkOwn(ports: OnboardPorts, invitation: Invitation, choice: Choice, signal: AbortSignal) {
  const clientId = parseGuid(choice.clientId ?? '');
  if (clientId === undefined)
    throw new InputError(
      'The client id is not a GUID.',
      'Find it in the Entra admin center, App registrations, your application, Application (client) ID.',
    );
  const credential = checkCredential(ports, choice);
  const home = await findHome(ports, { tenant: choice.tenant ?? '', cloud: ownCloud(ports) }, signal);
  if (invitation.tenantId !== undefined && invitation.tenantId !== home.id)
    throw new InputError('This invitation is for another tenant.', 'Check the tenant id, or ask for an invitation for this one.');
  return { tenantId: home.id, cloud: home.cloud, clientId, ...credential };
}

/** A credential as the vault takes it under the name of an onboarding: a certificate has lines. */
function onOneLine({ kind, value }: OfferedCredential): string {
  return kind === 'certificate' ? Buffer.from(value).toString('base64') : value;
}

/** What a person gave, from the vault; undefined once it is gone from there, because the tenant has its own. */
export async function offeredCredential(
  { secrets }: Pick<OnboardPorts, 'secrets'>,
  { id, credentialKind: kind = 'clientSecret' }: Onboarding,
  signal: AbortSignal,
): Promise<OfferedCredential | undefined> {
  const kept = await secrets.read(onboardingSecretName(id), signal);
  if (kept === undefined) return undefined;
  return { kind, value: kind === 'certificate' ? Buffer.from(kept, 'base64').toString() : kept };
}

/** A secret or a certificate, checked without asking anybody. */
function checkCredential(ports: OnboardPorts, { secret = '', certificate = '' }: Choice) {
  if (certificate.trim() === '') return { kind: 'clientSecret', value: checkSecret(secret) } as const;
  if (secret.trim() !== '')
    throw new InputError('You gave a secret and a certificate.', 'Give one of them: the certificate, if you have the choice.');
  const value = checkCertificate(ports.rotation, certificate, ports.clock.now());
  return { kind: 'certificate', value } as const;
}

/** The home tenant, for an invitation that is bound to it, where there is an identity to sign in with. */
function checkHome({ onboardOptions }: OnboardPorts, { tenantId }: Invitation) {
  const { identity, publisherId, cloud } = onboardOptions;
  if (identity === undefined || tenantId !== publisherId)
    throw new InputError(
      'Only the organisation that runs the connector can be connected by managed identity.',
      'Choose another way.',
    );
  return { tenantId, cloud, clientId: identity.clientId };
}

const known = ({ tenantId, clientId }: Pick<Tenant, 'clientId'> & { readonly tenantId: string }) => ({ tenantId, clientId });

/** The onboarding, if it was begun in this browser. */
export async function onboardingOf(
  ports: Pick<OnboardPorts, 'onboarding'>,
  id: string,
  browser: string | undefined,
  signal: AbortSignal,
): Promise<Onboarding | undefined> {
  if (!/^[0-9a-f]{32}$/.test(id) || browser === undefined) return undefined;
  const found = await ports.onboarding.onboardings.find(id, signal);
  return found?.row.browser === hashOf(browser) ? found.row : undefined;
}

/** Where to send the browser for the step that a person has to take: to sign in, or to consent. Remembers what has to come back. */
export async function sendToMicrosoft(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<string> {
  const cloud = cloudOf(ports, onboarding);
  const delegated = onboarding.way === 'provision';
  const proven = onboarding.tenantId !== undefined && onboarding.person !== undefined;
  const purpose = proven && !delegated ? 'consent' : 'signIn';
  const state = randomText(128);
  const pending: PendingSignIn = {
    id: hashOf(state),
    onboardingId: onboarding.id,
    purpose,
    browser: onboarding.browser,
    nonce: randomText(128),
    // 64 characters; 43 to 128 are allowed. https://www.rfc-editor.org/rfc/rfc7636#section-4.1
    codeVerifier: randomText(256),
    expiresAt: new Date(ports.clock.now().getTime() + signInLifeMs).toISOString(),
    used: false,
  };
  await ports.onboarding.signIns.save(pending, undefined, signal);
  const request = { cloud, tenantId: onboarding.tenantId, state };
  if (purpose === 'consent') return ports.signIn.consentUrl(request);
  const { nonce, codeVerifier } = pending;
  return ports.signIn.signInUrl({ ...request, nonce, codeVerifier, delegated });
}

/** Goes back to consent, or to signing in, after it was refused or taken back; what is done stays done. */
export async function askAgain(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<string> {
  const fresh = await changeOnboarding(
    ports,
    onboarding.id,
    (row) => {
      const going = without(row, 'stopped', 'waiting');
      const back = row.way === 'adminConsent' && row.step !== undefined && !isPersonal(row.step);
      return back ? { ...going, step: 'consent', stepSince: ports.clock.now().toISOString() } : going;
    },
    signal,
  );
  return sendToMicrosoft(ports, fresh ?? onboarding, signal);
}

/** Changes an onboarding as it is now, again when somebody was quicker; undefined when it is gone or `change` leaves it as it is. */
export async function changeOnboarding(
  ports: Pick<OnboardPorts, 'onboarding'>,
  id: string,
  change: (row: Onboarding) => Onboarding | undefined,
  signal: AbortSignal,
): Promise<Onboarding | undefined> {
  for (;;) {
    const found = await ports.onboarding.onboardings.find(id, signal);
    const changed = found === undefined ? undefined : change(found.row);
    if (found === undefined || changed === undefined) return undefined;
    try {
      await ports.onboarding.onboardings.save(changed, found.etag, signal);
      return changed;
    } catch (error) {
      if (failureOf(error)?.kind !== 'conflict') throw error;
    }
  }
}

/** The cloud of an onboarding. Throws `rejectedRequest` when the connector does not know it any more. */
export function cloudOf(ports: Pick<OnboardPorts, 'collect'>, onboarding: Pick<Onboarding, 'cloud'>): Cloud {
  const cloud = ports.collect.clouds(onboarding.cloud);
  if (cloud !== undefined) return cloud;
  throw new ConnectorError('onboarding', { kind: 'rejectedRequest', code: 'cloudNotConfigured', detail: onboarding.cloud });
}
