import { TableServiceClient, TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { assessNow } from '../../src/app/assess';
import { hubNames } from '../local/stack';
import { startOtlpCollector } from '../support/otlpCollector';
import type { OtlpCollector } from '../support/otlpCollector';
import { operatorHeaders, signedInSettings } from '../support/operatorToken';
import { prospect, startWebStack } from '../support/webStack';
import type { Seen, Visitor, WebStack } from '../support/webStack';

jest.setTimeout(240_000);

// Marked secrets go through everything: onboarding in each way, collecting, a refused credential, a given one, a rotation. Then every place where
// something is kept or shown is read whole. The key vault alone may have them.

const { signal } = new AbortController();
// It may renew its own key.
const own = prospect(1, { secret: 'fake~canary-own-secret', roles: { graph: ['Application.ReadWrite.OwnedBy'] } });
const provisioned = prospect(2, { secret: 'fake~canary-second' });
const consented = prospect(3, { secret: 'fake~canary-third' });
const wrong = 'fake~canary-wrong-value';
const host = { log: () => undefined };
/** What may be nowhere, in clear or as base64: marked values, tokens, and whatever else is found on the way. */
const secret = new Set(['canary']);
const jwt = /eyJ[\w-]{16,}\.[\w-]{16,}/;
const shown: Seen[] = [];
const problems: string[] = [];
let web: WebStack;
let otlp: OtlpCollector;
let logged: string[] = [];

beforeAll(async () => {
  otlp = await startOtlpCollector();
  web = await startWebStack([own, provisioned, consented], { ...signedInSettings, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
});
afterAll(async () => {
  await web.stop();
  otlp.close();
});

/** A browser whose addresses and pages are kept: state and code are in the addresses. */
function watched(): Visitor {
  const visitor = web.visitor();
  const follow = visitor.follow.bind(visitor);
  visitor.follow = async (address, form) => {
    for (const [name, value] of new URL(address).searchParams) if (['state', 'code'].includes(name)) secret.add(value);
    const seen = await follow(address, form);
    if (new URL(seen.url).origin === web.stack.publicUrl) shown.push(seen);
    return seen;
  };
  return visitor;
}

async function onboard(way: string, digit: number): Promise<void> {
  const visitor = watched();
  const link = await web.invitation(`Customer ${digit}`);
  secret.add(link.slice('/onboard/'.length));
  const choose = await visitor.get(link);
  // The page of a link is the one place that has it.
  shown.length = 0;
  const next = await visitor.submit(choose, { integration: 'office365Audit', way });
  const { tenantId, clientId, secret: value } = prospect(digit, { secret: own.secret });
  const last =
    way === 'ownApplication'
      ? await visitor.submit(next, { tenant: tenantId, clientId, secret: value })
      : await visitor.submit(await visitor.submit(next, { account: `admin@customer${digit}.onmicrosoft.com` }), {
          accept: 'yes',
        });
  shown.push(last);
  await web.advance(/[0-9a-f]{32}$/.exec(last.url)?.[0] ?? '');
  shown.push(await visitor.get(new URL(last.url).pathname));
  secret.add(visitor.cookie.replace(/^[^=]+=/, ''));
}

async function api(method: string, path: string, body?: unknown): Promise<Seen> {
  const headers = { ...operatorHeaders(web, ['Onboarder']), origin: web.stack.publicUrl, 'x-m365c-request': '1' };
  const sent = body === undefined ? {} : { form: JSON.stringify(body) };
  const seen = await web.visitor().send(method, path, { ...sent, headers: { ...headers, 'content-type': 'application/json' } });
  shown.push(seen);
  return seen;
}

/** Runs all sources of all customers once, as the queue would. */
async function collect(): Promise<void> {
  web.microsoft.settings.serverClockOffsetMs = 0;
  const worker = web.startWorker();
  const { sourceRows } = worker.tenantPorts;
  for (const { tenantId } of [own, provisioned, consented]) {
    const rows = await sourceRows.ofTenant(tenantId, signal);
    const entries = rows.map(({ sourceId, ticket }) => ({ tenantId, sourceId, ticket, dueAt: new Date().toISOString() }));
    await worker.collect({ v: 1, entries }, host);
  }
  await worker.stop();
}

/** Whatever tables, queues and blobs hold, as text. */
async function stored(): Promise<readonly string[]> {
  const connection = web.stack.environment['AzureWebJobsStorage'] ?? '';
  const options = { allowInsecureConnection: true };
  const found: string[] = [];
  for await (const { name } of TableServiceClient.fromConnectionString(connection, options).listTables())
    for await (const entity of TableClient.fromConnectionString(connection, name ?? '', options).listEntities())
      found.push(`table ${name}: ${Object.values(entity).map(String).join(' ')}`);
  const queues = QueueServiceClient.fromConnectionString(connection);
  for await (const { name } of queues.listQueues())
    for (const { messageText } of (await queues.getQueueClient(name).peekMessages({ numberOfMessages: 32 })).peekedMessageItems)
      found.push(`queue ${name}: ${messageText} ${Buffer.from(messageText, 'base64').toString()}`);
  const blobs = BlobServiceClient.fromConnectionString(connection);
  for await (const { name: container } of blobs.listContainers())
    for await (const { name, metadata } of blobs.getContainerClient(container).listBlobsFlat({ includeMetadata: true })) {
      const body = await blobs.getContainerClient(container).getBlobClient(name).downloadToBuffer();
      found.push(`blob ${container}/${name}: ${JSON.stringify(metadata)} ${body.toString()}`);
    }
  return found;
}

/** Every place that repeats something secret, by what it begins with. */
function hits(places: readonly string[]): readonly string[] {
  const forms = [...secret].flatMap((text) => [
    text,
    encodeURIComponent(text),
    Buffer.from(text).toString('base64').slice(0, -4),
  ]);
  const bad = forms.filter((form) => form.length >= 6);
  return places
    .filter((place) => jwt.test(place) || bad.some((form) => place.includes(form)))
    .map((place) => place.slice(0, 300));
}

describe('marked secrets', () => {
  it('pass through every way in, polling, refusals, a new value and a rotation', async () => {
    await onboard('ownApplication', 1);
    await onboard('provision', 2);
    await onboard('adminConsent', 3);
    for (const { tenantId } of [own, provisioned, consented])
      expect((await web.connector.tenantPorts.tenants.find(tenantId, signal))?.tenant.status).toBe('active');

    const id = own.tenantId;
    expect((await api('PUT', `/api/tenants/${id}/credential`, { kind: 'clientSecret', value: wrong })).status).toBe(422);
    expect((await api('PUT', `/api/tenants/${id}/credential`, { kind: 'clientSecret', value: own.secret })).status).toBe(200);
    expect((await api('PUT', `/api/tenants/${id}/credential`, { kind: 'certificate', value: `${wrong}\n` })).status).toBe(400);
    expect((await api('POST', `/api/tenants/${id}/rotate`)).status).toBe(202);
    for (let minute = 0; minute < 12; minute += 1) {
      await web.connector.schedule(host);
      await web.connector.rotate(host).catch((error: unknown) => problems.push(String(error)));
      web.clock.jump(60_000);
      web.microsoft.settings.serverClockOffsetMs = web.clock.now().getTime() - Date.now();
    }
    const ring = await web.connector.tenantPorts.rotation.rings.find(
      (await web.connector.tenantPorts.tenants.find(id, signal))?.tenant.secretName ?? '',
      signal,
    );
    expect(ring?.rotation?.step).toBe('grace');
    const record = '{"Id":"a","CreationTime":"2026-11-22T10:00:00"}';
    web.microsoft.publish(id, 'Audit.Exchange', [record], { contentCreated: new Date(Date.now() - 60_000) });
    await collect();
    expect([...web.stack.hubs.read('m365-audit')]).toHaveLength(1);
    web.microsoft.tenant(own.tenantId).application.removeSecret();
    const tenant = (await web.connector.tenantPorts.tenants.find(id, signal))?.tenant;
    if (tenant === undefined) throw new Error('no tenant');
    await collect();
    await assessNow(web.connector.assessPorts, tenant, signal);
    await web.connector.tenantPorts.tryLogin(tenant, wrong, signal, 'management').catch((error: unknown) => {
      if (error instanceof Error) problems.push(`${error.stack ?? ''} ${JSON.stringify(error)} ${String(error.cause)}`);
    });
    for (const path of ['', '/coverage', '/history', '/credential']) await api('GET', `/api/tenants/${id}${path}`);
    for (const path of ['/', '/history', `/tenants/${id}`]) {
      const { authorization = '' } = operatorHeaders(web, ['Onboarder']);
      shown.push(await web.visitor().send('GET', path, { headers: { authorization } }));
    }
    logged = [...web.logged()];
    expect([logged.length > 10, shown.length > 12, secret.size > 8, problems.length]).toEqual([true, true, true, 1]);
  });

  it('are in the key vault, so that they would be found', async () => {
    const { rotation, tenants } = web.connector.tenantPorts;
    const tenant = (await tenants.find(own.tenantId, signal))?.tenant;
    const ring = await rotation.rings.find(tenant?.secretName ?? '', signal);
    const value = await rotation.versions.read(tenant?.secretName ?? '', ring?.current?.version ?? '', signal);

    expect(hits([value ?? ''])).toHaveLength(1);
    expect(hits([`x ${Buffer.from(`${own.secret}-and-more`).toString('base64')}`, 'a quiet place'])).toHaveLength(0);
  });

  it('are in no table, no queue and no blob', async () => {
    const places = await stored();

    expect(places.some((place) => place.startsWith('blob '))).toBe(true);
    expect(places.length).toBeGreaterThan(20);
    expect(hits(places)).toEqual([]);
  });

  it('are in no line of the log, no error and no page', () => {
    expect(hits(logged)).toEqual([]);
    expect(hits(problems)).toEqual([]);
    expect(hits(shown.map(({ url, status, body }) => `${status} ${new URL(url).pathname}: ${body}`))).toEqual([]);
  });

  it('are in no hub', () => {
    const events = hubNames.flatMap((hub) => [...web.stack.hubs.read(hub)].map(({ body }) => body.toString()));

    expect(events.length).toBeGreaterThan(3);
    expect(hits(events)).toEqual([]);
  });

  it('are in nothing that goes out by OpenTelemetry', async () => {
    // What is not exported yet is exported when the connector stops.
    await web.connector.stop();
    await Promise.all([otlp.until('/v1/logs'), otlp.until('/v1/metrics')]);

    const exported = otlp.received.map(({ path, body }) => `${path} ${body}`);
    const events = new Set(logged.map((line) => (JSON.parse(line) as { event: string }).event));
    events.delete('measured');
    for (const name of [...events, 'requestMs'])
      expect([name, exported.some((one) => one.includes(`"${name}"`))]).toEqual([name, true]);
    expect(hits(exported)).toEqual([]);
  });
});
