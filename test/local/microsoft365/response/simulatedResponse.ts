import { SimulatedMachines } from './simulatedMachines';
import type { MachineMood } from './simulatedMachines';
import { refused, SimulatedUsers } from './simulatedUsers';
import type { ActionReply, UserFacts } from './simulatedUsers';

type Json = Readonly<Record<string, unknown>>;

/** What the rest of the simulation knows of a tenant. */
export interface ResponseWorld {
  readonly now: () => number;
  /** The objects of a feed as they are now. */
  readonly objects: (tenantId: string, feed: 'users' | 'defenderMachines') => Iterable<Json>;
  /** Shows a changed user to everybody else who reads it. */
  readonly publishUser: (tenantId: string, user: Json) => void;
}

/** A request about a user or a machine, with what its token carries. */
export interface ActionCall {
  readonly listener: 'graph' | 'defender';
  readonly tenantId: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly roles: readonly string[];
}

interface TenantState {
  readonly users: SimulatedUsers;
  readonly machines: SimulatedMachines;
  /** The application has a directory role that outranks administrators. */
  maySetAdministrators: boolean;
}

const globalAdministrator = { displayName: 'Global Administrator', roleTemplateId: '62e90394-69f5-4237-9190-012177145e10' };
const helpdesk = { displayName: 'Helpdesk Administrator', roleTemplateId: '729827e3-9c14-49f7-bb1b-9608f156bbb8' };
/** Who holds which role, by the place in the list of users. */
const rolesByPlace: readonly UserFacts['roles'][] = [[globalAdministrator], [globalAdministrator], [helpdesk]];

const eligibleByPlace: readonly UserFacts['eligible'][] = [undefined, undefined, [globalAdministrator]];

const permissions: readonly (readonly [method: string, path: RegExp, anyOf: readonly string[]])[] = [
  ['PATCH', /^\/v1\.0\/users\/[^/]+$/, ['User.EnableDisableAccount.All', 'User.ReadWrite.All']],
  ['POST', /revokeSignInSessions$/, ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All']],
  ['GET', /directoryRole/, ['RoleManagement.Read.Directory', 'Directory.Read.All']],
  ['GET', /roleEligibilityScheduleInstances$/, ['RoleManagement.Read.Directory', 'RoleEligibilitySchedule.Read.Directory']],
  ['POST', /confirmCompromised$/, ['IdentityRiskyUser.ReadWrite.All']],
  ['POST', /\/(un)?isolate$/, ['Machine.Isolate']],
  ['POST', /\/collectInvestigationPackage$/, ['Machine.CollectForensics']],
  ['POST', /\/runAntiVirusScan$/, ['Machine.Scan']],
  ['POST', /\/cancel$/, ['Machine.Isolate', 'Machine.CollectForensics', 'Machine.Scan']],
  ['GET', /^\/api\/machineactions/i, ['Machine.Read.All', 'Machine.ReadWrite.All']],
];

/** Whether a request is one that acts, or that is answered differently after something was done. */
export function isActionPath(method: string, path: string): boolean {
  return permissions.some(([wanted, pattern]) => wanted === method && pattern.test(path));
}

/** Users and machines that can be acted on, tenant by tenant, over the objects that the rest of the simulation serves. */
export class SimulatedResponse {
  readonly #world: ResponseWorld;
  readonly #tenants = new Map<string, TenantState>();

  constructor(world: ResponseWorld) {
    this.#world = world;
  }

  /** The users and machines of a tenant. */
  of(tenantId: string): TenantState {
    const known = this.#tenants.get(tenantId);
    if (known !== undefined) return known;
    const { now, objects } = this.#world;
    const people = (): UserFacts[] => [...objects(tenantId, 'users')].map((user, place) => factsOf(user, place));
    const machines = (id: string): Json | undefined => [...objects(tenantId, 'defenderMachines')].find((one) => one['id'] === id);
    const moodOf = (id: string): MachineMood => (machines(id)?.['healthStatus'] === 'Inactive' ? 'offline' : 'online');
    const made: TenantState = {
      users: new SimulatedUsers(now, (id) => people().find((one) => one.id === id), people),
      machines: new SimulatedMachines(
        now,
        (id) => {
          const found = machines(id);
          if (found === undefined) return undefined;
          return { id, computerDnsName: String(found['computerDnsName']), osPlatform: String(found['osPlatform']) };
        },
        moodOf,
      ),
      maySetAdministrators: false,
    };
    this.#tenants.set(tenantId, made);
    return made;
  }

  /** Answers a request that acts, or that reads what was acted on; undefined when the rest of the simulation answers it. */
  answer({ listener, tenantId, method, path, query, body, roles }: ActionCall): ActionReply | undefined {
    const [, , wanted] = permissions.find(([ofMethod, pattern]) => ofMethod === method && pattern.test(path)) ?? [];
    if (wanted !== undefined && !wanted.some((role) => roles.includes(role)))
      return listener === 'graph'
        ? refused(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
        : refused(
            403,
            'Forbidden',
            `The application does not have any of the required application permissions (${wanted.join(', ')})`,
          );
    const { users, machines, maySetAdministrators } = this.of(tenantId);
    if (listener === 'defender') return machines.answer(method, path, query, body);
    const before = users.effects.length;
    const reply = users.answer(method, path, body, maySetAdministrators, query);
    for (const { target } of users.effects.slice(before)) this.#publish(tenantId, target);
    return reply;
  }

  #publish(tenantId: string, id: string): void {
    const { users } = this.of(tenantId);
    const object = [...this.#world.objects(tenantId, 'users')].find((one) => one['id'] === id);
    const accountEnabled = users.isEnabled(id);
    if (object !== undefined && accountEnabled !== undefined && object['accountEnabled'] !== accountEnabled)
      this.#world.publishUser(tenantId, { ...object, accountEnabled });
  }
}

/** What is on premises is not changed by what is done here: there the account is always on. */
function factsOf(user: Json, place: number): UserFacts {
  const synced = user['onPremisesSyncEnabled'] === true;
  const [roles, eligible] = [rolesByPlace[place], eligibleByPlace[place]];
  return {
    id: String(user['id']),
    displayName: String(user['displayName']),
    userPrincipalName: String(user['userPrincipalName']),
    accountEnabled: synced || user['accountEnabled'] === true,
    ...(synced ? { onPremisesSyncEnabled: true } : {}),
    ...(roles === undefined ? {} : { roles }),
    ...(eligible === undefined ? {} : { eligible }),
  };
}
