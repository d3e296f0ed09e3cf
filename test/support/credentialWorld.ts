import { rotateDue } from '../../src/app/rotate';
import { namePrefix } from '../../src/app/rotationPorts';
import type { RotationPorts } from '../../src/app/rotationPorts';
import { giveCredential } from '../../src/app/credentials';
import type { CredentialRing, RingFact } from '../../src/domain/credential';
import { ConnectorError } from '../../src/domain/failure';
import type { Clock, Credentials, Telemetry } from '../../src/domain/ports';
import type { Tenant } from '../../src/domain/tenant';
import { applicationCredentials } from '../../src/microsoft/applicationCredentials';
import { trySignIn } from '../../src/microsoft/applicationSignIn';
import { credentialFacts } from '../../src/microsoft/clientAssertion';
import { createClouds } from '../../src/microsoft/clouds';
import type { Http } from '../../src/microsoft/http';
import { createCredentials } from '../../src/microsoft/login';
import { answerApplications } from '../local/microsoft365/applicationsApi';
import { applicationOperation } from '../local/microsoft365/applicationRoute';
import { route } from '../local/microsoft365/call';
import { ContentStore } from '../local/microsoft365/contentStore';
import { answerLogin } from '../local/microsoft365/login';
import { createRandom } from '../local/microsoft365/random';
import { Service } from '../local/microsoft365/service';
import { defaultSettings } from '../local/microsoft365/settings';
import { Subscriptions } from '../local/microsoft365/subscriptions';
import { TenantControl, type SimulatedTenant } from '../local/microsoft365/tenant';
import { Tokens } from '../local/microsoft365/tokens';
import { answerWith, contoso } from '../microsoft/fakes';
import { MemoryRings, MemoryVault } from './memoryCredentials';

/** The process ended here: nobody catches it. */
export class Died extends Error {}

/** Does something before, after or instead of a step that changes something outside. */
export type AroundStep = <Result>(name: string, go: () => Promise<Result>) => Promise<Result>;

const secondMs = 1_000;
const dayMs = 86_400_000;
export const homeTenantId = '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9';
export const identityClientId = '1d1d1d1d-0000-4000-8000-00000000000d';
export const canary = /canary/;

const urls = {
  login: 'https://login.example',
  management: 'https://manage.example',
  graph: 'https://graph.example',
  defender: 'https://defender.example',
};

/** What a world of one application is made of. */
export interface CredentialWorldOptions {
  readonly start?: string;
  readonly tenant?: Partial<SimulatedTenant>;
  /** The application is registered in the home tenant, and cared for by the managed identity. */
  readonly home?: boolean;
}

/** One application in a simulated directory, its ring and vault in memory, and any number of instances of the connector. Time moves when told. */
export class CredentialWorld {
  readonly service: Service;
  readonly control: TenantControl;
  readonly vault: MemoryVault;
  readonly rings = new MemoryRings();
  readonly tenant: Tenant;
  readonly lines: string[] = [];
  readonly facts: RingFact[] = [];
  readonly signal = new AbortController().signal;
  readonly instances: Credentials[] = [];
  /** Between the rotation and the outside; instances are not concerned. */
  around: AroundStep = async (_name, go) => go();
  /** What the login service or Graph does instead of answering. */
  breakHttp: (operation: string) => void = () => undefined;
  makeCertificate: RotationPorts['makeCertificate'] = async () => Promise.reject(new Error('not expected'));
  polls = 0;
  #now: number;
  #ids = 0;

  constructor({ start = '2026-11-22T12:00:00Z', tenant = {}, home = false }: CredentialWorldOptions = {}) {
    this.#now = Date.parse(start);
    const settings = { ...defaultSettings };
    const clock = this.clock;
    this.service = new Service({
      ...{ clock, settings, urls, tokens: new Tokens(1), content: new ContentStore(clock, settings, 1, undefined) },
      ...{ subscriptions: new Subscriptions(undefined), random: createRandom(1, 'service') },
    });
    const tenantId = home ? homeTenantId : contoso.id;
    const simulated: SimulatedTenant = {
      ...{
        tenantId,
        name: 'Contoso',
        clientId: contoso.clientId,
        secret: 'old~canary-first',
        mood: 'steady',
        tokenLifeSeconds: 3_599,
      },
      ...{ roles: { graph: ['Application.ReadWrite.OwnedBy'] }, ...tenant },
    };
    this.control = new TenantControl(simulated, () => this.#now);
    if (home) this.application.owners.add(identityClientId);
    this.service.tenants.set(tenantId, this.control);
    this.vault = new MemoryVault(() => new Date(this.#now));
    this.tenant = { ...contoso, id: tenantId, cloud: 'custom' };
  }

  readonly clock: Clock = {
    now: () => new Date(this.#now),
    sleep: async (ms) => {
      this.#now += ms;
      return Promise.resolve();
    },
  };

  get application() {
    return this.control.application;
  }

  get telemetry(): Telemetry {
    return { event: (name, severity, fields) => this.lines.push(JSON.stringify({ name, severity, ...fields })) };
  }

  get events(): string[] {
    return this.lines.map((line) => (JSON.parse(line) as { name: string }).name);
  }

  /** A client of the simulated login and Graph, in this process. */
  http(around: AroundStep): Http {
    return {
      send: async ({ method, url, headers = {}, body = '' }) => {
        const { origin, pathname, search } = new URL(url);
        const listener = origin === urls.login ? 'login' : 'graph';
        const call = { ...route(listener, method, `${pathname}${search}`, { ...headers }), body };
        const answer = async () => {
          this.breakHttp(call.operation);
          const { status, body: bytes } =
            listener === 'login' ? answerLogin(this.service, call) : answerApplications(this.service, call);
          return Promise.resolve(answerWith({ status, body: bytes.toString() }));
        };
        const changes = listener === 'graph' && method === 'POST' && applicationOperation(pathname) !== undefined;
        return changes ? around(call.operation, answer) : answer();
      },
      close: () => undefined,
    };
  }

  /** For `breakHttp`: Graph does not answer, login does. */
  readonly graphIsDown = (operation: string): void => {
    if (operation !== 'token') throw unanswered('graph');
  };

  /** What a process that looks after credentials has. */
  rotation(): RotationPorts {
    const { clock, telemetry, rings, vault } = this;
    const around: AroundStep = async (name, go) => this.around(name, go);
    const signIn = this.#signIn(around);
    const versions = {
      ...vault.versions,
      add: async (...args: Parameters<MemoryVault['add']>) => around('vault.add', async () => vault.add(...args)),
      disable: async (...args: Parameters<MemoryVault['disable']>) => around('vault.disable', async () => vault.disable(...args)),
    };
    return {
      ...{ clock, telemetry, versions, owner: 'test', installation: 'test', factsOf: credentialFacts },
      rings: {
        find: rings.find,
        due: (now) => rings.due(now),
        remove: rings.remove,
        save: async (ring) => around('rings.save', async () => rings.save(ring, this.signal)),
      },
      applications: applicationCredentials({ ...signIn, versions, homeTenantId }),
      trySignIn: async ({ cloud, tenantId, clientId }, credential, signal) =>
        trySignIn(signIn, { cloud, tenantId, clientId, api: 'graph' }, credential, signal),
      makeCertificate: async (facts) => this.makeCertificate(facts),
      tellFacts: async (_ring, facts) =>
        around('tellFacts', async () => {
          this.facts.push(...facts);
          return Promise.resolve();
        }),
      newId: () => `id${(this.#ids += 1)}`,
    };
  }

  #signIn(around: AroundStep) {
    const clouds = createClouds({ id: 'custom', title: 'Made up', login: urls.login, hosts: urls });
    const identityToken = async (resource: string) => {
      const roles = resource === urls.graph ? ['Application.ReadWrite.OwnedBy'] : [];
      const subject = { aud: resource, tid: homeTenantId, appid: identityClientId, roles };
      const token = this.service.tokens.issue(subject, this.#now, 3_600);
      return Promise.resolve({ token, expiresAt: new Date(this.#now + 3_600 * secondMs) });
    };
    return { http: this.http(around), clouds, clock: this.clock, identityToken };
  }

  /** Another instance, with caches of its own. */
  startInstance(): void {
    const { rings, vault, telemetry } = this;
    const signIn = this.#signIn(async (_name, go) => go());
    this.instances.push(createCredentials({ ...signIn, rings, versions: vault.versions, secrets: vault, telemetry }));
  }

  /** Gives the ring its first credential, as adding the tenant does. */
  async begin(): Promise<void> {
    const value = this.control.tenant.secret;
    await giveCredential(this.rotation(), this.tenant, { kind: 'clientSecret', value }, this.signal);
  }

  /** The same with a secret that the connector made itself, as after an earlier rotation. */
  async beginWithOurs(): Promise<void> {
    const { clientId, secret: portal } = this.control.tenant;
    this.application.removeSecret(portal);
    const displayName = `${namePrefix({ installation: 'test' }, { name: this.tenant.secretName })}first-1`;
    const expiresAt = new Date(this.#now + 180 * dayMs);
    const added = this.application.addPassword(displayName, expiresAt.getTime());
    if (typeof added === 'string') throw new Error(added);
    const { keyId, secretText: value } = added;
    const version = await this.vault.add(this.tenant.secretName, { kind: 'clientSecret', value, tags: { keyId } }, this.signal);
    const now = this.clock.now().toISOString();
    const current = { version, keyId, startsAt: now, expiresAt: expiresAt.toISOString(), ours: true };
    const { id: tenantId, secretName: name } = this.tenant;
    const ring = { name, kind: 'clientSecret', cloud: 'custom', clientId, tenantId, current } as const;
    await this.rings.save({ ...ring, dueAt: now, facts: [], etag: '' }, this.signal);
  }

  async ring(): Promise<CredentialRing> {
    const ring = await this.rings.find(this.tenant.secretName, this.signal);
    if (ring === undefined) throw new Error('There is no ring.');
    return ring;
  }

  pass(seconds: number): void {
    this.#now += seconds * secondMs;
  }

  passDays(days: number): void {
    this.#now += days * dayMs;
  }

  /** The timer fires every minute. */
  async minutes(count: number): Promise<void> {
    for (let minute = 0; minute < count; minute += 1) {
      await this.tick();
      await this.poll();
      this.pass(60);
    }
  }

  /** The timer fires once. Returns false when the process died. */
  async tick(): Promise<boolean> {
    try {
      await rotateDue(this.rotation(), this.signal);
      return true;
    } catch (error) {
      if (error instanceof Died) return false;
      throw error;
    }
  }

  /** Every instance polls once, after a login of its own unless it may use the token it has; any failure is a lost poll, and throws. */
  async poll({ login = true } = {}): Promise<void> {
    for (const instance of this.instances) {
      if (login) instance.forget(this.tenant.id, 'management');
      await instance.token(this.tenant, 'management', this.signal);
      this.polls += 1;
    }
  }

  /** Names of our credentials at the application. */
  get ours() {
    const prefix = namePrefix({ installation: 'test' }, { name: this.tenant.secretName });
    return this.application.all.filter(({ displayName }) => displayName.startsWith(prefix));
  }

  /** Whether the one in use can be read and works. */
  usable({ current }: Pick<CredentialRing, 'current'>): boolean {
    const value = this.vault.readable(this.tenant.secretName).get(current?.version ?? '');
    return value !== undefined && this.application.workingSecrets.includes(value);
  }
}

/** What Graph or the vault says when it does not answer. */
export function unanswered(name: string): ConnectorError {
  const kind =
    name.startsWith('vault') || name.startsWith('rings') ? 'storeUnavailable' : name === 'tellFacts' ? 'hubBusy' : 'unavailable';
  return new ConnectorError(`testing ${name}`, { kind, code: 'timeout:headers' });
}
