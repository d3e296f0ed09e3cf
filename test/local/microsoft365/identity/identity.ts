import { randomBytes, randomUUID } from 'node:crypto';
import type { TenantControl } from '../tenant';
import type { DirectoryState, ManagedIdentity, Password, PublishedApplication } from './applications';
import { roleId, TenantApplications } from './applications';
import { IdTokens } from './idTokens';
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

  /** Enters a published application in the tenant that registered it, with the managed identity as its owner, which may renew its secret. */
  register({ clientId, name, secret }: PublishedApplication): void {
    if (this.managed === undefined) return;
    const applications = this.applicationsOf(this.managed.tenantId);
    // It was registered before a restart.
    if (applications.applications.some(({ appId }) => appId === clientId)) return;
    const owner = applications.putServicePrincipal(this.managed.clientId);
    applications.grant(owner.id, applications.resourcePrincipal('graph').id, roleId('graph', 'Application.ReadWrite.OwnedBy'));
    const endDateTime = new Date(this.#service().nowMs() + 365 * 86_400_000).toISOString();
    const password = { keyId: randomUUID(), displayName: 'portal', secretText: secret, endDateTime, acceptedFromMs: 0 };
    applications.applications.push({
      ...{ id: randomUUID(), appId: clientId, uniqueName: undefined, properties: { displayName: name } },
      ...{ passwords: [password], owners: [owner.id], visibleFromMs: 0 },
    });
  }

  /** The secrets a published application signs in with now: those of its registration, where that is simulated. */
  passwordsOf({
    clientId,
    secret,
  }: PublishedApplication): readonly Pick<Password, 'secretText' | 'acceptedFromMs' | 'endDateTime'>[] {
    const home = this.managed === undefined ? undefined : this.applicationsOf(this.managed.tenantId);
    const registered = home?.applications.find(({ appId }) => appId === clientId);
    return registered?.passwords ?? [{ secretText: secret, acceptedFromMs: 0, endDateTime: '9999-12-31T00:00:00Z' }];
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

  /** The directories of all tenants, as JSON. */
  save(): string {
    return JSON.stringify(Object.fromEntries([...this.#applications].map(([tenantId, { state }]) => [tenantId, state])));
  }

  /** Takes over what `save` gave. */
  restore(json: string): void {
    const states = JSON.parse(json) as Readonly<Record<string, DirectoryState>>;
    for (const [tenantId, state] of Object.entries(states)) this.applicationsOf(tenantId).restore(state);
  }

  issueCode(facts: Omit<IssuedCode, 'used' | 'expiresMs'>): string {
    const code = `0.${randomBytes(48).toString('base64url')}`;
    this.codes.set(code, { ...facts, expiresMs: this.#service().nowMs() + 10 * 60_000, used: false });
    return code;
  }
}
