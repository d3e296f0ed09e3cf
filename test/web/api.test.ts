import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { OperatorRole } from '../../src/domain/operator';
import { actionOperations } from '../../src/web/actionOperations';
import { apiOperations } from '../../src/web/apiOperations';
import { routes } from '../../src/web/site';
import { operatorHeaders, signedInSettings } from '../support/operatorToken';
import { prospect, startWebStack } from '../support/webStack';
import type { Seen, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const customer = prospect(1);
const id = customer.tenantId;
let web: WebStack;
beforeAll(async () => {
  web = await startWebStack([customer], signedInSettings);
  const { clientId, secret } = customer;
  const visitor = web.visitor();
  const choose = await visitor.get(await web.invitation('Contoso'));
  const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
  const progress = await visitor.submit(form, { tenant: id, clientId, secret });
  await web.advance(/[0-9a-f]{32}$/.exec(progress.url)?.[0] ?? '');
});
afterAll(async () => web.stop());

type Json = Readonly<Record<string, unknown>>;

const operation = z.looseObject({
  operationId: z.string(),
  'x-role': z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string(), required: z.boolean() })).optional(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.json() })) }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.json().optional() })) }),
  ),
});
const description = z
  .looseObject({
    openapi: z.string(),
    paths: z.record(z.string(), z.record(z.string(), operation)),
    components: z.looseObject({ schemas: z.record(z.string(), z.json()) }),
  })
  .parse(JSON.parse(readFileSync('docs/openapi.json', 'utf8')));

const described = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, what]) => ({ path, method: method.toUpperCase(), what })),
);

/** A schema of the file, with what it refers to, as something that checks values. */
function schemaOf(schema: unknown): z.ZodType {
  const text = JSON.stringify({ ...(schema as Json), $defs: description.components.schemas });
  return z.fromJSONSchema(
    JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Parameters<typeof z.fromJSONSchema>[0],
  );
}

interface Asked {
  readonly body?: unknown;
  readonly roles?: readonly OperatorRole[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** A request to the API, as an operator's program makes it. */
async function ask(method: string, path: string, { body, roles = ['Onboarder'], headers = {}, text }: Asked = {}): Promise<Seen> {
  const write = method === 'GET' ? {} : { origin: web.stack.publicUrl, 'x-m365c-request': '1' };
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const json = sent === undefined ? {} : { 'content-type': 'application/json' };
  return web.visitor().send(method, path, {
    ...(sent === undefined ? {} : { form: sent }),
    headers: { ...operatorHeaders(web, roles), ...write, ...json, ...headers },
  });
}

const read = ({ body }: Seen): Json => JSON.parse(body) as Json;

describe('docs/openapi.json', () => {
  it('has every route of the API, and nothing else', () => {
    const inFile = described.map(({ method, path }) => `${method} ${path}`).sort();
    const inSite = routes
      .filter(({ path }) => path[0] === 'api')
      .map(({ method, path }) => `${method} /${path.map((part) => part.replace(/^:(.*)/, '{$1}')).join('/')}`)
      .sort();

    expect(inFile).toEqual(inSite);
  });

  it('says which role each needs, and what a write has to carry', () => {
    for (const { path, method, what } of described) {
      const route = routes.find(
        (one) => one.method === method && `/${one.path.join('/')}` === path.replaceAll(/\{(\w+)\}/g, ':$1'),
      );
      const names = (what.parameters ?? []).filter(({ required }) => required).map(({ name }) => name);

      expect({ path, role: what['x-role'] }).toEqual({ path, role: route?.access });
      expect(names.includes('id')).toBe(path.includes('{id}'));
      expect(names.includes('Origin') && names.includes('X-M365C-Request')).toBe(method !== 'GET');
    }
  });

  it('names each operation once, and refers only to what is there', () => {
    const text = JSON.stringify(description);
    const referred = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '');
    const ids = described.map(({ what }) => what.operationId);

    expect(description.openapi).toBe('3.1.0');
    expect(new Set(ids).size).toBe(ids.length);
    expect(referred.filter((name) => !(name in description.components.schemas))).toEqual([]);
  });
});

describe('a write', () => {
  const before = async () => web.connector.tenantPorts.tenants.find(id, signal);
  const writes = apiOperations.filter(({ method }) => method !== 'GET');
  const pathOf = (path: readonly string[]): string => `/api/${path.map((part) => (part === ':id' ? id : part)).join('/')}`;

  it.each<[string, Readonly<Record<string, string>>]>([
    ['from another site', { origin: 'https://evil.example' }],
    ['from a site whose name begins like ours', { origin: 'http://localhost:0.evil.example' }],
    ['without an origin', { origin: '' }],
    ['with the origin of a file', { origin: 'null' }],
    ['without the header that a form cannot send', { 'x-m365c-request': '' }],
    ['with another value of that header', { 'x-m365c-request': 'true' }],
  ])('%s is refused on every route, and changes nothing', async (_, headers) => {
    const was = await before();
    const answers = await Promise.all(
      writes.map(async ({ method, path }) => ask(method, pathOf(path), { body: { confirm: 'Contoso', customer: 'x' }, headers })),
    );

    expect(answers.map(({ status }) => status)).toEqual(writes.map(() => 403));
    expect(await before()).toEqual(was);
  });

  it.each<[string, Asked, number]>([
    ['no JSON', { text: '{"confirm":' }, 400],
    ['half a character', { text: '\ud800' }, 400],
    ['a form', { text: 'confirm=Contoso', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['plain text', { text: '{"confirm":"Contoso"}', headers: { 'content-type': 'text/plain' } }, 415],
    ['nothing', {}, 415],
    ['more than 32 KB', { body: { confirm: 'x'.repeat(33_000) } }, 413],
    ['what says it is more than 32 KB', { body: { confirm: 'Contoso' }, headers: { 'content-length': '40000' } }, 413],
    ['null', { body: null }, 400],
    ['a list', { body: ['Contoso'] }, 400],
    ['fields that nobody asked for', { body: { confirm: 'Contoso', approved: true } }, 400],
    ['a field of another type', { body: { confirm: ['Contoso'] } }, 400],
    ['another name', { body: { confirm: 'contoso' } }, 400],
  ])('that sends %s is refused, and changes nothing', async (_, asked, status) => {
    const was = await before();
    const seen = await ask('POST', `/api/tenants/${id}/remove`, asked);

    expect([seen.status, seen.headers['Content-Type']]).toEqual([status, 'application/problem+json; charset=utf-8']);
    expect(schemaOf({ $ref: '#/components/schemas/Problem' }).safeParse(read(seen)).error).toBeUndefined();
    expect(await before()).toEqual(was);
  });

  it.each<[string, unknown]>([
    ['no integration', { integrations: [] }],
    ['an integration that is not there', { integrations: [{ id: 'sharePoint', polling: { kind: 'adaptive' } }] }],
    ['an integration twice', { integrations: ['a', 'b'].map(() => ({ id: 'office365Audit', polling: { kind: 'adaptive' } })) }],
    ['an interval of nothing', { integrations: [{ id: 'office365Audit', polling: { kind: 'every', seconds: 0 } }] }],
    ['an interval that is text', { integrations: [{ id: 'office365Audit', polling: { kind: 'every', seconds: '60' } }] }],
    ['a status', { status: 'paused' }],
    ['another application', { clientId: '99999999-9999-4999-8999-999999999999' }],
    ['another secret', { secretName: 'tenant-of-somebody-else' }],
    ['an optional source that is none', { also: ['activity.exchange'] }],
    ['a name of two lines', { name: 'a\nb' }],
    ['an empty name', { name: ' ' }],
    ['the prototype', JSON.parse('{"__proto__":{"name":"x"},"constructor":{}}')],
  ])('that changes a tenant to %s is refused, and changes nothing', async (_, body) => {
    const was = await before();
    const seen = await ask('PATCH', `/api/tenants/${id}`, { body });

    expect(seen.status).toBe(400);
    expect(await before()).toEqual(was);
  });

  it.each<[string, unknown, RegExp]>([
    ['its id', { kind: 'clientSecret', value: '99999999-9999-4999-8999-999999999999' }, /secret's ID/],
    ['nothing', { kind: 'clientSecret' }, /No value/],
    ['two lines', { kind: 'clientSecret', value: 'fake one\nfake two' }, /white space/],
    ['a certificate without its key', { kind: 'certificate', value: 'fake' }, /certificate/],
    ['a value where there is none', { kind: 'managedIdentity', value: 'fake-value' }, /no value/],
    ['a day that is over', { kind: 'clientSecret', value: 'fake-own-secret-1~abc', expiresOn: '2020-01-01' }, /over/],
  ])('that gives a credential as %s says so, and does not repeat it', async (_, body, title) => {
    const seen = await ask('PUT', `/api/tenants/${id}/credential`, { body });

    expect([seen.status, read(seen)['title']]).toEqual([400, expect.stringMatching(title)]);
    expect(seen.body).not.toContain('fake');
  });

  it('that gives a secret which Microsoft refuses is answered with what is wrong, and is kept as failed', async () => {
    const seen = await ask('PUT', `/api/tenants/${id}/credential`, {
      body: { kind: 'clientSecret', value: 'fake-wrong-secret~1' },
    });
    const [newest] = await web.connector.onboardPorts.changes.newest(id, 1, signal);

    expect([seen.status, read(seen)['code']]).toEqual([422, 'AADSTS7000215']);
    expect(newest).toMatchObject({ what: 'credentialGiven', outcome: 'failed', detail: 'AADSTS7000215' });
  });

  it('by somebody without the role is kept', async () => {
    const seen = await ask('POST', `/api/tenants/${id}/pause`, { roles: ['Reader'] });
    const [newest] = await web.connector.onboardPorts.changes.newest(undefined, 1, signal);

    expect([seen.status, read(seen)['code']]).toEqual([403, 'role:Onboarder']);
    expect(newest).toMatchObject({
      what: 'denied',
      role: 'Onboarder',
      target: 'POST /api/tenants/:id/pause',
      outcome: 'refused',
    });
  });

  it('stays done when the operations hub does not take it, and is told later', async () => {
    const { onboardPorts } = web.connector;
    const { clock, changes } = onboardPorts;
    const at = clock.now().toISOString();
    // As it is when the process dies before the hub answers.
    await changes.record({ id: 'lost', at, who: 'somebody', what: 'lostOnTheWay', tenantId: id, outcome: 'started' }, signal);
    const told = () => [...web.stack.hubs.read('m365-operations')].filter(({ body }) => body.includes('lostOnTheWay')).length;

    await web.connector.resumeOnboardings();
    const soon = told();
    web.clock.jump(6 * 60_000);
    await web.connector.resumeOnboardings();
    await web.connector.resumeOnboardings();

    expect([soon, told(), await changes.untold(10, signal)]).toEqual([0, 1, []]);
  });
});

describe('a read', () => {
  it.each<[string, string, number]>([
    ['a tenant that is not there', '/api/tenants/99999999-9999-4999-8999-999999999999', 404],
    ['a tenant by a text that is no id', '/api/tenants/..%2f..%2fsecrets', 404],
    ['a route that is not there', '/api/secrets', 404],
    ['a parameter twice', '/api/tenants?q=a&q=b', 400],
    ['a parameter that is none', `/api/tenants/${id}?secret=1`, 400],
    ['too many', '/api/tenants?limit=100000', 400],
    ['a bad time', `/api/tenants/${id}/evidence?from=yesterday`, 400],
    ['an address of 9 KB', `/api/tenants?q=${'a'.repeat(9_000)}`, 414],
  ])('of %s is refused as a problem', async (_, path, status) => {
    const seen = await ask('GET', path, { roles: ['Reader'] });

    expect([seen.status, read(seen)['status'], seen.headers['Content-Type']]).toEqual([
      status,
      status,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('is not one with another method', async () => {
    for (const method of ['DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PUT'])
      expect((await ask(method, `/api/tenants/${id}`)).status).toBe(405);
  });
});

/** What each operation is called with here; an operation without an entry fails the test. */
const calls: Readonly<Record<string, { readonly query?: string; readonly body?: () => unknown; readonly status?: number }>> = {
  listTenants: { query: '?q=conto&limit=10' },
  getTenant: {},
  getCoverage: { query: '?hours=24' },
  getHistory: {},
  getEvidence: { query: '?from=2026-01-01T00:00:00Z' },
  getCredential: {},
  setCredential: { body: () => ({ kind: 'clientSecret', value: customer.secret, expiresOn: '2099-01-01' }) },
  rotateCredential: {},
  changeTenant: {
    body: () => ({
      integrations: [
        { id: 'office365Audit', polling: { kind: 'every', seconds: 300 } },
        { id: 'evidence', polling: { kind: 'adaptive' } },
      ],
      description: 'Big',
    }),
  },
  pauseTenant: {},
  resumeTenant: {},
  syncTenant: {},
  assessTenant: {},
  sendTestRecord: {},
  makeConsentLink: {},
  invite: { body: () => ({ customer: 'Fabrikam' }) },
  listHistory: { query: '?limit=5' },
  listIntegrations: {},
  getOpenApi: {},
  removeTenant: { body: () => ({ confirm: 'Contoso' }) },
};

describe('the API', () => {
  it('answers each operation as the file says, and keeps each write with who made it', async () => {
    const last = ({ what }: (typeof described)[number]) => (what.operationId === 'removeTenant' ? 1 : 0);
    // Those on users and devices need a customer who has opted in: test/web/actionApi.test.ts.
    const elsewhere = new Set(actionOperations.map((one) => one.id));
    const here = described.filter(({ what }) => !elsewhere.has(what.operationId));
    for (const { path, method, what } of here.toSorted((a, b) => last(a) - last(b))) {
      const call = calls[what.operationId];
      if (call === undefined) throw new Error(`${what.operationId} is not called.`);
      const { query = '', body } = call;
      const given = body?.();
      const requested = what.requestBody?.content['application/json']?.schema;

      const seen = await ask(method, `${path.replace('{id}', id)}${query}`, given === undefined ? {} : { body: given });

      const good = Object.entries(what.responses).filter(([status]) => status.startsWith('2'));
      expect([what.operationId, good.map(([status]) => status), seen.body]).toEqual([
        what.operationId,
        [String(seen.status)],
        expect.any(String),
      ]);
      expect(seen.headers['Content-Type']).toBe('application/json; charset=utf-8');
      expect(seen.body).not.toContain('secretName');
      expect(requested === undefined).toBe(given === undefined);
      if (requested !== undefined) expect(schemaOf(requested).safeParse(given).error).toBeUndefined();
      const answer = good[0]?.[1].content['application/json']?.schema;
      if (answer !== undefined)
        expect([what.operationId, schemaOf(answer).safeParse(read(seen)).error]).toEqual([what.operationId, undefined]);
      if (method !== 'GET') {
        const [newest] = await web.connector.onboardPorts.changes.newest(undefined, 1, signal);
        expect(newest).toMatchObject({
          role: 'Onboarder',
          outcome: 'done',
          who: expect.stringMatching(/^[0-9a-f-]+\/0b0b0b0b-/) as string,
        });
      }
    }
    expect(await web.connector.tenantPorts.tenants.find(id, signal)).toBeUndefined();
  });

  it('tells the operations hub who changed what', () => {
    const told = [...web.stack.hubs.read('m365-operations')].map(({ body }) => body.toString()).join('');

    for (const change of ['paused', 'credentialGiven', 'invited', 'removed'])
      expect(told).toMatch(new RegExp(`"change":"${change}","by":"[0-9a-f-]+/0b0b0b0b-[^"]*","role":"Onboarder"`));
  });
});
