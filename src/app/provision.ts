import { failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { Onboarding, Provisioned } from '../domain/onboarding';
import type { Permission } from '../domain/source';
import type { DirectoryAccess, DirectoryResource } from '../domain/signIn';
import { changeOnboarding, cloudOf, onboardingSecretName } from './onboarding';
import type { OnboardPorts, Step, StepResult } from './onboardPorts';
import { giveCredential, readCredential } from './credentials';
import { apisOf, permissionsOf, renewalPermission } from './permissions';

const replicatesWithinMs = 10 * 60_000;
const retryMs = 3_000;
const dayMs = 86_400_000;
/** Tried in this order where a policy of the tenant allows no longer life. */
const livesDays = [180, 90, 30];
/** An answer that was lost may still show: nothing new is asked for before that. */
const showsWithinMs = 120_000;

type Work = (ports: OnboardPorts, onboarding: Onboarding, access: DirectoryAccess, signal: AbortSignal) => Promise<StepResult>;

/** The steps that make, or change, an application in the customer's tenant, with the rights of the administrator who signed in. */
export const provisionSteps: Readonly<Record<'application' | 'servicePrincipal' | 'grants' | 'password', Step>> = {
  application: withAccess(putApplication),
  servicePrincipal: withAccess(putServicePrincipal),
  grants: withAccess(putGrants),
  password: withAccess(putPassword),
};

/** Finds the application of this connector in any tenant, whatever its administrators call it. */
function uniqueNameOf(publisherId: string): string {
  return `m365-security-connector-${publisherId}`;
}

function withAccess(work: Work): Step {
  return async (ports, onboarding, signal) => {
    const accessToken = await ports.secrets.read(onboardingSecretName(onboarding.id), signal);
    if (accessToken === undefined) return signInAgain;
    try {
      return await work(ports, onboarding, { cloud: cloudOf(ports, onboarding), accessToken }, signal);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      return resultOf(ports, onboarding, failure);
    }
  };
}

/** An hour has passed, or an administrator has taken the session back: signing in again goes on where it stopped. */
const signInAgain: StepResult = { kind: 'stop', stopped: { kind: 'signIn', code: 'accessEnded' } };

function resultOf(ports: OnboardPorts, { stepSince }: Onboarding, failure: Failure): StepResult {
  const waitedMs = ports.clock.now().getTime() - Date.parse(stepSince);
  if (failure.kind === 'unauthorized') return signInAgain;
  if (failure.kind === 'replicating' && waitedMs < replicatesWithinMs)
    return {
      kind: 'wait',
      why: "What was just made is on its way through Microsoft's directory: seconds as a rule.",
      forMs: retryMs,
    };
  if (failure.kind === 'unavailable' || failure.kind === 'throttled' || failure.kind === 'storeUnavailable')
    return { kind: 'wait', why: 'The directory does not answer; it is tried again by itself.', forMs: retryMs * 3 };
  return { kind: 'stop', stopped: { kind: 'failure', failure } };
}

interface Needed {
  readonly resource: DirectoryResource;
  readonly roleIds: readonly string[];
}

/** What has to be granted, by the ids this tenant's own directory gives; what the tenant does not have is left out. */
async function needed(
  ports: OnboardPorts,
  onboarding: Onboarding,
  access: DirectoryAccess,
  signal: AbortSignal,
): Promise<Needed[]> {
  const present = onboarding.tenantId === undefined ? undefined : await ports.tenants.find(onboarding.tenantId, signal);
  const reading = permissionsOf(onboarding.integrations, ports.sources.values(), present?.tenant.also);
  const permissions: readonly Permission[] = onboarding.renewsItself === true ? [...reading, renewalPermission] : reading;
  const found: Needed[] = [];
  for (const api of apisOf(permissions)) {
    const resource = await ports.directory.resource(access, api, signal);
    if (resource === undefined) continue;
    const roles = permissions.flatMap((one) => (one.api === api ? [one.role] : []));
    found.push({ resource, roleIds: roles.flatMap((role) => resource.roles.get(role) ?? []) });
  }
  return found;
}

async function putApplication(...[ports, onboarding, access, signal]: Parameters<Work>): Promise<StepResult> {
  const { objectId, appId } = await ports.directory.putApplication(
    access,
    {
      uniqueName: uniqueNameOf(ports.onboardOptions.publisherId),
      displayName: 'Microsoft 365 security connector',
      requires: await needed(ports, onboarding, access, signal),
    },
    signal,
  );
  return {
    kind: 'done',
    changes: { clientId: appId, provisioned: { ...onboarding.provisioned, applicationObjectId: objectId } },
  };
}

async function putServicePrincipal(...[ports, onboarding, access, signal]: Parameters<Work>): Promise<StepResult> {
  const made = madeOf(onboarding);
  if (made === undefined) return unmade;
  const servicePrincipalId = await ports.directory.putServicePrincipal(access, made, signal);
  return { kind: 'done', changes: { provisioned: { ...onboarding.provisioned, servicePrincipalId } } };
}

/** Grants what is missing and takes back what is not ticked any more: exactly the permissions of the integrations. */
async function putGrants(...[ports, onboarding, access, signal]: Parameters<Work>): Promise<StepResult> {
  const servicePrincipalId = onboarding.provisioned?.servicePrincipalId;
  if (servicePrincipalId === undefined) return unmade;
  const wanted = (await needed(ports, onboarding, access, signal)).flatMap(({ resource, roleIds }) =>
    roleIds.map((roleId) => ({ resourceId: resource.id, roleId })),
  );
  const present = await ports.directory.grants(access, servicePrincipalId, signal);
  const same = (a: { resourceId: string; roleId: string }, b: { resourceId: string; roleId: string }) =>
    a.resourceId === b.resourceId && a.roleId === b.roleId;
  for (const grant of wanted)
    if (!present.some((one) => same(one, grant))) await ports.directory.grant(access, { servicePrincipalId, ...grant }, signal);
  for (const grant of present) if (!wanted.some((one) => same(one, grant))) await ports.directory.revoke(access, grant, signal);
  return { kind: 'done' };
}

/**
 * A credential, unless there is one that works. That it will be asked for is written down before it is: when the answer is lost, the next try finds the
 * credential by its name, removes it, because nobody knows its secret, and asks for another.
 */
async function putPassword(...[ports, onboarding, access, signal]: Parameters<Work>): Promise<StepResult> {
  const made = madeOf(onboarding);
  const { tenantId, clientId, provisioned = {} } = onboarding;
  if (made === undefined || tenantId === undefined || clientId === undefined) return unmade;
  const present = (await ports.tenants.find(tenantId, signal))?.tenant;
  if (
    present?.clientId === clientId &&
    (await readCredential({ ...ports.rotation, secrets: ports.secrets }, present.secretName, signal)) !== undefined
  )
    return { kind: 'done' };

  const displayName = `m365c-${onboarding.id}`;
  const secretName = `tenant-${tenantId}-${clientId.slice(0, 8)}`;
  const ours = (await ports.directory.passwords(access, made.objectId, signal)).filter((one) => one.displayName === displayName);
  const kept = provisioned.keyId;
  if (kept !== undefined && ours.some(({ keyId }) => keyId === kept)) return { kind: 'done' };
  const now = ports.clock.now().getTime();
  if (provisioned.askedAt !== undefined && ours.length === 0 && now - Date.parse(provisioned.askedAt) < showsWithinMs)
    return {
      kind: 'wait',
      why: 'An answer of Microsoft was lost; it is looked for before anything new is made.',
      forMs: retryMs,
    };
  for (const { keyId } of ours) await ports.directory.removePassword(access, made.objectId, keyId, signal);
  await noteProvisioned(ports, onboarding.id, { askedAt: new Date(now).toISOString() }, signal);
  const { keyId, secret, endsAt: expiresAt } = await addPassword(ports, access, { objectId: made.objectId, displayName }, signal);
  const owner = { id: tenantId, cloud: onboarding.cloud, clientId, secretName };
  await giveCredential(ports.rotation, owner, { kind: 'clientSecret', value: secret, keyId, expiresAt }, signal);
  return { kind: 'done', changes: { provisioned: { ...provisioned, keyId } } };
}

async function addPassword(
  ports: OnboardPorts,
  access: DirectoryAccess,
  wanted: { readonly objectId: string; readonly displayName: string },
  signal: AbortSignal,
): Promise<{ readonly keyId: string; readonly secret: string; readonly endsAt: Date }> {
  const [last = 30] = livesDays.slice(-1);
  for (const days of livesDays) {
    const endsAt = new Date(ports.clock.now().getTime() + days * dayMs);
    try {
      return { ...(await ports.directory.addPassword(access, { ...wanted, endsAt }, signal)), endsAt };
    } catch (error) {
      if (failureOf(error)?.code !== 'CredentialInvalidLifetimeAsPerAppPolicy' || days === last) throw error;
    }
  }
  throw new Error('No life of a credential was tried.');
}

async function noteProvisioned(ports: OnboardPorts, id: string, changes: Provisioned, signal: AbortSignal): Promise<void> {
  await changeOnboarding(ports, id, (row) => ({ ...row, provisioned: { ...row.provisioned, ...changes } }), signal);
}

/** Gives the administrator's rights back: the set-up application leaves the tenant. Undefined when that is done. */
export async function dropRights(
  ports: OnboardPorts,
  onboarding: Onboarding,
  signal: AbortSignal,
): Promise<StepResult | undefined> {
  const accessToken = await ports.secrets.read(onboardingSecretName(onboarding.id), signal);
  if (accessToken === undefined) return undefined;
  try {
    await ports.directory.leave({ cloud: cloudOf(ports, onboarding), accessToken }, signal);
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    // The access ends by itself; then there is nothing left to drop but the application's entry.
    const result = resultOf(ports, onboarding, failure);
    return result.kind === 'wait' ? result : undefined;
  }
}

function madeOf({ clientId, provisioned }: Onboarding): { readonly objectId: string; readonly appId: string } | undefined {
  const objectId = provisioned?.applicationObjectId;
  return objectId === undefined || clientId === undefined ? undefined : { objectId, appId: clientId };
}

const unmade: StepResult = {
  kind: 'stop',
  stopped: {
    kind: 'failure',
    failure: { kind: 'unexpectedResponse', code: 'provisioning', detail: 'What was made in the tenant is not known any more.' },
  },
};
