import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf } from '../../src/domain/failure';
import type { Run, Source, Unit } from '../../src/domain/source';
import type { Tenant } from '../../src/domain/tenant';
import { createClouds } from '../../src/microsoft/clouds';
import { discoverCloud } from '../../src/microsoft/discoverCloud';
import { createHttp } from '../../src/microsoft/http';
import { createCredentials } from '../../src/microsoft/login';
import { createTenantSend } from '../../src/microsoft/tenantSend';
import { sources } from '../../src/sources';
import type { Certificates } from '../local/certificates';
import { createCertificates } from '../local/certificates';
import { gzipBomb } from '../local/microsoft365/answer';
import { contoso as steady, fabrikam as fresh } from '../local/microsoft365/client';
import type { Microsoft365 } from '../local/microsoft365/microsoft365';
import { startMicrosoft365 } from '../local/microsoft365/microsoft365';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { contoso, failure, fakeSecrets, fakeTelemetry, ManualClock, noAbort, provider, withoutRings } from './fakes';

const [entra, exchange] = sources as [Source, Source];
const troubled = (mood: SimulatedTenant['mood'], digit: string): SimulatedTenant => ({
  ...fresh,
  tenantId: `${digit.repeat(8)}-0000-4000-8000-000000000000`,
  name: mood,
  mood,
});

const deadlines = { headersMs: 60_000, idleMs: 60_000, bodyMs: 60_000 };
let folder: string;
let certificates: Certificates;
let microsoft: Microsoft365;
let clock: ManualClock;
let http: ReturnType<typeof createHttp>;
let credentials: ReturnType<typeof createCredentials>;
let telemetry: ReturnType<typeof fakeTelemetry>;
let runOf: (tenant: SimulatedTenant) => Run;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simulated-'));
  certificates = await createCertificates(folder);
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  clock = new ManualClock('2026-11-22T12:00:00Z');
  const tenants = [steady, fresh, troubled('auditOff', '1'), troubled('noConsent', '2'), troubled('noPermission', '3')];
  tenants.push(troubled('subscriptionDisabled', '4'), troubled('secretExpired', '5'), troubled('disabledService', '6'));
  microsoft = await startMicrosoft365({ clock, seed: 7, tls: certificates, tenants, requirePublisherIdentifier: true });
  http = createHttp({ ca: certificates.ca, deadlines });
  deadlines.idleMs = 60_000;
  const cloud = { id: 'custom', title: 'Simulated', login: microsoft.urls.login, hosts: microsoft.urls } as const;
  const clouds = createClouds(cloud);
  telemetry = fakeTelemetry();
  credentials = createCredentials({
    ...withoutRings,
    http,
    clouds,
    clock,
    secrets: fakeSecrets(Object.fromEntries(tenants.map(({ tenantId, secret }) => [tenantId, secret]))),
  });
  const { send } = createTenantSend({ http, credentials, clouds, clock, telemetry, requestsPerMinute: 1_000_000 });
  runOf = ({ tenantId, clientId }) => {
    const tenant: Tenant = { ...contoso, id: tenantId, clientId, cloud: 'custom', secretName: tenantId };
    const signal = noAbort();
    return {
      tenant: { id: tenantId, cloud },
      publisherId: provider,
      now: clock.now,
      signal,
      send: (request) => send(tenant, request, signal),
    };
  };
});

afterEach(async () => {
  http.close();
  await microsoft.stop();
});

const window = { from: new Date('2026-11-22T10:00:00Z'), to: new Date('2026-11-22T12:00:00Z') };
const remember = () => Promise.resolve();

async function listAll(source: Source, run: Run): Promise<Unit[]> {
  const units = new Map<string, Unit>();
  let complete = false;
  for await (const listing of source.list(run, [window], {})) {
    for (const unit of listing.units) units.set(unit.id, unit);
    complete = listing.completes !== undefined;
  }
  expect(complete).toBe(true);
  return [...units.values()];
}

async function readAll(source: Source, run: Run, unit: Unit): Promise<string[]> {
  const hashes: string[] = [];
  for await (const { records } of source.read(run, unit, { attempts: 0 }))
    hashes.push(...records.map(({ json }) => createHash('sha256').update(json).digest('hex')));
  return hashes;
}

/** Does it again until it works, as the engine would; each failure must be one that heals. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      expect(['throttled', 'unavailable', 'unexpectedResponse', 'pageRefused']).toContain(failureOf(error)?.kind);
      await clock.advance(16 * 60_000);
    }
  }
  throw new Error('It never worked.');
}

function publish(tenant: SimulatedTenant, blobs: number): void {
  for (let blob = 0; blob < blobs; blob += 1) {
    const contentCreated = new Date(window.from.getTime() + (blob * 7_200_000) / blobs);
    const records = Array.from({ length: 3 }, (_, index) =>
      JSON.stringify({
        Id: `${blob}-${index}`,
        CreationTime: '2026-11-22T09:00:00',
        Operation: 'Öffnen',
        OrganizationId: tenant.tenantId,
        Big: '9'.repeat(500),
      }),
    );
    microsoft.publish(tenant.tenantId, 'Audit.Exchange', records, { contentCreated });
  }
}

const truth = (tenant: SimulatedTenant): string[] =>
  [...microsoft.truth.available({ tenantId: tenant.tenantId })].map(({ sha256 }) => sha256).sort();

describe('the simulated Microsoft 365', () => {
  it('hands everything over, page by page and byte by byte, and finds no fault with us', async () => {
    publish(steady, 450);
    const run = runOf(steady);

    await exchange.prepare(run, {}, remember);
    const units = await listAll(exchange, run);
    const hashes = (await Promise.all(units.map((unit) => readAll(exchange, run, unit)))).flat();

    expect(units).toHaveLength(450);
    expect(hashes.sort()).toEqual(truth(steady));
    expect(microsoft.violations).toEqual([]);
  });

  it('is started where it is not subscribed, once', async () => {
    const run = runOf(fresh);

    const memory = await entra.prepare(run, {}, remember);
    publish(fresh, 1);
    await entra.prepare(run, memory, remember);

    expect(memory).toEqual({ startedAt: '2026-11-22T12:00:00.000Z', readyAt: '2026-11-22T12:00:00.000Z' });
    expect(microsoft.violations).toEqual([]);
  });

  it('knows its tenants by id and domain', async () => {
    const cloud = runOf(steady).tenant.cloud;

    for (const name of [steady.tenantId, 'contoso.onmicrosoft.com'])
      expect(await discoverCloud(http, [cloud], name, noAbort())).toMatchObject({
        found: true,
        tenantId: steady.tenantId,
        cloud: 'custom',
      });
    expect(await discoverCloud(http, [cloud], provider, noAbort())).toEqual({ found: false });
  });

  it.each([
    ['auditOff', '1', 'auditOff'],
    ['noConsent', '2', 'consentMissing'],
    ['noPermission', '3', 'permissionMissing'],
    ['secretExpired', '5', 'credentialRejected'],
    ['disabledService', '6', 'serviceMissing'],
  ] as const)('tells what is wrong with a tenant that is %s', async (mood, digit, kind) => {
    expect(await failure(exchange.prepare(runOf(troubled(mood, digit)), {}, remember))).toMatchObject({ kind });
  });

  it('tells that somebody switched a subscription off, and does not switch it on', async () => {
    const run = runOf(troubled('subscriptionDisabled', '4'));

    expect(await failure(exchange.prepare(run, { readyAt: '2026-11-20T00:00:00Z' }, remember))).toMatchObject({
      kind: 'subscriptionDisabled',
    });
  });

  it('loses nothing to a storm of faults', async () => {
    publish(steady, 60);
    microsoft.settings.pageSize = 7;
    const run = runOf(steady);
    // One body stalls, and a deadline that passes too early is one more fault that heals.
    deadlines.idleMs = 200;
    for (const name of ['throttling', 'serverErrors', 'resets', 'truncated', 'html'] as const) microsoft.faults.preset(name);
    microsoft.faults.add({ when: { operation: 'nextPage' }, times: 2, respond: { af: 'AF20031', status: 400 } });
    microsoft.faults.add({ when: { operation: 'blob' }, times: 1, respond: { kind: 'stall', afterBytes: 100 } });
    microsoft.faults.add({ when: { operation: 'blob' }, times: 2, respond: { kind: 'empty' } });
    microsoft.faults.add({
      when: { operation: 'blob' },
      times: 1,
      respond: { kind: 'gzip', body: gzipBomb(200), compressed: true },
    });
    microsoft.faults.add({ when: { operation: 'content' }, times: 1, respond: { kind: 'json', value: {} } });

    const units = await persistently(() => listAll(exchange, run));
    const hashes: string[] = [];
    for (const unit of units) hashes.push(...(await persistently(() => readAll(exchange, run, unit))));

    expect(hashes.sort()).toEqual(truth(steady));
    expect(microsoft.violations).toEqual([]);
  });

  it('gets a new token when one has run out', async () => {
    publish(steady, 1);
    const run = runOf(steady);
    const [unit] = await listAll(exchange, run);
    microsoft.faults.add({ when: { operation: 'blob' }, times: 1, respond: { status: 401, body: {} } });

    expect(await readAll(exchange, run, unit as Unit)).toHaveLength(3);
  });

  it('follows no redirect', async () => {
    publish(steady, 1);
    const run = runOf(steady);
    const [unit] = await listAll(exchange, run);
    microsoft.faults.add({
      when: { operation: 'blob' },
      respond: { kind: 'redirect', location: `${microsoft.urls.graph}/stolen` },
    });

    expect(await failure(readAll(exchange, run, unit as Unit))).toMatchObject({ kind: 'unexpectedResponse', code: 'HTTP 302' });
  });

  it('warns when its clock is off', async () => {
    microsoft.faults.preset('skew');

    await exchange.prepare(runOf(steady), {}, remember);

    expect(telemetry.events).toMatchObject([{ name: 'clockSkew', fields: { offsetSeconds: 601 } }]);
  });
});
