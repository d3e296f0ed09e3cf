import type { CloudId } from './cloud';
import type { StoredKind } from './credential';
import type { Failure } from './failure';
import type { IntegrationId } from './integration';
import type { OperatorRole } from './operator';
import type { TenantId } from './tenant';

/**
 * How a tenant comes in. `adminConsent`: to the provider's multi-tenant application. `provision`: an application of its own is made in the tenant by
 * its administrator. `ownApplication`: one that is there already, with its secret or certificate. `managedIdentity`: the home tenant, which the
 * connector signs in to as itself, without an application or a secret.
 */
export const ways = ['adminConsent', 'provision', 'ownApplication', 'managedIdentity'] as const;
export type Way = (typeof ways)[number];

/** Permission to onboard one customer, as a link that is sent to its administrator. The link's token is never stored, only its SHA-256. */
export interface Invitation {
  /** SHA-256 of the token, in hex. */
  readonly id: string;
  readonly customer: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string;
  /** Only this tenant may come in with it, when it is known; that of an invitation to consent again is. */
  readonly tenantId?: TenantId;
  /** The onboarding that used it, and when: from then on the link opens nothing but that. */
  readonly onboardingId?: string;
  readonly usedAt?: string;
}

/** The steps of an onboarding. The first two are taken by a person in a browser, the others by the connector. */
export const onboardingSteps = [
  'signIn',
  'consent',
  'application',
  'servicePrincipal',
  'grants',
  'password',
  'login',
  'tenant',
  'sources',
  'cleanUp',
  'firstRecords',
] as const;
export type OnboardingStep = (typeof onboardingSteps)[number];

const stepsOfWay: Readonly<Record<Way, readonly OnboardingStep[]>> = {
  adminConsent: ['signIn', 'consent', 'login', 'tenant', 'sources', 'firstRecords'],
  provision: [
    ...(['signIn', 'application', 'servicePrincipal', 'grants', 'password', 'login'] as const),
    ...(['tenant', 'sources', 'cleanUp', 'firstRecords'] as const),
  ],
  ownApplication: ['login', 'tenant', 'sources', 'cleanUp', 'firstRecords'],
  managedIdentity: ['login', 'tenant', 'sources', 'firstRecords'],
};

/** The steps of a way in, in their order. */
export function stepsOf(way: Way): readonly OnboardingStep[] {
  return stepsOfWay[way];
}

/** The step after this one; undefined after the last. */
export function stepAfter(way: Way, step: OnboardingStep): OnboardingStep | undefined {
  const steps = stepsOf(way);
  return steps[steps.indexOf(step) + 1];
}

/** True for the steps that only a person can take, in a browser. */
export function isPersonal(step: OnboardingStep): step is 'signIn' | 'consent' {
  return step === 'signIn' || step === 'consent';
}

/** What has been made in the customer's tenant so far, so that nothing is made twice. */
export interface Provisioned {
  readonly applicationObjectId?: string;
  readonly servicePrincipalId?: string;
  /** The key id of the credential that is in the vault. */
  readonly keyId?: string;
  /** When a credential was last asked for. Written before asking: an answer that was lost is found again by its display name. */
  readonly askedAt?: string;
}

/** Why it stopped and what it waits for. `signIn`: what Microsoft said in the browser, as a code; `failure`: what a step met. */
export type Stopped =
  | { readonly kind: 'signIn'; readonly code: string }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly missing?: readonly string[] };

/** One tenant on its way in. Durable; every step may be done again, so that whoever finds it can go on. Holds no secret. */
export interface Onboarding {
  /** 128 random bits, base64url. */
  readonly id: string;
  readonly invitationId: string;
  readonly customer: string;
  /** SHA-256 of the cookie of the browser it was begun in: only that browser sees it and goes on with it. */
  readonly browser: string;
  readonly way: Way;
  readonly cloud: CloudId;
  readonly integrations: readonly IntegrationId[];
  /** The step that is next; undefined when all are done. */
  readonly step?: OnboardingStep;
  readonly stepSince: string;
  /** When each step was done. */
  readonly done: Partial<Readonly<Record<OnboardingStep, string>>>;
  readonly createdAt: string;
  /** What the signed-in person has proven, or the credential of an own application. */
  readonly tenantId?: TenantId;
  /** Who signed in: `tid/oid`, never a name that can be given to another. */
  readonly person?: string;
  readonly clientId?: string;
  /** What an own application signs in with: a client secret when absent. */
  readonly credentialKind?: StoredKind;
  /** The application that is made may renew its own key. */
  readonly renewsItself?: boolean;
  readonly provisioned?: Provisioned;
  /** Set while only a person can go on. */
  readonly stopped?: Stopped;
  /** What is being waited for at Microsoft, in words; it heals by itself. */
  readonly waiting?: string;
  readonly leaseUntil?: string;
}

/** What the connector remembers while a browser is at Microsoft. One use, ten minutes, one browser. */
export interface PendingSignIn {
  /** SHA-256 of the state, in hex; the state itself is only in the browser's address. */
  readonly id: string;
  readonly onboardingId: string;
  readonly purpose: 'signIn' | 'consent';
  /** SHA-256 of the cookie of the browser that was sent. */
  readonly browser: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly expiresAt: string;
  readonly used: boolean;
}

/** What became of a change: under way (or its process died), done, refused to the one who asked, or failed. */
export const changeOutcomes = ['started', 'done', 'refused', 'failed'] as const;

/** One change that somebody made or asked for: the audit. `who` is `tid/oid`, an operator, or the command line. */
export interface Change {
  /** Names the change, so that its outcome replaces its beginning; without it the change is told once, as done. */
  readonly id?: string;
  readonly at: string;
  readonly who: string;
  /** The role that was needed, where one was. */
  readonly role?: OperatorRole;
  readonly what: string;
  readonly tenantId?: TenantId;
  /** What was changed within the tenant, where that is not all of it. */
  readonly target?: string;
  /** Absent in what older versions wrote: done. */
  readonly outcome?: (typeof changeOutcomes)[number];
  readonly detail?: string;
}
