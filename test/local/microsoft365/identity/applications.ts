import { randomBytes, randomUUID } from 'node:crypto';
import { defaultRoles, type Api } from '../tenant';

/** The applications behind the APIs, with their real ids. */
export const resourceAppIds: Readonly<Record<Api, string>> = {
  graph: '00000003-0000-0000-c000-000000000000',
  management: 'c5393580-f805-4401-95e8-94b7a6ef2fc2',
  defender: 'fc780465-2017-40d4-a0c5-307022471b92',
};

/** An application that is registered elsewhere and can be used by any tenant. */
export interface PublishedApplication {
  readonly clientId: string;
  readonly name: string;
  readonly secret: string;
  readonly redirectUris: readonly string[];
  /** The application permissions that admin consent grants. */
  readonly roles: Partial<Readonly<Record<Api, readonly string[]>>>;
}

/** A managed identity of the connector's own Azure subscription, and the tenant that owns it. */
export interface ManagedIdentity {
  readonly clientId: string;
  readonly tenantId: string;
}

export interface Password {
  readonly keyId: string;
  readonly displayName: string;
  readonly secretText: string;
  readonly endDateTime: string;
  /** Login knows it only from then on. */
  readonly acceptedFromMs: number;
}

/** An application object of a tenant. */
export interface Application {
  readonly id: string;
  readonly appId: string;
  uniqueName: string | undefined;
  properties: Record<string, unknown>;
  passwords: Password[];
  readonly owners: string[];
  readonly visibleFromMs: number;
}

export interface ServicePrincipal {
  readonly id: string;
  readonly appId: string;
  readonly visibleFromMs: number;
}

export interface Grant {
  readonly id: string;
  readonly principalId: string;
  readonly resourceId: string;
  readonly appRoleId: string;
  /** Tokens carry it from then on. */
  readonly visibleFromMs: number;
}

/** What a directory holds. */
export interface DirectoryState {
  readonly applications: readonly Application[];
  readonly servicePrincipals: readonly ServicePrincipal[];
  readonly grants: readonly Grant[];
}

/** The id of a role of an API: the same in every tenant. */
export function roleId(api: Api, role: string): string {
  const hex = Buffer.from(`${api}|${role}`).toString('hex').padEnd(32, '0').slice(-32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** The roles that an API offers to applications. */
export function offeredRoles(api: Api): readonly string[] {
  const more = { management: ['ActivityFeed.ReadDlp'], graph: ['Application.ReadWrite.OwnedBy'], defender: [] };
  return [...defaultRoles[api], ...more[api]];
}

/** Applications, service principals and grants of one tenant. What is made is seen by reads, and by login, only after the delay. */
export class TenantApplications {
  readonly applications: Application[] = [];
  servicePrincipals: ServicePrincipal[] = [];
  grants: Grant[] = [];
  /** How long what is made takes to be known everywhere. */
  delayMs = 0;
  /** How long a new password takes until login accepts it. */
  passwordDelayMs = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** All there is, as JSON can carry it. */
  get state(): DirectoryState {
    const { applications, servicePrincipals, grants } = this;
    return { applications, servicePrincipals, grants };
  }

  /** Takes over what was there before a restart; by now everybody knows of it. */
  restore({ applications, servicePrincipals, grants }: DirectoryState): void {
    const visibleFromMs = -Infinity;
    this.applications.push(...applications.map((one) => ({ ...one, visibleFromMs })));
    this.servicePrincipals = servicePrincipals.map((one) => ({ ...one, visibleFromMs }));
    this.grants = grants.map((one) => ({ ...one, visibleFromMs }));
  }

  /** True once reads find it. */
  isVisible({ visibleFromMs }: { readonly visibleFromMs: number }): boolean {
    return visibleFromMs <= this.#now();
  }

  putApplication(uniqueName: string, properties: Record<string, unknown>): { application: Application; created: boolean } {
    const present = this.applications.find((one) => one.uniqueName === uniqueName);
    if (present !== undefined) {
      present.properties = { ...present.properties, ...properties };
      return { application: present, created: false };
    }
    const application: Application = {
      id: randomUUID(),
      appId: randomUUID(),
      uniqueName,
      properties,
      passwords: [],
      owners: [],
      visibleFromMs: this.#now() + this.delayMs,
    };
    this.applications.push(application);
    return { application, created: true };
  }

  principalOf(appId: string): ServicePrincipal | undefined {
    return this.servicePrincipals.find((one) => one.appId === appId);
  }

  putServicePrincipal(appId: string): ServicePrincipal {
    const present = this.principalOf(appId);
    if (present !== undefined) return present;
    const made = { id: randomUUID(), appId, visibleFromMs: this.#now() + this.delayMs };
    this.servicePrincipals.push(made);
    return made;
  }

  /** The service principals of Microsoft's own APIs are there from the start. */
  resourcePrincipal(api: Api): ServicePrincipal {
    const present = this.principalOf(resourceAppIds[api]);
    if (present !== undefined) return present;
    const made = { id: randomUUID(), appId: resourceAppIds[api], visibleFromMs: -Infinity };
    this.servicePrincipals.push(made);
    return made;
  }

  removeServicePrincipal(appId: string): boolean {
    const index = this.servicePrincipals.findIndex((one) => one.appId === appId);
    const [removed] = index < 0 ? [] : this.servicePrincipals.splice(index, 1);
    if (removed !== undefined) this.grants = this.grants.filter(({ principalId }) => principalId !== removed.id);
    return removed !== undefined;
  }

  grant(principalId: string, resourceId: string, appRoleId: string): Grant | undefined {
    const same = (one: Grant) => one.principalId === principalId && one.resourceId === resourceId && one.appRoleId === appRoleId;
    if (this.grants.some(same)) return undefined;
    const id = randomBytes(24).toString('base64url');
    const made = { id, principalId, resourceId, appRoleId, visibleFromMs: this.#now() + this.delayMs };
    this.grants.push(made);
    return made;
  }

  addPassword(application: Application, displayName: string, endDateTime: string): Password {
    const password = {
      keyId: randomUUID(),
      displayName,
      secretText: `fake~${randomBytes(24).toString('base64url')}`,
      endDateTime,
      acceptedFromMs: this.#now() + this.passwordDelayMs,
    };
    application.passwords.push(password);
    return password;
  }

  /** Admin consent to a published application: its service principal, with all its permissions. */
  consent({ clientId, roles }: PublishedApplication): void {
    const principal = this.putServicePrincipal(clientId);
    for (const api of Object.keys(resourceAppIds) as Api[])
      for (const role of roles[api] ?? []) this.grant(principal.id, this.resourcePrincipal(api).id, roleId(api, role));
  }

  /** What a token of an application carries for an API; undefined when the application is not known in the tenant, or not yet. */
  rolesOf(appId: string, api: Api): readonly string[] | undefined {
    const principal = this.principalOf(appId);
    if (principal === undefined || !this.isVisible(principal)) return undefined;
    const resource = this.resourcePrincipal(api);
    return offeredRoles(api).filter((role) =>
      this.grants.some(
        (grant) =>
          grant.principalId === principal.id &&
          grant.resourceId === resource.id &&
          grant.appRoleId === roleId(api, role) &&
          this.isVisible(grant),
      ),
    );
  }
}
