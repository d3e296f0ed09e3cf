import { randomBytes, randomUUID } from 'node:crypto';
import { offeredRoles, resourceAppIds, roleId } from './identity/applications';
import type { Application, Grant, ServicePrincipal } from './identity/applications';
import type { Service } from './service';
import type { Api, TenantControl, TenantMood } from './tenant';

/** What somebody can break in a simulated organisation, and mend again. */
export const controls = {
  consent: 'Consent',
  secret: 'Secret',
  licence: 'Licence',
  audit: 'Audit log',
} as const;
export type ControlName = keyof typeof controls;

/** The cheapest product: mail and little else. */
const leastProduct = ['O365_BUSINESS_ESSENTIALS'];
const microsoftOwn: readonly string[] = Object.values(resourceAppIds);

interface Kept {
  readonly principals: readonly ServicePrincipal[];
  readonly grants: readonly Grant[];
}

/** Breaks and mends simulated organisations, as their administrators would by mistake. What is taken away is kept, to be given back. */
export class Breakages {
  readonly #service: Service;
  readonly #consents = new Map<string, Kept>();
  readonly #ends = new Map<Application, readonly string[]>();
  readonly #skus = new Map<string, readonly string[]>();
  readonly #moods = new Map<string, TenantMood>();
  readonly #expired = new Set<string>();

  constructor(service: Service) {
    this.#service = service;
  }

  isBroken(name: ControlName, { tenant }: TenantControl): boolean {
    const id = tenant.tenantId;
    switch (name) {
      case 'consent':
        return this.#consents.has(id);
      case 'secret':
        return this.#applicationsOf(id).some((one) => this.#ends.has(one)) || this.#expired.has(id);
      case 'licence':
        return this.#skus.has(id);
      case 'audit':
        return this.#moods.has(id);
    }
  }

  break(name: ControlName, control: TenantControl): void {
    if (this.isBroken(name, control)) return;
    const { tenantId } = control.tenant;
    const applications = this.#service.identity.applicationsOf(tenantId);
    switch (name) {
      case 'consent': {
        const isTheirs = ({ appId }: ServicePrincipal): boolean => !microsoftOwn.includes(appId);
        const principals = applications.servicePrincipals.filter(isTheirs);
        this.#consents.set(tenantId, { principals, grants: applications.grants });
        for (const { appId } of principals) applications.removeServicePrincipal(appId);
        control.revokeConsent();
        break;
      }
      case 'secret':
        this.#expired.add(tenantId);
        control.application.expire();
        for (const application of this.#applicationsOf(tenantId)) {
          this.#ends.set(
            application,
            application.passwords.map(({ endDateTime }) => endDateTime),
          );
          const over = new Date(this.#service.nowMs() - 1_000).toISOString();
          application.passwords = application.passwords.map((one) => ({ ...one, endDateTime: over }));
        }
        break;
      case 'licence':
        this.#skus.set(tenantId, control.skus);
        control.setSkus(leastProduct);
        break;
      case 'audit':
        this.#moods.set(tenantId, control.mood);
        control.mood = 'auditOff';
        break;
    }
    this.#forgetTokens(name, tenantId);
  }

  mend(name: ControlName, control: TenantControl): void {
    const { tenantId } = control.tenant;
    const applications = this.#service.identity.applicationsOf(tenantId);
    switch (name) {
      case 'consent': {
        const kept = this.#consents.get(tenantId);
        this.#consents.delete(tenantId);
        control.grantConsent();
        // Whoever consented again meanwhile has a service principal already.
        const missing = (kept?.principals ?? []).filter(({ appId }) => applications.principalOf(appId) === undefined);
        applications.servicePrincipals.push(...missing);
        const ids = new Set(missing.map(({ id }) => id));
        applications.grants.push(...(kept?.grants ?? []).filter(({ principalId }) => ids.has(principalId)));
        break;
      }
      case 'secret':
        this.#expired.delete(tenantId);
        control.application.expire(undefined, false);
        for (const application of this.#applicationsOf(tenantId)) {
          const ends = this.#ends.get(application) ?? [];
          this.#ends.delete(application);
          application.passwords = application.passwords.map((one, at) => ({ ...one, endDateTime: ends[at] ?? one.endDateTime }));
        }
        break;
      case 'licence':
        control.setSkus(this.#skus.get(tenantId) ?? control.skus);
        this.#skus.delete(tenantId);
        break;
      case 'audit':
        control.mood = this.#moods.get(tenantId) ?? control.mood;
        this.#moods.delete(tenantId);
        break;
    }
    this.#forgetTokens(name, tenantId);
  }

  /** What was issued before counts no more, as if an hour had passed. The secret of the provider's application is that of all who consented to it. */
  #forgetTokens(name: ControlName, tenantId: string): void {
    if (name === 'audit') return;
    const { identity, tenants, tokens } = this.#service;
    const isHome = name === 'secret' && identity.managed?.tenantId === tenantId;
    for (const id of isHome ? tenants.keys() : [tenantId]) tokens.revoke(id, this.#service.nowMs());
  }

  /** Makes a new secret for the organisation's own application, as in the portal; answers its value. */
  newSecret(control: TenantControl): string {
    const value = `fake-new-secret~${randomBytes(12).toString('base64url')}`;
    const [made] = this.#applicationsOf(control.tenant.tenantId);
    if (made === undefined) control.addSecret(value);
    else {
      const endDateTime = new Date(this.#service.nowMs() + 180 * 86_400_000).toISOString();
      const password = { keyId: randomUUID(), displayName: 'portal', secretText: value, endDateTime, acceptedFromMs: 0 };
      made.passwords = [...made.passwords, password];
    }
    return value;
  }

  /** Assigns everything a collector may ask for to the managed identity, as the command on the page of the connector does; true when it was not yet. */
  assignRoles(): boolean {
    const { managed } = this.#service.identity;
    if (managed === undefined) return false;
    const directory = this.#service.identity.applicationsOf(managed.tenantId);
    const { id } = directory.putServicePrincipal(managed.clientId);
    const made = (Object.keys(resourceAppIds) as Api[]).flatMap((api) =>
      offeredRoles(api).map((role) => directory.grant(id, directory.resourcePrincipal(api).id, roleId(api, role))),
    );
    return made.some((grant) => grant !== undefined);
  }

  #applicationsOf(tenantId: string): readonly Application[] {
    return this.#service.identity.applicationsOf(tenantId).applications;
  }
}
