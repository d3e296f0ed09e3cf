import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActPorts } from '../../src/app/actPorts';
import { failureOf } from '../../src/domain/failure';
import type { Api } from '../../src/domain/failure';
import { createTenantSend } from '../../src/microsoft/tenantSend';
import { createCertificates } from '../local/certificates';
import { route } from '../local/microsoft365/call';
import { answerObjects } from '../local/microsoft365/graph/graphApi';
import type { LimitName } from '../local/microsoft365/graph/limits';
import { startMicrosoft365 } from '../local/microsoft365/microsoft365';
import type { Microsoft365 } from '../local/microsoft365/microsoft365';
import { fakeHttp, fakeTelemetry, madeUpCloud } from '../microsoft/fakes';
import { ActWorld } from '../support/actWorld';

const { signal } = new AbortController();
/** No Retry-After is taken for more: what is absurd would silence a tenant. */
const longestWaitMs = 15 * 60_000;

/** What a process heard from Microsoft: when, about which limit, and how long it was told to wait. */
interface Heard {
  readonly atMs: number;
  readonly limit: string;
  readonly throttledMs: number | undefined;
  /** Without a Retry-After the client finds its own time. */
  readonly said: boolean;
}

/** Several processes with the real client, each with a budget of its own, and one simulated Microsoft 365 that counts them together. */
class Crowd {
  readonly world = new ActWorld();
  readonly microsoft: Microsoft365;
  readonly heard: Heard[][] = [];
  readonly #processes: readonly (() => ActPorts)[];
  #turn = 0;

  constructor(microsoft: Microsoft365, world: ActWorld, processes: number) {
    this.microsoft = microsoft;
    this.world = world;
    world.options = { ...world.options, perTenantAnHour: 10_000, allTenantsAnHour: 10_000, targetsWithoutApproval: 10_000 };
    this.#processes = Array.from({ length: processes }, (_, index) => this.#process(index));
  }

  /** The next process, one after the other. */
  readonly next = (): ActPorts => {
    const make = this.#processes[(this.#turn += 1) % this.#processes.length];
    if (make === undefined) throw new Error('There is no process.');
    return make();
  };

  /** Asks for an action as a patient client does: what is throttled is asked for again, with the same key. */
  async ask(action: string, target: string): Promise<void> {
    const given = {
      tenantId: this.world.tenant.id,
      key: `${action}-${target}`,
      body: { action, target, reason: 'an alert', dryRun: false },
    };
    for (;;)
      try {
        await this.world.request(this.next(), { who: 'home/requester', roles: ['Responder'] }, given);
        return;
      } catch (error) {
        const failure = failureOf(error);
        if (failure?.kind !== 'throttled' && failure?.kind !== 'conflict') throw error;
        await this.world.clock.sleep((failure.kind === 'throttled' ? failure.retryAfterMs : undefined) ?? 1_000, signal);
      }
  }

  /** Requests that a process sent for a limit before the time was over that Microsoft had asked it to wait; those of the same moment were under way. */
  impatient(): string[] {
    return this.heard.flatMap((heard, process) =>
      heard.flatMap(({ atMs, limit, throttledMs, said }, index) => {
        if (throttledMs === undefined || !said) return [];
        const early = heard
          .slice(index + 1)
          .filter(
            (later) => later.limit === limit && later.atMs > atMs && later.atMs < atMs + Math.min(throttledMs, longestWaitMs),
          );
        return early.map((later) => `process ${process} asked ${limit} ${atMs + throttledMs - later.atMs} ms too early`);
      }),
    );
  }

  throttled(limit: string): number {
    return this.heard.flat().filter((one) => one.limit === limit && one.throttledMs !== undefined).length;
  }

  /** Whether the limit of a minute, and that of an hour, was met. */
  waits(limit: string): { readonly minute: boolean; readonly hour: boolean } {
    const waited = this.heard.flat().flatMap((one) => (one.limit === limit ? [one.throttledMs ?? 0] : []));
    return { minute: waited.some((ms) => ms > 0 && ms <= 60_000), hour: waited.some((ms) => ms > 60_000) };
  }

  #process(index: number): () => ActPorts {
    const { world, microsoft } = this;
    const heard: Heard[] = (this.heard[index] = []);
    const { service } = microsoft.graph;
    const roles = world.roles;
    const token = (api: Api): string => {
      const subject = { aud: service.urls[api], tid: world.tenant.id, appid: 'response', roles: roles[api] };
      return service.tokens.issue(subject, service.nowMs(), 3_600);
    };
    const http = fakeHttp(({ method, url, headers = {}, body }) => {
      const { hostname, pathname, search } = new URL(url);
      const listener = hostname === 'graph.example' ? 'graph' : 'defender';
      const call = route(listener, method, `${pathname}${search}`, { authorization: headers['authorization'] });
      const reply = answerObjects(microsoft.graph, { ...call, body: body ?? '' });
      const after = reply.headers['Retry-After'];
      const limit =
        listener === 'defender' ? 'defender' : pathname.includes('identityProtection') ? 'identityProtection' : 'directory';
      const throttledMs = reply.status === 429 ? Number(after ?? 0) * 1_000 : undefined;
      heard.push({ atMs: world.clock.now().getTime(), limit, throttledMs, said: after !== undefined });
      const lower = Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value]));
      return { status: reply.status, headers: lower, body: reply.body.toString() };
    });
    const credentials = { token: async (_: unknown, api: Api) => Promise.resolve(token(api)), forget: () => undefined };
    const { send } = createTenantSend({
      ...{ http, credentials, clouds: () => madeUpCloud, clock: world.clock, telemetry: fakeTelemetry(), random: () => 0.5 },
    });
    return () => ({
      ...world.process(),
      actionRun: (tenant, run) => ({
        tenant: { id: tenant.id, cloud: madeUpCloud },
        now: world.clock.now,
        signal: run,
        send: async (request) => send(tenant, request, run),
      }),
    });
  }
}

describe('many actions at once, by several processes, into the limits of Microsoft', () => {
  const folder = mkdtempSync(join(tmpdir(), 'act-throttled-'));
  let crowd: Crowd;
  beforeEach(async () => {
    const world = new ActWorld();
    // Deadlines are real time elsewhere; here they are that of the world.
    jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      const over = new AbortController();
      void world.clock.sleep(ms, signal).then(() => over.abort(new DOMException('over', 'TimeoutError')));
      return over.signal;
    });
    const microsoft = await startMicrosoft365({
      ...{ clock: world.clock, seed: 7, tls: await createCertificates(folder), tenants: [] },
    });
    microsoft.addTenant({
      ...{
        tenantId: world.tenant.id,
        clientId: 'response',
        name: 'Contoso',
        secret: 'fake-secret~c',
        mood: 'busy',
        activity: 'none',
      },
      size: { users: 60, groups: 3, devices: 260, servicePrincipals: 4 },
    });
    crowd = new Crowd(microsoft, world, 3);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await crowd.microsoft.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function targets(feed: 'users' | 'defenderMachines', wanted: (object: Readonly<Record<string, unknown>>) => boolean): string[] {
    const { graph } = crowd.microsoft;
    const store = graph.store(crowd.world.tenant.id, feed);
    const objects = [...store.statesAt(graph.mark())].map((state) => store.parse(state));
    return objects
      .slice(feed === 'users' ? 3 : 0)
      .filter(wanted)
      .map((one) => String(one['id']));
  }

  /** What the same application has asked already, in the same period. */
  function useUp(limit: LimitName, requests: number): void {
    const { microsoft, world } = crowd;
    microsoft.graph.limits.count(limit, `${world.tenant.id}|response`, requests, world.clock.now().getTime());
  }

  async function drive(actions: readonly string[], ids: readonly string[]): Promise<void> {
    const asking = Promise.all(ids.flatMap((id) => actions.map(async (action) => crowd.ask(action, id))));
    await crowd.world.clock.run(asking);
    await crowd.world.settle(3 * 86_400_000, crowd.next);
  }

  it('to Defender for Endpoint: each device action has one effect, none is lost, none failed, and Retry-After is kept, also that of the hour', async () => {
    const online = targets(
      'defenderMachines',
      (one) => /^Windows1/.test(String(one['osPlatform'])) && one['healthStatus'] === 'Active',
    );
    const wanted = ['scanDevice', 'collectPackage'];
    useUp('defenderHour', 1_100);
    await drive(wanted, online);

    const rows = crowd.world.actions.list();
    expect(rows).toHaveLength(online.length * wanted.length);
    expect(rows.filter(({ state }) => state !== 'verified').map(({ action, state, steps }) => [action, state, steps])).toEqual(
      [],
    );
    const { effects } = crowd.microsoft.graph.response.of(crowd.world.tenant.id).machines;
    expect(effects).toHaveLength(rows.length);
    expect(new Set(effects.map(({ target, what }) => `${target} ${what}`)).size).toBe(rows.length);
    expect(crowd.waits('defender')).toEqual({ minute: true, hour: true });
    expect(crowd.impatient()).toEqual([]);
  });

  it('to the directory, whose writes are almost used up: each user is contained once', async () => {
    const people = targets(
      'users',
      (one) => one['accountEnabled'] === true && one['userType'] === 'Member' && one['onPremisesSyncEnabled'] !== true,
    );
    useUp('directoryWrites', 2_990);
    await drive(['containUser'], people);

    const rows = crowd.world.actions.list();
    expect(rows).toHaveLength(people.length);
    expect(rows.filter(({ state }) => state !== 'verified').map(({ state, steps }) => [state, steps])).toEqual([]);
    const { effects } = crowd.microsoft.graph.response.of(crowd.world.tenant.id).users;
    for (const effect of ['disable', 'revoke'])
      expect(effects.flatMap(({ target, what }) => (what === effect ? [target] : [])).toSorted()).toEqual(people.toSorted());
    expect(crowd.throttled('directory')).toBeGreaterThan(0);
    expect(crowd.impatient()).toEqual([]);
  });

  it('to Identity Protection, which does not say how long to wait: each user is confirmed once', async () => {
    const people = targets('users', (one) => one['accountEnabled'] === true && one['userType'] === 'Member');
    await drive(['confirmCompromised'], people);

    const rows = crowd.world.actions.list();
    expect(rows).toHaveLength(people.length);
    expect(rows.filter(({ state }) => state !== 'verified').map(({ state, steps }) => [state, steps])).toEqual([]);
    const { effects } = crowd.microsoft.graph.response.of(crowd.world.tenant.id).users;
    expect(effects.map(({ target }) => target).toSorted()).toEqual(people.toSorted());
    expect(crowd.throttled('identityProtection')).toBeGreaterThan(0);
  });
});
