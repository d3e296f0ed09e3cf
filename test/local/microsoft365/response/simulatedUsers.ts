/** What a simulated user is made from: what does not change. */
export interface UserFacts {
  readonly id: string;
  readonly displayName: string;
  readonly userPrincipalName: string;
  readonly accountEnabled: boolean;
  readonly onPremisesSyncEnabled?: boolean;
  /** Role templates by display name. */
  readonly roles?: readonly { readonly displayName: string; readonly roleTemplateId: string }[];
  /** Those that the user may activate. */
  readonly eligible?: readonly { readonly displayName: string; readonly roleTemplateId: string }[];
  /** Only who has a role for the user's own unit may change the user. */
  readonly isManagementRestricted?: boolean;
}

/** An answer of the simulation: JSON, or nothing. */
export interface ActionReply {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A change that was made: what a test counts. */
export interface Effect {
  readonly at: number;
  readonly target: string;
  readonly what: string;
  /** What stands in the comment, for machine actions. */
  readonly comment?: string;
}

interface UserState {
  enabled: boolean;
  /** What reads show until the change has spread. */
  before: boolean;
  changedAt: number;
  validFrom: string;
  validFromBefore: string;
  revokedAt: number;
  riskState: string | undefined;
}

const syncMs = 30 * 60_000;

/** Users whose accounts, sessions and risk can be changed, and whom the directory sync switches back. */
export class SimulatedUsers {
  readonly effects: Effect[] = [];
  /** How long after a change reads still show what was before. */
  lagMs = 0;
  /** Whether the tenant has the licence for Privileged Identity Management. */
  hasPrivilegedIdentityManagement = true;
  readonly #now: () => number;
  readonly #find: (id: string) => UserFacts | undefined;
  readonly #all: () => Iterable<UserFacts>;
  readonly #states = new Map<string, UserState>();

  constructor(now: () => number, find: (id: string) => UserFacts | undefined, all: () => Iterable<UserFacts>) {
    this.#now = now;
    this.#find = find;
    this.#all = all;
  }

  /** Answers a request of Graph about a user; undefined when it is none. `maySet`: the application may change administrators. */
  answer(method: string, path: string, body: string, maySet: boolean, query = new URLSearchParams()): ActionReply | undefined {
    if (path === '/v1.0/roleManagement/directory/roleEligibilityScheduleInstances') return this.#eligible(query);
    const members = /^\/v1\.0\/directoryRoles\(roleTemplateId='([^']+)'\)\/members\/microsoft\.graph\.user$/.exec(path);
    if (members !== null) return this.#members(members[1] ?? '');
    const risky = /^\/v1\.0\/identityProtection\/riskyUsers\/([^/]+)$/.exec(path);
    if (risky !== null && risky[1] !== 'confirmCompromised' && risky[1] !== 'delta') return this.#risk(risky[1] ?? '');
    if (risky !== null && method === 'POST') return this.#confirm(body);
    const user = /^\/v1\.0\/users\/([^/]+)(\/.*)?$/.exec(path);
    if (user === null) return undefined;
    const [, name = '', rest] = user;
    const facts = this.#find(decodeURIComponent(name).toLowerCase());
    if (rest === '/transitiveMemberOf/microsoft.graph.directoryRole')
      return facts === undefined ? notThere : { status: 200, body: { value: facts.roles ?? [] } };
    if (rest === '/revokeSignInSessions' && method === 'POST') return facts === undefined ? notThere : this.#revoke(facts);
    if (rest !== undefined) return undefined;
    if (method === 'PATCH') return facts === undefined ? notThere : this.#patch(facts, body, maySet);
    return method === 'GET' && facts !== undefined && this.#states.has(facts.id)
      ? { status: 200, body: this.shown(facts) }
      : undefined;
  }

  /** A user as reads show it now. */
  shown(facts: UserFacts): Record<string, unknown> {
    const state = this.#stateOf(facts);
    const now = this.#now();
    const spread = now - state.changedAt >= this.lagMs;
    const validFrom = now - state.revokedAt >= this.lagMs ? state.validFrom : state.validFromBefore;
    const { id, displayName, userPrincipalName, onPremisesSyncEnabled } = facts;
    return {
      ...{ id, displayName, userPrincipalName, onPremisesSyncEnabled: onPremisesSyncEnabled ?? null },
      ...{ accountEnabled: spread ? state.enabled : state.before, signInSessionsValidFromDateTime: validFrom },
    };
  }

  /** Whether an account is really on, whatever reads show. */
  isEnabled(id: string): boolean | undefined {
    const facts = this.#find(id);
    return facts === undefined ? undefined : this.#stateOf(facts).enabled;
  }

  #stateOf(facts: UserFacts): UserState {
    let state = this.#states.get(facts.id);
    if (state === undefined) {
      const validFrom = '2026-01-05T08:00:00Z';
      state = {
        ...{ enabled: facts.accountEnabled, before: facts.accountEnabled, changedAt: -Infinity, revokedAt: -Infinity },
        ...{ validFrom, validFromBefore: validFrom, riskState: undefined },
      };
      this.#states.set(facts.id, state);
    }
    // What is mastered on premises comes back with the next sync.
    if (facts.onPremisesSyncEnabled === true && state.enabled !== facts.accountEnabled) {
      const nextSync = (Math.floor(state.changedAt / syncMs) + 1) * syncMs;
      if (this.#now() >= nextSync)
        Object.assign(state, { before: state.enabled, enabled: facts.accountEnabled, changedAt: nextSync });
    }
    return state;
  }

  #patch(facts: UserFacts, body: string, maySet: boolean): ActionReply {
    const wanted = (JSON.parse(body) as { accountEnabled?: unknown }).accountEnabled;
    if (typeof wanted !== 'boolean')
      return refused(400, 'Request_BadRequest', 'A value is required for property accountEnabled.');
    if ((facts.roles ?? []).length > 0 && !maySet)
      return refused(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
    if (facts.isManagementRestricted === true) return refused(403, 'Authorization_RequestDenied', restricted);
    const state = this.#stateOf(facts);
    this.#note(facts.id, wanted ? 'enable' : 'disable');
    if (state.enabled !== wanted) Object.assign(state, { before: state.enabled, enabled: wanted, changedAt: this.#now() });
    return { status: 204 };
  }

  #revoke(facts: UserFacts): ActionReply {
    const state = this.#stateOf(facts);
    this.#note(facts.id, 'revoke');
    const now = this.#now();
    Object.assign(state, {
      validFromBefore: state.validFrom,
      validFrom: `${new Date(now).toISOString().slice(0, 19)}Z`,
      revokedAt: now,
    });
    return { status: 200, body: { value: true } };
  }

  #risk(id: string): ActionReply | undefined {
    const facts = this.#find(id);
    const riskState = facts === undefined ? undefined : this.#stateOf(facts).riskState;
    if (facts === undefined || riskState === undefined) return undefined;
    return { status: 200, body: { id, riskState, riskLevel: 'high', userPrincipalName: facts.userPrincipalName } };
  }

  #confirm(body: string): ActionReply {
    const { userIds = [] } = JSON.parse(body) as { userIds?: readonly string[] };
    for (const id of userIds) {
      const facts = this.#find(id);
      if (facts === undefined) continue;
      this.#note(id, 'confirm');
      this.#stateOf(facts).riskState = 'confirmedCompromised';
    }
    return { status: 204 };
  }

  #eligible(query: URLSearchParams): ActionReply {
    if (!this.hasPrivilegedIdentityManagement)
      return refused(
        400,
        'AadPremiumLicenseRequired',
        'The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.',
      );
    const id = /^principalId eq '([^']+)'$/.exec(query.get('$filter') ?? '')?.[1];
    if (id === undefined) return refused(400, 'InvalidFilter', 'The filter is invalid.');
    const value = (this.#find(id)?.eligible ?? []).map(({ displayName, roleTemplateId }) => ({
      ...{ id: `${id}-${roleTemplateId}`, principalId: id, directoryScopeId: '/', memberType: 'Direct', startDateTime: null },
      ...{ endDateTime: null, roleDefinitionId: roleTemplateId },
      ...(query.get('$expand') === 'roleDefinition' ? { roleDefinition: { id: roleTemplateId, displayName } } : {}),
    }));
    return { status: 200, body: { value } };
  }

  #members(role: string): ActionReply {
    const found = [...this.#all()].filter(({ roles = [] }) => roles.some(({ roleTemplateId }) => roleTemplateId === role));
    return { status: 200, body: { value: found.map((facts) => this.shown(facts)) } };
  }

  #note(target: string, what: string): void {
    this.effects.push({ at: this.#now(), target, what });
  }
}

/** A refusal in the form of Graph. */
export function refused(status: number, code: string, message: string): ActionReply {
  return { status, body: { error: { code, message } } };
}

const restricted =
  'Target object is a member of a restricted management administrative unit and can only be modified by administrators scoped to that administrative unit.';

const notThere = refused(
  404,
  'Request_ResourceNotFound',
  'Resource does not exist or one of its queried objects are not present.',
);
