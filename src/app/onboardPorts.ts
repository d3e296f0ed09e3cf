import type { ChangeStore, EvidenceStore, OnboardingQueue, OnboardingStores, Telemetry } from '../domain/ports';
import type { Api } from '../domain/failure';
import type { CloudId } from '../domain/cloud';
import type { CredentialKind } from '../domain/credential';
import type { Onboarding, Stopped } from '../domain/onboarding';
import type { Directory, SignIn } from '../domain/signIn';
import type { Tenant } from '../domain/tenant';
import type { TenantPorts } from './tenants';

/** What the provider has set up for onboarding; undefined parts are ways in that are not offered. */
interface OnboardOptions {
  /** The cloud in which the provider's applications are registered. */
  readonly cloud: CloudId;
  readonly provider: { readonly clientId: string; readonly secretName: string } | undefined;
  readonly setup: { readonly clientId: string; readonly secretName: string } | undefined;
  /** The managed identity the connector runs as, which can sign in to the home tenant by itself. */
  readonly identity: { readonly clientId: string } | undefined;
  /** The home tenant; part of the names of what is made in customers' tenants. */
  readonly publisherId: string;
}

/** A credential that is not kept yet; without a value for the kinds that have none. */
export interface OfferedCredential {
  readonly kind: CredentialKind;
  readonly value: string;
}

/** What onboarding needs. */
export interface OnboardPorts extends TenantPorts {
  readonly onboarding: OnboardingStores;
  readonly onboardingQueue: OnboardingQueue;
  readonly changes: ChangeStore;
  /** Tells whether an assessment that was asked for is there. */
  readonly evidence: EvidenceStore;
  readonly telemetry: Telemetry;
  readonly signIn: SignIn;
  readonly directory: Directory;
  readonly onboardOptions: OnboardOptions;
  /**
   * Asks Microsoft for a new token, past every cache, with the stored credential of the tenant or the given one, and says what it carries. Throws the
   * failure of the login, `tenantMismatch` or `proofRefused` when it is for another tenant or application.
   */
  readonly proveLogin: (
    tenant: Tenant,
    api: Api,
    given: OfferedCredential | undefined,
    signal: AbortSignal,
  ) => Promise<{ readonly roles: readonly string[] }>;
}

/** What became of a step: done, with what it found out; wait and do it again; or only a person can go on. */
export type StepResult =
  | { readonly kind: 'done'; readonly changes?: Partial<Onboarding> }
  | { readonly kind: 'wait'; readonly why: string; readonly forMs: number }
  | { readonly kind: 'stop'; readonly stopped: Stopped };

/** A step: may be done any number of times, by anybody, and finds what an earlier try made. */
export type Step = (ports: OnboardPorts, onboarding: Onboarding, signal: AbortSignal) => Promise<StepResult>;
