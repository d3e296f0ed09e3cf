import {
  addTenant,
  findTenant,
  inWords,
  InputError,
  removeTenant,
  sendTestRecord,
  setStatus,
  syncTenant,
} from '../../src/app/tenants';
import type { Discovery, NewTenant, TenantPorts } from '../../src/app/tenants';
import { probeId } from '../../src/app/probe';
import type { CloudId } from '../../src/domain/cloud';
import { ConnectorError } from '../../src/domain/failure';
import type { Failure } from '../../src/domain/failure';
import { integrations } from '../../src/domain/integration';
import { personalAccountsTenantId } from '../../src/domain/tenant';
import type { Polling, Tenant } from '../../src/domain/tenant';
import { sources } from '../../src/sources';
import { memoryRotation } from '../support/memoryCredentials';
import { recordsOf } from '../support/memorySink';
import { ScriptedSource, scriptedUnit } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';
import { Simulation } from '../support/simulation';
import type { Worker } from '../support/simulation';
import { VirtualClock } from '../support/virtualClock';

const start = new Date('2026-11-22T10:00:00Z');
const minuteMs = 60_000;
const contoso = 'aaaaaaaa-1111-4111-8111-111111111111';
const clientId = 'cccccccc-1111-4111-8111-111111111111';
const secret = 'abc8Q~not-a-real-secret_value.123';
const { signal } = new AbortController();

class World {
  readonly clock = new VirtualClock(start);
  readonly source = new ScriptedSource(this.clock);
  readonly simulation = new Simulation(this.clock, [this.source]);
  readonly worker: Worker = this.simulation.start();
  readonly rotation = memoryRotation(this.clock, this.simulation.stores.secrets);
  readonly said: string[] = [];
  /** Where each name lives. */
  readonly directory = new Map<string, Discovery>([[contoso, { found: true, tenantId: contoso, cloud: 'commercial' }]]);
  readonly asked: (CloudId | undefined)[] = [];
  /** What goes wrong, one after the other, when a tenant is looked up. */
  readonly lookUpFailures: Failure[] = [];
  logins = 0;
  login: (secret: string) => Promise<{ readonly roles: readonly string[] }> = async () =>
    Promise.resolve({ roles: ['ActivityFeed.Read'] });

  get stores() {
    return this.simulation.stores;
  }

  get ports(): TenantPorts {
    const { ports } = this.worker;
    return {
      ...ports,
      collect: ports,
      secrets: this.stores.secrets,
      rotation: this.rotation,
      discover: async (tenant, expected) => {
        this.asked.push(expected);
        const failure = this.lookUpFailures.shift();
        if (failure !== undefined) throw new ConnectorError('looking a tenant up', failure);
        return Promise.resolve(this.directory.get(tenant) ?? { found: false });
      },
      tryLogin: async (_tenant, given) => {
        this.logins += 1;
        return this.login(given);
      },
    };
  }

  async add(changes: Partial<NewTenant> = {}) {
    const wanted: NewTenant = {
      tenant: contoso,
      clientId,
      secret: `${secret}\n`,
      cloud: undefined,
      integrations: undefined,
      name: 'Contoso',
      description: undefined,
      stampName: undefined,
      ...changes,
    };
    return this.clock.run(addTenant(this.ports, wanted, (sentence) => this.said.push(sentence), signal));
  }

  /** The words of what a person did wrong. */
  async refused(changes: Partial<NewTenant>): Promise<string> {
    return refusal(this.add(changes));
  }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof InputError)) throw error instanceof Error ? error : new Error('It was not refused.');
  return `${error.message} ${error.nextStep}`;
}

const failing = (failure: Failure) => async () => Promise.reject(new ConnectorError('signing in', failure));
const wrongSecret: Failure = { kind: 'credentialRejected', code: 'AADSTS7000215', detail: '' };

async function idsOf(world: World): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of world.stores.tenants.all(signal)) ids.push(id);
  return ids;
}

describe('addTenant', () => {
  it('stores the secret in the vault, then the tenant, and makes its sources due', async () => {
    const world = new World();

    const { tenant, isNew, missingPermissions } = await world.add({ description: 'The usual one' });

    expect(isNew).toBe(true);
    expect(missingPermissions).toEqual([]);
    expect(tenant).toMatchObject({ id: contoso, name: 'Contoso', cloud: 'commercial', clientId, status: 'active', epoch: 1 });
    expect(tenant.integrations).toEqual(Object.keys(integrations).map((id) => ({ id, polling: { kind: 'adaptive' } })));
    expect([...world.stores.secrets.values]).toEqual([
      [`tenant-${contoso}-cccccccc`, { value: secret, tags: { tenantId: contoso, clientId } }],
    ]);
    expect(JSON.stringify((await world.stores.tenants.find(contoso, signal)) ?? {})).not.toContain(secret);
    expect(world.stores.schedule.entries().map(({ tenantId, dueAt }) => [tenantId, dueAt])).toEqual([[contoso, start]]);
  });

  it.each<[string, Partial<NewTenant>, string]>([
    ["a secret's id", { secret: 'DDDDDDDD-1111-4111-8111-111111111111\r\n' }, "You pasted the secret's ID. Paste its Value"],
    ['no secret', { secret: '' }, 'No secret was given.'],
    ['only a line break', { secret: '\n' }, 'No secret was given.'],
    ['two lines', { secret: `${secret}\n${secret}\n` }, 'white space or several lines'],
    ['a secret with a blank', { secret: ` ${secret}` }, 'white space or several lines'],
    ['a file that is no secret', { secret: '\u0000\u0001PNG' }, 'not a client secret'],
    ['something far too long', { secret: 'x'.repeat(1_001) }, 'not a client secret'],
    ['a client id that is none', { clientId: 'my-app' }, 'The client id is not a GUID.'],
    ['the tenant of personal accounts', { tenant: personalAccountsTenantId.toUpperCase() }, 'not an organisation'],
    ['consumers', { tenant: 'Consumers' }, 'not an organisation'],
    ['common', { tenant: 'common' }, 'not an organisation'],
    ['organizations', { tenant: ' organizations ' }, 'not an organisation'],
    ['a tenant that is neither id nor domain', { tenant: 'Contoso Ltd' }, 'neither a GUID nor a domain'],
    ['a tenant with a path', { tenant: `${contoso}/../x` }, 'neither a GUID nor a domain'],
    [
      'a tenant nobody knows',
      { tenant: 'bbbbbbbb-1111-4111-8111-111111111111' },
      'Microsoft does not know this tenant in any of its clouds.',
    ],
    ['a domain nobody knows', { tenant: 'no-such.example' }, 'Microsoft does not know this tenant'],
    ['a cloud that is not set up', { cloud: 'custom' }, 'not set up in this connector. Set CLOUD_CUSTOM_LOGIN'],
    ['an empty name', { name: ' ' }, 'The name is empty.'],
    ['a name with a line break', { name: 'Contoso\nLtd' }, 'The name is longer than 100 characters, or has line breaks'],
    ['a description without end', { description: 'x'.repeat(1_001) }, 'The description is longer'],
  ])('refuses %s, and writes nothing', async (_, changes, words) => {
    const world = new World();

    const said = await world.refused(changes);

    expect(said).toContain(words);
    expect(world.logins).toBe(0);
    expect(await idsOf(world)).toEqual([]);
    expect(world.stores.secrets.values.size).toBe(0);
  });

  it('refuses a domain of personal accounts', async () => {
    const world = new World();
    world.directory.set('outlook.example', { found: true, tenantId: personalAccountsTenantId, cloud: 'commercial' });

    expect(await world.refused({ tenant: 'outlook.example' })).toContain('belongs to personal Microsoft accounts');
  });

  it('takes a secret as a file may hold it: with a byte order mark, with or without a line break', async () => {
    for (const given of [secret, `${secret}\r\n`, `\ufeff${secret}\n`]) {
      const world = new World();

      await world.add({ secret: given });

      expect([...world.stores.secrets.values.values()].map(({ value }) => value)).toEqual([secret]);
    }
  });

  it('finds the cloud by itself', async () => {
    const world = new World();
    world.directory.set('fabrikam.example', { found: true, tenantId: contoso, cloud: 'gccHigh' });

    const { tenant } = await world.add({ tenant: 'fabrikam.example', name: undefined });

    expect(tenant).toMatchObject({ id: contoso, cloud: 'gccHigh', name: 'fabrikam.example' });
  });

  it.each<[CloudId, CloudId]>([
    ['gcc', 'commercial'],
    ['commercial', 'gcc'],
    ['commercial', 'china'],
    ['dod', 'gccHigh'],
  ])('says which cloud a tenant lives in when %s was given for one in %s', async (given, real) => {
    const world = new World();
    world.directory.set(contoso, { found: true, tenantId: contoso, cloud: real });

    const said = await world.refused({ cloud: given });

    expect(said).toContain(`lives in the cloud "${real}", not in "${given}"`);
    expect(said).toContain(`--cloud ${real}`);
    expect(world.asked).toEqual([given]);
  });

  it('waits for a new secret to be accepted, and says so', async () => {
    const world = new World();
    world.login = async () =>
      world.clock.now().getTime() < start.getTime() + 20_000
        ? failing(wrongSecret)()
        : Promise.resolve({ roles: ['ActivityFeed.Read'] });

    const { missingPermissions } = await world.add();

    expect(missingPermissions).toEqual([]);
    expect(world.clock.now().getTime() - start.getTime()).toBe(20_000);
    expect(world.said).toContain(
      'Microsoft does not accept the secret yet. A new one takes about a minute; waiting up to two minutes …',
    );
  });

  it('gives a wrong secret two minutes, tells how long it waits, and stores nothing', async () => {
    const world = new World();
    world.login = failing(wrongSecret);

    const error = await world.add().catch((caught: unknown) => caught);

    expect(inWords(error)?.title).toBe('Microsoft refuses the client secret: the value is wrong. [AADSTS7000215]');
    expect(inWords(error)?.nextStep).toContain("secret's Value, not its ID");
    expect(world.clock.now().getTime() - start.getTime()).toBe(2 * minuteMs);
    expect(world.said.filter((sentence) => sentence.startsWith('Still waiting'))).toHaveLength(3);
    expect(world.stores.secrets.values.size).toBe(0);
    expect(await idsOf(world)).toEqual([]);
  });

  it('tries again while the login service does not answer, and says so', async () => {
    const world = new World();
    world.login = async () =>
      world.logins < 4 ? failing({ kind: 'unavailable', code: 'HTTP 503' })() : Promise.resolve({ roles: ['ActivityFeed.Read'] });

    await world.add();

    expect(world.logins).toBe(4);
    expect(world.said).toContain('The login service does not answer; trying for up to two minutes …');
  });

  it('waits a moment when the tenant cannot be looked up or the login service asks for it, and says so', async () => {
    const world = new World();
    world.lookUpFailures.push({ kind: 'unavailable', code: 'HTTP 503' }, { kind: 'throttled', code: 'HTTP 429' });
    world.login = async () =>
      world.logins < 2
        ? failing({ kind: 'throttled', code: 'HTTP 429', retryAfterMs: 20_000 })()
        : Promise.resolve({ roles: ['ActivityFeed.Read'] });

    await world.add();

    expect(await idsOf(world)).toEqual([contoso]);
    expect(world.clock.now().getTime() - start.getTime()).toBe(30_000);
    expect(world.said).toEqual([
      'Looking the tenant up …',
      'The login service does not answer; trying for up to two minutes …',
      'Signing in as the application …',
      'The login service is busy and asks to wait; trying for up to two minutes …',
      'Storing the secret in Key Vault …',
    ]);
  });

  it.each<[string, Failure[], number]>([
    [
      'does not answer for two minutes',
      Array.from({ length: 99 }, () => ({ kind: 'unavailable', code: 'HTTP 503' })),
      2 * minuteMs,
    ],
    ['asks to wait for longer', [{ kind: 'throttled', code: 'HTTP 429', retryAfterMs: 3 * minuteMs }], 0],
  ])('gives up, having written nothing, when the login service %s', async (_, failures, afterMs) => {
    const world = new World();
    world.lookUpFailures.push(...failures);

    const error = await world.add().catch((caught: unknown) => caught);

    expect(error).toMatchObject({ failure: failures[0] });
    expect(world.clock.now().getTime() - start.getTime()).toBe(afterMs);
    expect(await idsOf(world)).toEqual([]);
    expect(world.stores.secrets.values.size).toBe(0);
  });

  it.each<[string, Failure, string]>([
    [
      'an unknown client id',
      { kind: 'consentMissing', code: 'AADSTS700016' },
      'The application is not known in this tenant. [AADSTS700016]',
    ],
    ['an expired secret', { kind: 'credentialRejected', code: 'AADSTS7000222', detail: '' }, 'it has expired. [AADSTS7000222]'],
    ['missing consent', { kind: 'consentMissing', code: 'AADSTS65001' }, 'has not given consent'],
  ])('gives up at once on %s', async (_, failure, title) => {
    const world = new World();
    world.login = failing(failure);

    const error = await world.add().catch((caught: unknown) => caught);

    expect(inWords(error)?.title).toContain(title);
    expect(world.clock.now()).toEqual(start);
    expect(await idsOf(world)).toEqual([]);
  });

  it('does not catch bugs', async () => {
    const world = new World();
    world.login = async () => Promise.reject(new TypeError('a bug'));

    const error = await world.add().catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(TypeError);
    expect(inWords(error)).toBeUndefined();
  });

  it('adds a tenant whose application lacks a permission, and names it', async () => {
    const world = new World();
    world.login = async () => Promise.resolve({ roles: ['ServiceHealth.Read'] });
    const ports = { ...world.ports, sources: new Map(sources.map((source) => [source.id, source])) };
    const wanted = { tenant: contoso, clientId, secret, cloud: undefined, integrations: undefined, name: 'Contoso' };

    const added = await addTenant(ports, { ...wanted, description: undefined, stampName: undefined }, () => undefined, signal);

    const usual = sources.filter(({ optional }) => optional !== true);
    expect(added.missingPermissions).toEqual([
      ...new Set(usual.flatMap(({ permissions }) => permissions.map(({ role }) => role))),
    ]);
    expect(await idsOf(world)).toEqual([contoso]);
    expect(world.stores.schedule.entries().map(({ sourceId }) => sourceId)).toEqual(
      expect.arrayContaining([probeId, ...usual.map(({ id }) => id)]),
    );
    expect(world.stores.schedule.entries()).toHaveLength(usual.length + 1);
  });

  it('asks each API which permissions it grants, and leaves one that the tenant does not have to the probe', async () => {
    const world = new World();
    const asked: string[] = [];
    const ports: TenantPorts = {
      ...world.ports,
      sources: new Map(sources.map((source) => [source.id, source])),
      tryLogin: async (_tenant, _secret, _signal, api) => {
        asked.push(api);
        if (api === 'defender') return failing({ kind: 'serviceMissing', code: 'AADSTS500011', detail: '' })();
        return Promise.resolve({ roles: api === 'graph' ? ['User.Read.All'] : ['ActivityFeed.Read'] });
      },
    };
    const chosen = ['office365Audit', 'entraId', 'defenderForEndpoint'] as const;
    const wanted = { tenant: contoso, clientId, secret, cloud: undefined, name: 'Contoso', description: undefined };
    const choices = chosen.map((id) => ({ id, polling: { kind: 'adaptive' as const } }));

    const added = await addTenant(
      ports,
      { ...wanted, integrations: choices, also: ['graph.signInsNonInteractive'], stampName: undefined },
      () => undefined,
      signal,
    );

    expect(asked).toEqual(['management', 'graph', 'defender']);
    expect(added.missingPermissions).toContain('AuditLog.Read.All');
    expect(added.missingPermissions).not.toContain('User.Read.All');
    expect(added.missingPermissions).not.toContain('Machine.Read.All');
    expect(added.tenant.also).toEqual(['graph.signInsNonInteractive']);
    const scheduled = world.stores.schedule.entries().map(({ sourceId }) => sourceId);
    expect(scheduled).toContain('graph.signInsNonInteractive');
    expect(scheduled).not.toContain('graph.signInsManagedIdentity');
  });

  it('refuses an optional source that is not there, or that needs no choosing', async () => {
    const world = new World();

    expect(await world.refused({ also: ['graph.everything'] })).toContain('There is no optional source "graph.everything".');
    expect(await world.refused({ also: ['scripted.feed'] })).toContain('There is no optional source "scripted.feed".');
  });

  it('knows a tenant again by its id in any case and by its domain, and keeps what is not given anew', async () => {
    const world = new World();
    world.directory.set(contoso.toUpperCase(), { found: true, tenantId: contoso, cloud: 'commercial' });
    world.directory.set('contoso.example', { found: true, tenantId: contoso, cloud: 'commercial' });
    const polling: Polling = { kind: 'every', seconds: 300 };
    await world.add({ description: 'Kept', stampName: true, integrations: [{ id: 'office365Audit', polling }] });

    const again = await world.add({ tenant: contoso.toUpperCase(), name: undefined });
    const byDomain = await world.add({ tenant: 'contoso.example', name: 'Contoso Ltd', stampName: false });

    expect(await idsOf(world)).toEqual([contoso]);
    expect(again).toMatchObject({ isNew: false, tenant: { name: 'Contoso', description: 'Kept', stampName: true, epoch: 2 } });
    expect(again.tenant.integrations).toEqual([{ id: 'office365Audit', polling }]);
    expect(byDomain).toMatchObject({
      isNew: false,
      tenant: { name: 'Contoso Ltd', stampName: false, epoch: 3, addedAt: start.toISOString() },
    });
  });

  it('forgets the secret of the application it replaces', async () => {
    const world = new World();
    await world.add();

    await world.add({ clientId: 'eeeeeeee-1111-4111-8111-111111111111' });

    expect([...world.stores.secrets.values.keys()]).toEqual([`tenant-${contoso}-eeeeeeee`]);
  });

  it('takes its turn when two commands change a tenant at once', async () => {
    const world = new World();
    const commands = [world.ports, world.ports].map(async (ports, index) =>
      addTenant(
        ports,
        {
          ...{ tenant: contoso, clientId, secret, cloud: undefined, integrations: undefined, description: undefined },
          ...{ name: `Contoso ${index}`, stampName: undefined },
        },
        () => undefined,
        signal,
      ),
    );

    const added = await world.clock.run(Promise.all(commands));

    expect(added.map(({ isNew }) => isNew).sort()).toEqual([false, true]);
    expect((await world.stores.tenants.find(contoso, signal))?.tenant.epoch).toBe(2);
  });
});

describe('findTenant', () => {
  it('finds a tenant by its id and by its name, in any case', async () => {
    const world = new World();
    world.simulation.addTenant(tenantNamed('calm'));
    const { id } = tenantNamed('calm');

    for (const text of [id, id.toUpperCase(), 'calm', ' CALM '])
      expect((await findTenant(world.ports, text, signal)).tenant.id).toBe(id);
  });

  it('says when there is none, and names the ids when there are several', async () => {
    const world = new World();
    const twins = [tenantNamed('one', { name: 'Twin' }), tenantNamed('two', { name: 'twin' })];
    for (const twin of twins) world.simulation.addTenant(twin);

    expect(await refusal(findTenant(world.ports, 'nobody', signal))).toContain('There is no tenant "nobody".');
    const said = await refusal(findTenant(world.ports, 'TWIN', signal));
    expect(said).toContain('2 tenants are named "TWIN".');
    for (const { id } of twins) expect(said).toContain(id);
  });
});

/** A world with one tenant that is collected, and content for the last hours. */
async function collecting(changes: { readonly polling?: Polling } = {}): Promise<World & { readonly tenant: Tenant }> {
  const world = new World();
  const tenant = tenantNamed('calm', changes);
  world.simulation.addTenant(tenant);
  for (let hour = 0; hour < 5; hour += 1)
    world.source.add(scriptedUnit(`old${hour}`, new Date(start.getTime() - hour * 3_600_000 - minuteMs), 4));
  await world.simulation.runFor(world.worker, 2 * minuteMs);
  return Object.assign(world, { tenant });
}

const idsIn = (world: World): string[] => world.stores.sink.records('m365-audit').map(({ id }) => id);

describe('setStatus', () => {
  it('stops a run that is under way when the tenant is paused, and back-fills when it is resumed', async () => {
    const world = await collecting();
    const slow = scriptedUnit('slow', world.clock.now(), 3);
    world.source.add({ ...slow, readMs: 3 * minuteMs });
    await world.clock.advance(minuteMs);

    const pausing = world.clock.now();
    const running = world.simulation.tick(world.worker);
    await setStatus(world.ports, 'calm', 'paused', signal);
    await running;
    const pausedAt = world.clock.now();
    await world.simulation.runFor(world.worker, 5 * 3_600_000);
    world.source.add(scriptedUnit('meanwhile', new Date(pausedAt.getTime() + 3_600_000), 2));
    const whilePaused = idsIn(world);
    await setStatus(world.ports, world.tenant.id, 'active', signal);
    await world.simulation.runFor(world.worker, 30 * minuteMs);

    expect(pausedAt.getTime() - pausing.getTime()).toBeLessThan(minuteMs);
    expect(whilePaused.some((id) => id.startsWith('slow'))).toBe(false);
    expect([...idsIn(world)].sort()).toEqual([...world.source.truth()].sort());
  });

  it('changes nothing when it is done twice, except that resuming makes the sources due', async () => {
    const world = await collecting();
    const paused = await setStatus(world.ports, 'calm', 'paused', signal);
    await world.clock.advance(minuteMs);

    expect(await setStatus(world.ports, 'calm', 'paused', signal)).toEqual(paused);
    await setStatus(world.ports, 'calm', 'active', signal);
    const resumed = await setStatus(world.ports, 'calm', 'active', signal);

    expect(resumed.epoch).toBe(paused.epoch + 1);
    expect(world.stores.schedule.entries().some(({ dueAt }) => dueAt.getTime() === world.clock.now().getTime())).toBe(true);
  });
});

describe('syncTenant', () => {
  it('collects once when polling is disabled', async () => {
    const world = await collecting({ polling: { kind: 'disabled' } });
    world.source.add(scriptedUnit('new', world.clock.now(), 2));
    await world.simulation.runFor(world.worker, 60 * minuteMs);
    const before = idsIn(world).filter((id) => id.startsWith('new'));

    const synced = await syncTenant(world.ports, 'calm', signal);
    await world.simulation.runFor(world.worker, 2 * minuteMs);
    world.source.add(scriptedUnit('later', world.clock.now(), 2));
    await world.simulation.runFor(world.worker, 60 * minuteMs);

    expect([before, synced.sources]).toEqual([[], 1]);
    expect(idsIn(world).filter((id) => id.startsWith('new'))).toHaveLength(2);
    expect(idsIn(world).filter((id) => id.startsWith('later'))).toEqual([]);
  });

  it('takes what Microsoft listed so late that only the hourly re-list would find it', async () => {
    const world = await collecting();
    await world.simulation.runFor(world.worker, 20 * minuteMs);
    world.source.add(scriptedUnit('late', new Date(start.getTime() - 4 * 3_600_000), 3));
    await world.simulation.runFor(world.worker, 20 * minuteMs);
    const before = idsIn(world).filter((id) => id.startsWith('late'));

    await syncTenant(world.ports, 'calm', signal);
    await world.simulation.runFor(world.worker, 2 * minuteMs);

    expect(before).toEqual([]);
    expect(idsIn(world).filter((id) => id.startsWith('late'))).toHaveLength(3);
  });

  it('does not disturb a run that is under way', async () => {
    const world = await collecting();
    world.source.add({ ...scriptedUnit('slow', world.clock.now(), 3), readMs: 2 * minuteMs });
    await world.clock.advance(minuteMs);
    const running = world.simulation.tick(world.worker);
    const isLeased = async (): Promise<boolean> =>
      (await world.stores.sourceRows.find(world.tenant.id, world.source.id, signal))?.leaseOwner !== undefined;
    for (let turns = 0; turns < 100 && !(await isLeased()); turns += 1) await world.clock.idle();
    const leased = await isLeased();

    await syncTenant(world.ports, 'calm', signal);
    await running;

    expect(leased).toBe(true);
    expect(world.worker.process.telemetry.named('runAbandoned')).toEqual([]);
    expect(idsIn(world).filter((id) => id.startsWith('slow'))).toHaveLength(3);
  });

  it('refuses a paused tenant', async () => {
    const world = await collecting();
    await setStatus(world.ports, 'calm', 'paused', signal);

    expect(await refusal(syncTenant(world.ports, 'calm', signal))).toContain('Resume it first');
  });
});

describe('removeTenant', () => {
  it('forgets the secret, the position and the tenant, and keeps coverage as proof', async () => {
    const world = await collecting();
    await world.stores.secrets.write(world.tenant.secretName, secret, {}, signal);

    await removeTenant(world.ports, 'CALM', signal);
    await world.simulation.runFor(world.worker, 2 * 3_600_000);

    expect(await idsOf(world)).toEqual([]);
    expect(world.stores.secrets.values.size).toBe(0);
    expect(await world.stores.sourceRows.ofTenant(world.tenant.id, signal)).toEqual([]);
    expect(world.stores.schedule.entries()).toEqual([]);
    const scope = { tenantId: world.tenant.id, sourceId: world.source.id };
    expect(await world.stores.coverage.hours(scope, '2026-11-22', 'z', signal)).not.toEqual([]);
  });

  it('can be run again when it died half-way: the tenant goes last, and is not collected meanwhile', async () => {
    const world = await collecting();
    const { read, write } = world.stores.secrets;
    const remove = failing({ kind: 'storeUnavailable', code: '503' });
    await removeTenant({ ...world.ports, secrets: { read, write, remove } }, 'calm', signal).catch(() => undefined);
    const between = (await findTenant(world.ports, 'calm', signal)).tenant.status;

    await removeTenant(world.ports, 'calm', signal);

    expect(between).toBe('paused');
    expect(await idsOf(world)).toEqual([]);
  });
});

describe('sendTestRecord', () => {
  it('sends one marked record to every hub the tenant writes to, under one id that says when', async () => {
    const world = await collecting();

    const { id, hubs } = await sendTestRecord(world.ports, 'calm', signal);

    expect(hubs).toEqual(['m365-audit', 'm365-operations']);
    expect(id).toBe(`m365c-test-${world.clock.now().toISOString().replace(/[-:.]/g, '')}`);
    for (const hub of hubs) {
      const [event] = world.stores.sink.batches.filter((batch) => batch.hub === hub).at(-1)?.events ?? [];
      if (event === undefined) throw new Error(`Nothing was sent to ${hub}.`);
      expect(event.partitionKey).toBe(world.tenant.id);
      expect(recordsOf(event)).toMatchObject([
        { id, category: 'M365Connector.Test', tenantId: world.tenant.id, properties: { test: true } },
      ]);
    }
  });
});
