import { ConnectorError, failureOf } from '../domain/failure';
import type { Onboarding, PendingSignIn, Stopped } from '../domain/onboarding';
import { isPersonal, stepAfter } from '../domain/onboarding';
import type { SignedIn } from '../domain/signIn';
import { parseGuid, personalAccountsTenantId } from '../domain/tenant';
import { without } from '../domain/without';
import { recordChange } from './audit';
import { changeOnboarding, cloudOf, onboardingSecretName, sendToMicrosoft } from './onboarding';
import type { OnboardPorts } from './onboardPorts';
import { hashOf } from './secretText';

/** What came of a browser that came back: refused with a coded reason, or to be sent on: to Microsoft again, or to the page of the onboarding. */
export type CallbackOutcome =
  | { readonly kind: 'refused'; readonly code: string; readonly onboardingId?: string }
  | { readonly kind: 'microsoft'; readonly url: string }
  | { readonly kind: 'progress'; readonly onboardingId: string };

/** The query of a callback: each parameter with all its values. */
export type CallbackQuery = ReadonlyMap<string, readonly string[]>;

const known = [
  'state',
  'code',
  'error',
  'error_description',
  'error_subcode',
  'admin_consent',
  'tenant',
  'scope',
  'session_state',
];
const longestCode = 8_000;

/**
 * Receives a browser that comes back from Microsoft. Nothing in the query is believed but the state, which is used up at once; an error counts before
 * anything that looks like success, and who signed in is what the ID token proves. A refusal changes nothing and calls nobody.
 */
export async function receiveCallback(
  ports: OnboardPorts,
  query: CallbackQuery,
  browser: string | undefined,
  signal: AbortSignal,
): Promise<CallbackOutcome> {
  const outcome = await judge(ports, query, browser, signal);
  if (outcome.kind === 'refused') ports.telemetry.event('callbackRefused', 'warning', { code: outcome.code });
  return outcome;
}

async function judge(
  ports: OnboardPorts,
  query: CallbackQuery,
  browser: string | undefined,
  signal: AbortSignal,
): Promise<CallbackOutcome> {
  if (known.some((name) => (query.get(name)?.length ?? 0) > 1)) return refuse('repeatedParameter');
  const one = (name: string): string | undefined => query.get(name)?.[0];
  const state = one('state');
  if (state === undefined || state === '') return refuse('stateMissing');
  if (!/^[0-9a-f]{32}$/.test(state)) return refuse('stateUnknown');
  const pending = await takeState(ports, state, browser, signal);
  if (typeof pending === 'string') return refuse(pending);
  const found = await ports.onboarding.onboardings.find(pending.onboardingId, signal);
  if (found === undefined) return refuse('stateUnknown');
  const onboarding = found.row;

  const error = one('error');
  if (error !== undefined)
    return stop(ports, onboarding, { kind: 'signIn', code: codeOf(error, one('error_description')) }, signal);
  if (pending.purpose === 'consent') {
    const wrong = wrongWithConsent(onboarding, one('admin_consent'), one('tenant'));
    if (wrong === undefined) return consented(ports, onboarding, signal);
    if (wrong === 'tenantMismatch') await recordMismatch(ports, onboarding, signal);
    return { ...refuse(wrong), onboardingId: onboarding.id };
  }
  const code = one('code');
  if (code === undefined || code === '' || code.length > longestCode || /[^\x21-\x7e]/.test(code))
    return { ...refuse('codeMissing'), onboardingId: onboarding.id };
  return redeem(ports, onboarding, pending, code, signal);
}

const refuse = (code: string) => ({ kind: 'refused', code }) as const;

/** Uses a state up: of two callers only one gets it. Says why when it cannot be used. */
async function takeState(
  ports: OnboardPorts,
  state: string,
  browser: string | undefined,
  signal: AbortSignal,
): Promise<PendingSignIn | 'stateUnknown' | 'stateUsed' | 'stateExpired' | 'otherBrowser'> {
  const found = await ports.onboarding.signIns.find(hashOf(state), signal);
  if (found === undefined) return 'stateUnknown';
  const { row, etag } = found;
  if (row.used) return 'stateUsed';
  if (ports.clock.now().getTime() > Date.parse(row.expiresAt)) return 'stateExpired';
  if (browser === undefined || hashOf(browser) !== row.browser) return 'otherBrowser';
  try {
    await ports.onboarding.signIns.save({ ...row, used: true }, etag, signal);
    return row;
  } catch (error) {
    if (failureOf(error)?.kind === 'conflict') return 'stateUsed';
    throw error;
  }
}

/** The AADSTS code if the description names one, else Microsoft's own word for the error, if it is one. The description itself is kept nowhere. */
function codeOf(error: string, description = ''): string {
  const aadsts = /^AADSTS\d{4,8}/.exec(description.trimStart())?.[0];
  return aadsts ?? (/^[a-z_]{1,40}$/.test(error) ? error : 'unknown');
}

/** These parameters prove nothing, but if they are not as Microsoft sends them, somebody else did. */
function wrongWithConsent(onboarding: Onboarding, marker: string | undefined, tenant: string | undefined): string | undefined {
  if (marker !== 'True') return 'consentUnclear';
  if (tenant === undefined || parseGuid(tenant) !== tenant) return 'tenantMalformed';
  return tenant === onboarding.tenantId ? undefined : 'tenantMismatch';
}

async function consented(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<CallbackOutcome> {
  await changeOnboarding(ports, onboarding.id, (row) => (row.step === 'consent' ? advanced(ports, row) : undefined), signal);
  await ports.onboardingQueue.send(onboarding.id, 0, signal);
  return { kind: 'progress', onboardingId: onboarding.id };
}

async function recordMismatch(
  ports: OnboardPorts,
  { tenantId, person, customer }: Onboarding,
  signal: AbortSignal,
): Promise<void> {
  const about = tenantId === undefined ? {} : { tenantId };
  const change = { at: ports.clock.now().toISOString(), who: person ?? 'unknown', what: 'tenantMismatch', detail: customer };
  await recordChange(ports, { ...change, outcome: 'refused', ...about }, undefined, signal);
}

async function redeem(
  ports: OnboardPorts,
  onboarding: Onboarding,
  pending: PendingSignIn,
  code: string,
  signal: AbortSignal,
): Promise<CallbackOutcome> {
  const delegated = onboarding.way === 'provision';
  const { codeVerifier, nonce } = pending;
  let who: SignedIn;
  try {
    const cloud = cloudOf(ports, onboarding);
    who = await ports.signIn.redeem({ cloud, tenantId: onboarding.tenantId, code, codeVerifier, nonce, delegated }, signal);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    if (failure.kind === 'proofRefused') return { ...refuse(failure.code), onboardingId: onboarding.id };
    return stop(ports, onboarding, { kind: 'failure', failure }, signal);
  }
  if (who.tenantId === personalAccountsTenantId)
    return stop(ports, onboarding, { kind: 'signIn', code: 'personalAccount' }, signal);
  const invited = (await ports.onboarding.invitations.find(onboarding.invitationId, signal))?.row;
  if (invited?.tenantId !== undefined && invited.tenantId !== who.tenantId)
    return stop(ports, onboarding, { kind: 'signIn', code: 'otherTenant' }, signal);
  if (who.accessToken !== undefined) {
    const tags = { tenantId: who.tenantId };
    await ports.secrets.write(onboardingSecretName(onboarding.id), who.accessToken, tags, signal);
  }
  const proven = await changeOnboarding(
    ports,
    onboarding.id,
    (row) => {
      if (row.tenantId !== undefined && row.tenantId !== who.tenantId) return undefined;
      const known: Onboarding = { ...row, tenantId: who.tenantId, person: `${who.tenantId}/${who.objectId}` };
      // Signing in again, because the first access has ended, goes on where it was.
      return row.step === 'signIn' ? advanced(ports, known) : without(known, 'stopped');
    },
    signal,
  );
  if (proven === undefined) return { ...refuse('tenantMismatch'), onboardingId: onboarding.id };
  // Between two visits to Microsoft nobody has to click.
  if (proven.step === 'consent') return { kind: 'microsoft', url: await sendToMicrosoft(ports, proven, signal) };
  await ports.onboardingQueue.send(onboarding.id, 0, signal);
  return { kind: 'progress', onboardingId: onboarding.id };
}

/** The onboarding with its step done. */
export function advanced(ports: Pick<OnboardPorts, 'clock'>, row: Onboarding, changes: Partial<Onboarding> = {}): Onboarding {
  const { step } = row;
  if (step === undefined) throw new ConnectorError('onboarding', { kind: 'conflict', code: 'finished' });
  const now = ports.clock.now().toISOString();
  const next = stepAfter(row.way, step);
  const going = without(row, 'stopped', 'waiting', 'step');
  return {
    ...going,
    ...changes,
    ...(next === undefined ? {} : { step: next }),
    stepSince: now,
    done: { ...row.done, [step]: now },
  };
}

async function stop(ports: OnboardPorts, { id }: Onboarding, stopped: Stopped, signal: AbortSignal): Promise<CallbackOutcome> {
  const code = stopped.kind === 'signIn' ? stopped.code : stopped.failure.code;
  ports.telemetry.event('signInRefused', 'warning', { code });
  await changeOnboarding(
    ports,
    id,
    (row) => (row.step !== undefined && isPersonal(row.step) ? { ...row, stopped } : undefined),
    signal,
  );
  return { kind: 'progress', onboardingId: id };
}
