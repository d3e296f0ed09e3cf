import type { Cloud } from '../domain/cloud';
import { ConnectorError, failureOf } from '../domain/failure';
import type { IntegrationId } from '../domain/integration';
import type { Invitation, Onboarding, PendingSignIn, Way } from '../domain/onboarding';
import { isPersonal, stepsOf } from '../domain/onboarding';
import { without } from '../domain/without';
import type { OnboardPorts } from './onboardPorts';
import { hashOf, randomText } from './secretText';
import { checkSecret, findHome, InputError } from './tenants';
import { parseGuid } from '../domain/tenant';

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
    ...(own === undefined ? {} : { tenantId: own.tenantId, clientId: own.clientId, person: 'own application' }),
  };
  if (own !== undefined) {
    const tags = { tenantId: own.tenantId, clientId: own.clientId };
    await ports.secrets.write(onboardingSecretName(onboarding.id), own.secret, tags, signal);
  }
  await ports.onboarding.onboardings.save(onboarding, undefined, signal);
  if (own !== undefined) await ports.onboardingQueue.send(onboarding.id, 0, signal);
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
  const secret = checkSecret(choice.secret ?? '');
  const home = await findHome(ports, { tenant: choice.tenant ?? '', cloud: ownCloud(ports) }, signal);
  if (invitation.tenantId !== undefined && invitation.tenantId !== home.id)
    throw new InputError('This invitation is for another tenant.', 'Check the tenant id, or ask for an invitation for this one.');
  return { tenantId: home.id, cloud: home.cloud, clientId, secret };
}

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
