import { actions as registry } from '../../src/actions';
import type { ActOptions, ActPorts } from '../../src/app/actPorts';
import { requestAction } from '../../src/app/requestAction';
import type { GivenAction, RequestedAction } from '../../src/app/requestAction';
import { resumeActions, runAction } from '../../src/app/runAction';
import type { ActionRow } from '../../src/domain/actionRow';
import type { HourBudget, TargetLine } from '../../src/domain/actionLimits';
import { ConnectorError } from '../../src/domain/failure';
import type { Failure } from '../../src/domain/failure';
import type { Operator } from '../../src/domain/operator';
import type { Answer, TenantRequest } from '../../src/domain/source';
import type { Tenant } from '../../src/domain/tenant';
import type { TenantProfile } from '../../src/domain/verdict';
import { SimulatedMachines } from '../local/microsoft365/response/simulatedMachines';
import type { MachineFacts } from '../local/microsoft365/response/simulatedMachines';
import { SimulatedUsers } from '../local/microsoft365/response/simulatedUsers';
import type { UserFacts } from '../local/microsoft365/response/simulatedUsers';
import { answerWith, madeUpCloud } from '../microsoft/fakes';
import { MemoryActions, MemoryChanges, MemoryRowStore } from './memoryRowStore';
import { MemorySink } from './memorySink';
import { tenantNamed } from './simulatedTenant';
import { VirtualClock } from './virtualClock';

/** What becomes of a call of a port: done; the process dies before it; after it, without hearing the answer. */
export type CallFate = 'go' | 'dieBefore' | 'dieAfter';

/** What becomes of a request to Microsoft: also, its answer is lost, it does not arrive, or it is refused for now. */
export type RequestFate = 'go' | 'lost' | 'notArrived' | 'throttled' | 'fault';

/** A process that is dead: nothing it does has an effect any more. */
class Died extends Error {}

export const requester: Operator = { who: 'home/requester', roles: ['Responder'] };
export const approver: Operator = { who: 'home/approver', roles: ['Approver'] };

const guid = (digit: number): string => `${String(digit).repeat(8)}-0000-4000-8000-00000000000${digit}`;
const globalAdministrator = { displayName: 'Global Administrator', roleTemplateId: '62e90394-69f5-4237-9190-012177145e10' };
const helpdesk = { displayName: 'Helpdesk Administrator', roleTemplateId: '729827e3-9c14-49f7-bb1b-9608f156bbb8' };

const person = (digit: number, more: Partial<UserFacts> = {}): UserFacts => ({
  ...{
    id: guid(digit),
    displayName: `Person ${digit}`,
    userPrincipalName: `person${digit}@contoso.example`,
    accountEnabled: true,
  },
  ...more,
});

/** Those that actions are taken on. */
export const people = {
  plain: person(1),
  other: person(2),
  synced: person(3, { onPremisesSyncEnabled: true }),
  administrator: person(4, { roles: [helpdesk] }),
  lastGlobal: person(5, { roles: [globalAdministrator] }),
  breakGlass: person(6),
  eligible: person(7, { eligible: [globalAdministrator, helpdesk] }),
  restricted: person(8, { isManagementRestricted: true }),
};
const machine = (digit: string, osPlatform = 'Windows11'): MachineFacts => ({
  ...{ id: digit.repeat(40), computerDnsName: `machine-${digit}`, osPlatform },
});
export const machines = { one: machine('a'), two: machine('b'), linux: machine('c', 'Ubuntu'), phone: machine('d', 'iOS') };

const roles = {
  management: [],
  graph: [
    ...['User.Read.All', 'RoleManagement.Read.Directory', 'User.EnableDisableAccount.All', 'User.RevokeSessions.All'],
    'IdentityRiskyUser.ReadWrite.All',
  ],
  defender: ['Machine.Read.All', 'Machine.Isolate', 'Machine.CollectForensics', 'Machine.Scan'],
};

/** Everything around acting, in memory: stores that outlive processes, a queue, a clock that jumps, and users and machines at Microsoft. */
export class ActWorld {
  readonly clock = new VirtualClock('2026-11-22T10:00:00Z');
  readonly actions = new MemoryActions();
  readonly lines = new MemoryRowStore<TargetLine>();
  readonly budgets = new MemoryRowStore<HourBudget>();
  readonly changes = new MemoryChanges();
  readonly sink = new MemorySink(this.clock.now);
  readonly tenant: Tenant = { ...tenantNamed('contoso'), cloud: 'custom' };
  readonly events: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  readonly users: SimulatedUsers;
  readonly machines: SimulatedMachines;
  /** Requests to Microsoft that were sent, as `PATCH /v1.0/users/…`. */
  readonly sent: string[] = [];
  /** In which order actions joined the lines of their targets. */
  readonly joined: string[] = [];
  roles: Readonly<Record<'management' | 'graph' | 'defender', readonly string[]>> = roles;
  isSetUp = true;
  /** What is known of the tenant's licences; nothing unless said. */
  servicePlans: TenantProfile['servicePlans'] | undefined;
  maySetAdministrators = false;
  options: ActOptions = {
    ...{ mode: 'on', protectedTargets: new Set([people.breakGlass.id]), perTenantAnHour: 50, allTenantsAnHour: 100 },
    ...{ targetsWithoutApproval: 20, approvalMs: 30 * 60_000, owner: 'test' },
  };
  fateOfRequest: (request: TenantRequest, count: number) => RequestFate = () => 'go';
  /** How long a request takes, in ms. */
  latencyMs: () => number = () => 0;
  #queue: { readonly id: string; readonly at: number }[] = [];
  #requests = 0;

  constructor() {
    const now = (): number => this.clock.now().getTime();
    const everybody = Object.values(people);
    const everything = Object.values(machines);
    this.users = new SimulatedUsers(
      now,
      (id) => everybody.find((one) => one.id === id),
      () => everybody,
    );
    this.machines = new SimulatedMachines(now, (id) => everything.find((one) => one.id === id));
  }

  /** The ports of a process; each call goes through `fate` with its name and number. */
  process(fate: (name: string, step: number) => CallFate = () => 'go'): ActPorts & { readonly calls: readonly string[] } {
    const calls: string[] = [];
    let isDead = false;
    const through = async <T>(name: string, go: () => Promise<T>): Promise<T> => {
      if (isDead) throw new Died();
      const what = fate(name, calls.push(name) - 1);
      if (what === 'dieBefore') isDead = true;
      if (isDead) throw new Died();
      const result = await go();
      if (what === 'dieAfter') isDead = true;
      // Another of its calls may have been its last.
      if (isDead) throw new Died();
      return result;
    };
    const around = <T extends object>(name: string, object: T): T =>
      new Proxy(object, {
        get: (target, property): unknown => {
          const member: unknown = Reflect.get(target, property);
          if (typeof member !== 'function' || typeof property !== 'string') return member;
          if (property === 'due') return member.bind(target) as unknown;
          return async (...args: unknown[]) =>
            through(`${name}.${property}`, async () => (await Reflect.apply(member, target, args)) as unknown);
        },
      });
    const { clock, options } = this;
    return {
      calls,
      ...{ clock, clouds: () => madeUpCloud, registry: new Map(registry.map((action) => [action.id, action])) },
      actions: around('actions', this.actions),
      lines: around('lines', {
        find: this.lines.find,
        all: () => this.lines.all(),
        remove: this.lines.remove,
        save: async (line: TargetLine, expected: string | undefined, signal: AbortSignal) => {
          const etag = await this.lines.save(line, expected, signal);
          for (const id of line.actions) if (!this.joined.includes(id)) this.joined.push(id);
          return etag;
        },
      }),
      budgets: around('budgets', this.budgets),
      changes: around('changes', this.changes),
      sink: around('sink', this.sink),
      tenants: {
        find: async (id) => Promise.resolve(id === this.tenant.id ? { tenant: this.tenant, etag: '"1"' } : undefined),
        all: async function* () {},
        save: async () => Promise.reject(new Error('not expected')),
        remove: async () => Promise.reject(new Error('not expected')),
      },
      telemetry: { event: (name, _severity, fields = {}) => void this.events.push({ name, fields }) },
      collect: { options: { operationsHub: 'm365-operations', publisherId: 'home' } },
      actionQueue: around('queue', {
        send: async (id: string, delayMs: number) => {
          this.#queue.push({ id, at: clock.now().getTime() + delayMs });
          return Promise.resolve();
        },
      }),
      responder: (tenant) => (this.isSetUp ? { ...tenant, clientId: 'response', secretName: 'response' } : undefined),
      responseRoles: async (_tenant, api) => Promise.resolve(this.roles[api]),
      profiles: {
        find: async () => {
          const { servicePlans, tenant } = this;
          if (servicePlans === undefined) return Promise.resolve(undefined);
          const { id: tenantId, epoch } = tenant;
          const seen = { roles: {}, verdicts: {}, alertFlows: {}, probedAt: clock.now().toISOString() };
          return Promise.resolve({ tenantId, epoch, servicePlans, ...seen });
        },
      },
      findTargets: async () => Promise.resolve([]),
      actionRun: (tenant, signal) => ({
        tenant: { id: tenant.id, cloud: madeUpCloud },
        now: clock.now,
        signal,
        send: async (request) => through(`send ${request.method}`, async () => this.#send(request, signal)),
      }),
      actOptions: options,
    };
  }

  /** Asks for an action, as the API does. */
  async ask(
    ports: ActPorts,
    body: Readonly<Record<string, unknown>>,
    { key = 'key-00000001', by = requester }: { readonly key?: string; readonly by?: Operator } = {},
  ): Promise<RequestedAction> {
    const given = { tenantId: this.tenant.id, key, body: { reason: 'an alert', dryRun: false, ...body } };
    return this.clock.run(requestAction(ports, by, given, never));
  }

  /** Asks for an action, without moving the clock. */
  async request(ports: ActPorts, by: Operator, given: GivenAction): Promise<RequestedAction> {
    return requestAction(ports, by, given, never);
  }

  /** Works on what the queue brings, and on what the timer finds, until nothing is left to do or time is up; `worker` makes the process for each message. */
  async settle(forMs = 3 * 86_400_000, worker: () => ActPorts = () => this.process()): Promise<void> {
    const endsAt = this.clock.now().getTime() + forMs;
    let timerAt = this.clock.now().getTime() + 60_000;
    while (this.clock.now().getTime() < endsAt && (this.#queue.length > 0 || this.unfinished().length > 0)) {
      const now = this.clock.now().getTime();
      const due = this.#queue.filter(({ at }) => at <= now);
      this.#queue = this.#queue.filter(({ at }) => at > now);
      const works = due.map(async ({ id }) => surviving(runAction(worker(), id, never)));
      if (now >= timerAt) {
        timerAt = now + 60_000;
        works.push(surviving(resumeActions(worker(), never)));
      }
      if (works.length > 0) await this.clock.run(Promise.all(works));
      else this.clock.jump(new Date(Math.min(timerAt, ...this.#queue.map(({ at }) => at))));
    }
  }

  /** Actions with something left to do. */
  unfinished(): ActionRow[] {
    return this.actions.list().filter((row) => row.left !== true || row.told < row.story.length);
  }

  /** Loses, or doubles, what is on the queue. */
  disturbQueue(keep: (index: number) => 0 | 1 | 2): void {
    this.#queue = this.#queue.flatMap((message, index) => Array.from({ length: keep(index) }, () => message));
  }

  row(id: string): ActionRow {
    const found = this.actions.list().find((row) => row.id === id);
    if (found === undefined) throw new Error(`There is no action ${id}.`);
    return found;
  }

  async #send(request: TenantRequest, signal: AbortSignal): Promise<Answer> {
    const { clock } = this;
    const fate = this.fateOfRequest(request, (this.#requests += 1));
    const fail = (failure: Failure): never => {
      throw new ConnectorError('sending', failure);
    };
    const ms = this.latencyMs();
    if (ms > 0) await clock.sleep(ms / 2, signal);
    if (fate === 'throttled') fail({ kind: 'throttled', code: 'TooManyRequests', retryAfterMs: 7_000 });
    if (fate === 'notArrived') fail({ kind: 'unavailable', code: 'ECONNRESET' });
    if (fate === 'fault') return answerWith({ status: 500, body: { error: { code: 'InternalServerError', message: '' } } });
    const { pathname, searchParams } = new URL(request.url);
    if (request.method !== 'GET') this.sent.push(`${request.method} ${pathname}`);
    const { method, body = '' } = request;
    const reply =
      request.api === 'graph'
        ? (this.users.answer(method, pathname, body, this.maySetAdministrators, searchParams) ?? this.#read(pathname))
        : (this.machines.answer(method, pathname, searchParams, body) ?? this.#read(pathname));
    if (ms > 0) await clock.sleep(ms / 2, signal);
    if (fate === 'lost') fail({ kind: 'unavailable', code: 'connectionClosed' });
    return answerWith({ status: reply.status, headers: { 'request-id': `request-${this.#requests}` }, body: reply.body ?? '' });
  }

  #read(path: string): { readonly status: number; readonly body: object } {
    const id = path.split('/').at(-1) ?? '';
    const user = path.includes('/riskyUsers/') ? undefined : Object.values(people).find((one) => one.id === id);
    if (user !== undefined) return { status: 200, body: this.users.shown(user) };
    const found = Object.values(machines).find((one) => one.id === id);
    const healthStatus = this.machines.moodOf(id) === 'offline' ? 'Inactive' : 'Active';
    if (found !== undefined) return { status: 200, body: { ...found, healthStatus, onboardingStatus: 'Onboarded' } };
    return { status: 404, body: { error: { code: 'ResourceNotFound', message: 'Not found.' } } };
  }
}

const never = new AbortController().signal;

/** Ends when the process dies; everything else that goes wrong is a bug. */
export async function surviving(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
  }
}
