import type { Api } from '../domain/failure';
import { failureOf } from '../domain/failure';
import type { Onboarding, OnboardingStep } from '../domain/onboarding';
import type { Tenant } from '../domain/tenant';
import { recordChange } from './audit';
import { findRing, giveCredential } from './credentials';
import { useInvitation } from './invitations';
import { offeredCredential, onboardingSecretName } from './onboarding';
import type { OfferedCredential, OnboardPorts, Step, StepResult } from './onboardPorts';
import { apisOf, permissionsOf } from './permissions';
import { dropRights, provisionSteps } from './provision';
import { forgetCredential, newCredentialCodes, saveTenant, startSources } from './tenants';

const spreadsWithinMs = 10 * 60_000;
const secretSpreadsWithinMs = 3 * 60_000;
const firstRecordsWithinMs = 10 * 60_000;
const retryMs = 3_000;

/** The steps that the connector takes. */
export const steps: Readonly<Record<Exclude<OnboardingStep, 'signIn' | 'consent'>, Step>> = {
  ...provisionSteps,
  login: proveLogin,
  tenant: writeTenant,
  sources: start,
  cleanUp,
  firstRecords: awaitRecords,
};

const spreading =
  "What you just agreed to is on its way through Microsoft's data centres: seconds as a rule, sometimes some minutes.";

/** The tenant as it will be, from an onboarding that knows its tenant and application. */
function tenantOf(ports: OnboardPorts, onboarding: Onboarding, present: Tenant | undefined): Tenant {
  const { provider } = ports.onboardOptions;
  const now = ports.clock.now().toISOString();
  const tenantId = onboarding.tenantId ?? '';
  const shared = onboarding.way === 'adminConsent';
  const before = new Map(present?.integrations.map((chosen) => [chosen.id, chosen]));
  const clientId = (shared ? provider?.clientId : onboarding.clientId) ?? '';
  return {
    id: tenantId,
    name: onboarding.customer,
    description: present?.description ?? '',
    cloud: onboarding.cloud,
    clientId,
    ...(shared ? { application: 'provider' as const } : {}),
    secretName: shared && provider !== undefined ? provider.secretName : `tenant-${tenantId}-${clientId.slice(0, 8)}`,
    integrations: onboarding.integrations.map((id) => before.get(id) ?? { id, polling: { kind: 'adaptive' } }),
    ...(present?.also === undefined ? {} : { also: present.also }),
    stampName: present?.stampName ?? false,
    status: 'active',
    statusSince: now,
    epoch: (present?.epoch ?? 0) + 1,
    addedAt: present?.addedAt ?? now,
  };
}

/** What a person gave and is not kept yet; a managed identity has nothing to keep. */
async function offered(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<OfferedCredential | undefined> {
  if (onboarding.way === 'managedIdentity') return { kind: 'managedIdentity', value: '' };
  return onboarding.way === 'ownApplication' ? offeredCredential(ports, onboarding, signal) : undefined;
}

/** True where whoever grants the permissions does it before the connector looks: what is missing then is told at once. */
function grantsBefore({ way }: Onboarding): boolean {
  return way === 'ownApplication' || way === 'managedIdentity';
}

/** Proves, with a token from that very tenant, that the application can sign in there and has what the integrations need. */
async function proveLogin(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<StepResult> {
  const tenant = tenantOf(ports, onboarding, undefined);
  const given = await offered(ports, onboarding, signal);
  const needed = permissionsOf(onboarding.integrations, ports.sources.values());
  const missing: string[] = [];
  const apis = apisOf(needed);
  // What needs no permission of its own is proven all the same.
  for (const api of apis.length === 0 ? (['graph'] as const) : apis) {
    const roles = await rolesFor(ports, onboarding, { tenant, api, given }, signal);
    if ('kind' in roles) return roles;
    missing.push(
      ...needed.filter((permission) => permission.api === api && !roles.roles.includes(permission.role)).map(({ role }) => role),
    );
  }
  if (missing.length === 0) return { kind: 'done' };
  // What the application of the customer's own lacks is told at once: its administrator is there, and can grant it.
  if (elapsedMs(ports, onboarding) < (grantsBefore(onboarding) ? 0 : spreadsWithinMs))
    return { kind: 'wait', why: spreading, forMs: retryMs };
  const failure = { kind: 'permissionMissing', code: 'roles', permission: missing.join(', ') } as const;
  return { kind: 'stop', stopped: { kind: 'failure', failure, missing } };
}

interface Login {
  readonly tenant: Tenant;
  readonly api: Api;
  readonly given: OfferedCredential | undefined;
}

async function rolesFor(
  ports: OnboardPorts,
  onboarding: Onboarding,
  { tenant, api, given }: Login,
  signal: AbortSignal,
): Promise<{ readonly roles: readonly string[] } | StepResult> {
  try {
    return await ports.proveLogin(tenant, api, given, signal);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    const waitedMs = elapsedMs(ports, onboarding);
    const stop: StepResult = { kind: 'stop', stopped: { kind: 'failure', failure } };
    // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- all other kinds stop
    switch (failure.kind) {
      // A service that the licence does not have is left out, and shown as such; it starts by itself when it comes.
      case 'serviceMissing':
        return onboarding.integrations.length > 0 ? { roles: rolesOf(ports, onboarding, api) } : stop;
      case 'consentMissing':
      case 'permissionMissing':
        return waitedMs < spreadsWithinMs && !grantsBefore(onboarding) ? { kind: 'wait', why: spreading, forMs: retryMs } : stop;
      case 'credentialRejected':
        // A new credential and a wrong one get the same answer.
        return newCredentialCodes.includes(failure.code) && waitedMs < secretSpreadsWithinMs
          ? {
              kind: 'wait',
              why: 'Microsoft does not accept the new credential yet: a minute as a rule, up to three.',
              forMs: retryMs,
            }
          : stop;
      case 'unavailable':
      case 'throttled':
      case 'storeUnavailable':
        return { kind: 'wait', why: 'The login service does not answer; it is tried again by itself.', forMs: retryMs * 3 };
      default:
        return stop;
    }
  }
}

function rolesOf(ports: OnboardPorts, { integrations }: Onboarding, api: Api): readonly string[] {
  return permissionsOf(integrations, ports.sources.values()).flatMap((one) => (one.api === api ? [one.role] : []));
}

/** From here on the credential is looked after: that of the customer's own application, or of the provider's, which is at home in the provider's tenant. */
async function keepCredential(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<void> {
  const owner = tenantOf(ports, onboarding, undefined);
  if (onboarding.way === 'adminConsent') {
    const { cloud, publisherId } = ports.onboardOptions;
    await findRing(ports.rotation, { ...owner, cloud, id: publisherId }, signal);
  }
  if (onboarding.way === 'provision') return;
  const given = await offered(ports, onboarding, signal);
  if (given === undefined) return;
  const ring = await ports.rotation.rings.find(owner.secretName, signal);
  const current = ring?.clientId === owner.clientId ? ring.current : undefined;
  const kept = current === undefined ? undefined : await ports.rotation.versions.read(owner.secretName, current.version, signal);
  if (ring?.kind !== given.kind || kept !== given.value) await giveCredential(ports.rotation, owner, given, signal);
}

/** The tenant's row, its secret first, and the invitation is used up: from here on the tenant is collected. */
async function writeTenant(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<StepResult> {
  const { tenantId, id, invitationId, way } = onboarding;
  if (tenantId === undefined) return { kind: 'stop', stopped: { kind: 'signIn', code: 'tenantUnproven' } };
  if (!(await useInvitation(ports, invitationId, id, signal)))
    return { kind: 'stop', stopped: { kind: 'signIn', code: 'invitationUsed' } };
  await keepCredential(ports, onboarding, signal);
  const { tenant, before } = await saveTenant(ports, tenantId, (present) => tenantOf(ports, onboarding, present), signal);
  if (before !== undefined && before.secretName !== tenant.secretName) await forgetCredential(ports, before, signal);
  // Since when this step is tried does not change when it is done again: neither does what is told of it.
  const at = new Date(onboarding.stepSince);
  const isNew = before === undefined || before.addedAt >= onboarding.stepSince;
  const what = isNew ? 'onboarded' : 'changed';
  const detail = `${way}: ${onboarding.integrations.join(', ')}`;
  const who = onboarding.person ?? 'unknown';
  const change = { id: `${id}-tenant`, at: at.toISOString(), who, what, tenantId, detail } as const;
  await recordChange(ports, { ...change, outcome: 'done' }, tenant, signal);
  return { kind: 'done' };
}

async function start(ports: OnboardPorts, { tenantId }: Onboarding, signal: AbortSignal): Promise<StepResult> {
  const found = tenantId === undefined ? undefined : await ports.tenants.find(tenantId, signal);
  if (found === undefined) return { kind: 'stop', stopped: { kind: 'signIn', code: 'tenantRemoved' } };
  await startSources(ports, found.tenant, signal);
  return { kind: 'done' };
}

async function cleanUp(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<StepResult> {
  if (onboarding.way === 'provision') {
    const waiting = await dropRights(ports, onboarding, signal);
    if (waiting !== undefined) return waiting;
  }
  if (onboarding.way === 'provision' || onboarding.way === 'ownApplication')
    await ports.secrets.remove(onboardingSecretName(onboarding.id), signal);
  return { kind: 'done' };
}

/** Watches the tenant come alive. However it goes, this does not hold an onboarding up: the page shows how each integration is. */
async function awaitRecords(ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal): Promise<StepResult> {
  const rows = await ports.sourceRows.ofTenant(onboarding.tenantId ?? '', signal);
  const flows = rows.some(({ lastRecordAt }) => lastRecordAt !== undefined);
  const allRan = rows.length > 0 && rows.every(({ lastRunAt }) => lastRunAt !== undefined);
  if (flows || allRan || elapsedMs(ports, onboarding) > firstRecordsWithinMs) return { kind: 'done' };
  return { kind: 'wait', why: 'The first run is under way.', forMs: retryMs };
}

/** How long the present step has been tried. */
function elapsedMs(ports: Pick<OnboardPorts, 'clock'>, { stepSince }: Onboarding): number {
  return ports.clock.now().getTime() - Date.parse(stepSince);
}
