import { randomBytes } from 'node:crypto';
import type { TenantControl } from '../tenant';
import type { PublishedApplication } from './applications';
import { TenantApplications } from './applications';
import { IdTokens } from './idTokens';
import type { ManagedIdentity } from './applications';
import { peopleOf, personalAccount, type Person } from './people';

/** A fault of the directory: what happens to the next request whose path matches, once. */
export interface DirectoryFault {
  readonly method: string;
  readonly path: RegExp;
  /** `lostAnswer`: it is done, but the answer does not arrive. */
  readonly does: 'lostAnswer' | { readonly status: number; readonly code: string; readonly message?: string };
}

/** What the identity side needs of the rest. */
interface Surroundings {
  readonly tenants: ReadonlyMap<string, TenantControl>;
  nowMs(): number;
  tenantByName(name: string): TenantControl | undefined;
}

/** A code that was handed to a browser. */
export interface IssuedCode {
  readonly person: Person;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly nonce: string;
  readonly scopes: readonly string[];
  readonly expiresMs: number;
  used: boolean;
}

/** The identity side of the simulation: published applications, people, codes, keys, and the applications of each tenant. */
export class Identity {
  readonly published = new Map<string, PublishedApplication>();
  readonly codes = new Map<string, IssuedCode>();
  /** The identity that the connector runs as; absent outside of Azure. */
  managed: ManagedIdentity | undefined;
  /** What goes wrong in the directories, each once, in order. */
  readonly directoryFaults: DirectoryFault[] = [];
  readonly #service: () => Surroundings;
  readonly #applications = new Map<string, TenantApplications>();
  #idTokens: IdTokens | undefined;
  /** Changes the claims of the next ID tokens; for tests. */
  changeClaims: ((claims: Record<string, unknown>) => Record<string, unknown>) | undefined;
  /** Takes the place of the next ID tokens; for tests. */
  replaceIdToken: ((claims: Record<string, unknown>, tokens: IdTokens) => string) | undefined;

  constructor(service: () => Surroundings) {
    this.#service = service;
  }

  /** Made when first needed: a key takes a moment. */
  get idTokens(): IdTokens {
    return (this.#idTokens ??= new IdTokens());
  }

  /** The first fault that is for this request, used up. */
  takeFault(method: string, path: string): DirectoryFault['does'] | undefined {
    const index = this.directoryFaults.findIndex((fault) => fault.method === method && fault.path.test(path));
    return index < 0 ? undefined : this.directoryFaults.splice(index, 1)[0]?.does;
  }

  publish(application: PublishedApplication): void {
    this.published.set(application.clientId, application);
  }

  /** Makes the identity that the connector runs as, with its service principal in its own tenant. */
  manage(identity: ManagedIdentity): void {
    this.managed = identity;
    this.applicationsOf(identity.tenantId).putServicePrincipal(identity.clientId);
  }

  applicationsOf(tenantId: string): TenantApplications {
    const known = this.#applications.get(tenantId);
    if (known !== undefined) return known;
    const made = new TenantApplications(() => this.#service().nowMs());
    this.#applications.set(tenantId, made);
    return made;
  }

  /** Everybody who can sign in: those of one tenant, or of the tenants that are not collected yet first. */
  people(tenant: string): Person[] {
    const service = this.#service();
    const one = service.tenantByName(tenant);
    if (one !== undefined) return peopleOf(one);
    const all = [...service.tenants.values()];
    const prospects = all.filter((control) => control.tenant.prospect === true);
    return [...(prospects.length > 0 ? prospects : all).flatMap(peopleOf), personalAccount];
  }

  issueCode(facts: Omit<IssuedCode, 'used' | 'expiresMs'>): string {
    const code = `0.${randomBytes(48).toString('base64url')}`;
    this.codes.set(code, { ...facts, expiresMs: this.#service().nowMs() + 10 * 60_000, used: false });
    return code;
  }
}
