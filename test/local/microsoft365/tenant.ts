import { SimulatedApplication, type SecretVerdict } from './application';
import { everything, featuresOf, type Feature } from './graph/skus';

/** The five content types of the Management Activity API. https://learn.microsoft.com/office/office-365-management-api/ */
export const contentTypes = [
  'Audit.AzureActiveDirectory',
  'Audit.Exchange',
  'Audit.SharePoint',
  'Audit.General',
  'DLP.All',
] as const;

/** One of the five content types. */
export type ContentType = (typeof contentTypes)[number];

/** Tells a content type from any other text. */
export function isContentType(text: string | null | undefined): text is ContentType {
  return (contentTypes as readonly (string | null | undefined)[]).includes(text);
}

/** The APIs a token can be for; each is a listener of the simulation. */
export type Api = 'management' | 'graph' | 'defender';

/** How a tenant behaves: the first three are healthy, each of the others has one trouble. */
export type TenantMood =
  | 'busy'
  | 'steady'
  | 'quiet'
  | 'auditOff'
  | 'noConsent'
  | 'noPermission'
  | 'subscriptionDisabled'
  | 'secretExpired'
  | 'disabledService'
  | 'dlpWithoutPermission';

/** How much content the generator makes for a tenant. */
export type Activity = 'busy' | 'steady' | 'quiet' | 'none';

/** One simulated Microsoft 365 organisation, as given at the start. */
export interface SimulatedTenant {
  tenantId: string;
  name: string;
  /** Made from the name when absent; accepted by login wherever the GUID is. */
  domain?: string;
  /** The application registration that may ask for tokens in this tenant. */
  clientId: string;
  secret: string;
  /** How long that secret lives, in days; two years when absent. */
  secretLifeDays?: number;
  /** The tenant in which the application is registered, when it is one of several tenants; this one then has no credentials of its own. */
  registeredIn?: string;
  mood: TenantMood;
  /** Not collected yet: an administrator of it may be about to come in. */
  prospect?: boolean;
  /** Content types the generator makes content for (all five when absent). */
  contentTypes?: readonly ContentType[];
  /** Subscriptions that are already enabled at the start (none when absent). */
  subscribed?: readonly ContentType[];
  /** Follows the mood when absent. */
  activity?: Activity;
  /** Application roles granted per API; a default set when absent. */
  roles?: Partial<Record<Api, readonly string[]>>;
  tokenLifeSeconds?: number;
  /** What the token endpoint says while consent is missing. */
  consentError?: 65001 | 700016;
  /** Products by skuPartNumber (`graph/skus.ts`); everything when absent. */
  skus?: readonly string[];
  /** Licensed, but never set up: its APIs say that the tenant is not provisioned. */
  notProvisioned?: readonly Feature[];
  /** With Entra ID P1 alone, Identity Protection answers with hidden details, and does not refuse. */
  riskWithP1?: boolean;
  /** How many objects the directory has; follows the activity when absent. */
  size?: Partial<Record<'users' | 'groups' | 'devices' | 'servicePrincipals', number>>;
  cloud?: 'global' | 'gcc' | 'gccHigh' | 'china';
  /** Clock time between the first start of a subscription and the first listed content. */
  firstContentAfterMs?: number;
}

/** The roles of an application that was granted all that a collector may ask for. */
export const defaultRoles: Record<Api, readonly string[]> = {
  management: ['ActivityFeed.Read', 'ServiceHealth.Read'],
  graph: [
    'Application.Read.All',
    'AuditLog.Read.All',
    'Device.Read.All',
    'DeviceManagementApps.Read.All',
    'DeviceManagementConfiguration.Read.All',
    'DeviceManagementManagedDevices.Read.All',
    'Directory.Read.All',
    'GroupMember.Read.All',
    'IdentityRiskEvent.Read.All',
    'IdentityRiskyServicePrincipal.Read.All',
    'IdentityRiskyUser.Read.All',
    'LicenseAssignment.Read.All',
    'Organization.Read.All',
    'Policy.Read.All',
    'SecurityAlert.Read.All',
    'SecurityEvents.Read.All',
    'SecurityIncident.Read.All',
    'ServiceHealth.Read.All',
    'ServiceMessage.Read.All',
    'User.Read.All',
  ],
  defender: ['Alert.Read.All', 'Machine.Read.All'],
};

/** True for the moods whose content can be collected in full. */
export function isHealthy(mood: TenantMood): boolean {
  return mood === 'busy' || mood === 'steady' || mood === 'quiet';
}

function activityOf(mood: TenantMood): Activity {
  if (mood === 'busy' || mood === 'steady') return mood;
  // Nothing is audited while auditing is off, and what happens while a subscription is disabled is lost for good.
  return mood === 'auditOff' || mood === 'subscriptionDisabled' ? 'none' : 'quiet';
}

/** The run-time state of a tenant; a test turns its knobs as an administrator of that tenant would. */
export class TenantControl {
  readonly tenant: SimulatedTenant;
  readonly domain: string;
  mood!: TenantMood;
  consented!: boolean;
  tokenLifeSeconds: number;
  /** The application it signs in as, with its credentials; several tenants may share one. */
  readonly application: SimulatedApplication;
  #roles!: Record<Api, readonly string[]>;
  #skus: readonly string[];
  #notProvisioned: readonly Feature[];

  constructor(tenant: SimulatedTenant, now: () => number, application = new SimulatedApplication(tenant.clientId, now)) {
    this.tenant = tenant;
    this.domain = tenant.domain ?? `${tenant.name.toLowerCase().replace(/[^a-z0-9]/g, '')}.onmicrosoft.com`;
    this.tokenLifeSeconds = tenant.tokenLifeSeconds ?? 3599;
    this.application = application;
    application.owners.add(application.clientId);
    this.#skus = tenant.skus ?? everything;
    this.#notProvisioned = tenant.notProvisioned ?? [];
    if (application.judge(tenant.secret) === 'wrong')
      application.addSecret(tenant.secret, { lifeDays: tenant.secretLifeDays ?? 730 });
    this.setMood(tenant.mood);
  }

  /** Gives the tenant another mood at once: its trouble begins, changes or ends. */
  setMood(mood: TenantMood): void {
    this.mood = mood;
    this.consented = mood !== 'noConsent';
    this.#roles = { ...defaultRoles, ...this.tenant.roles };
    if (mood === 'noPermission') this.setRoles('management', ['ServiceHealth.Read']);
    this.application.expire(undefined, mood === 'secretExpired');
  }

  /** How much the generator makes for this tenant now. */
  get activity(): Activity {
    return this.tenant.activity ?? activityOf(this.mood);
  }

  /** How much happens in Graph and Defender for this tenant; what stops the audit log does not stop them. */
  get graphActivity(): Activity {
    return this.tenant.activity ?? (this.tenant.mood === 'busy' || this.tenant.mood === 'steady' ? this.tenant.mood : 'quiet');
  }

  /** The products of the tenant now. */
  get skus(): readonly string[] {
    return this.#skus;
  }

  /** What its licences switch on and someone set up. */
  get features(): ReadonlySet<Feature> {
    return featuresOf(this.#skus, this.#notProvisioned);
  }

  /** Buys other products: endpoints open and close at once; `subscribedSkus` shows them only after a restart. */
  setSkus(skus: readonly string[], notProvisioned: readonly Feature[] = []): void {
    this.#skus = skus;
    this.#notProvisioned = notProvisioned;
  }

  /** Replaces every secret by this one, which is accepted only after the delay, as replication in Entra ID does. */
  setSecret(value: string, options: { acceptedAfterMs?: number } = {}): void {
    this.application.removeSecret();
    this.addSecret(value, options);
  }

  /** Adds a secret beside those there are. */
  addSecret(value: string, options: { acceptedAfterMs?: number } = {}): void {
    this.application.addSecret(value, options);
  }

  /** Removes one secret; requests with it answer AADSTS7000215 from now on. */
  removeSecret(value: string): void {
    this.application.removeSecret(value);
  }

  /** Lets one secret, or all of them, expire; requests with it answer AADSTS7000222. */
  expireSecret(value?: string): void {
    this.application.expire(value);
  }

  /** Judges a presented secret. */
  judge(value: string): SecretVerdict {
    return this.application.judge(value);
  }

  /** Removes the application from the tenant; tokens already issued stay valid until they expire. */
  revokeConsent(): void {
    this.consented = false;
  }

  /** Gives consent (back), with the roles the tenant had. */
  grantConsent(): void {
    this.consented = true;
  }

  /** Sets the roles that new tokens carry. */
  setRoles(api: Api, roles: readonly string[]): void {
    this.#roles = { ...this.#roles, [api]: roles };
  }

  /** The roles that a token for this API carries now. */
  roles(api: Api): readonly string[] {
    return this.#roles[api];
  }
}
