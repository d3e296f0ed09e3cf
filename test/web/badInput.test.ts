import { readFileSync } from 'node:fs';
import { routes } from '../../src/web/site';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, Visitor, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const script = '<script>alert(1)</script>';
let web: WebStack;
beforeAll(async () => {
  web = await startWebStack([1, 2].map((digit) => prospect(digit)));
});
afterAll(async () => web.stop());

const idOf = (seen: Seen): string => /\/onboarding\/([0-9a-f]{32})/.exec(seen.url)?.[1] ?? '';
const tenantsNow = async () => Array.fromAsync(web.connector.tenantPorts.tenants.all(signal));

async function connectOwn(digit: number, customer: string, visitor: Visitor = web.visitor()): Promise<string> {
  const { tenantId: tenant, clientId, secret } = prospect(digit);
  const choose = await visitor.get(await web.invitation(customer));
  const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
  return idOf(await visitor.submit(form, { tenant, clientId, secret }));
}

describe('the start of an onboarding', () => {
  it('B18 takes a tenant that is there already as the same one, and says so in the history', async () => {
    await web.advance(await connectOwn(1, 'Contoso'));
    const [before] = await tenantsNow();

    await web.advance(await connectOwn(1, 'Contoso'));

    const after = await tenantsNow();
    expect(after.map(({ id, addedAt }) => [id, addedAt])).toEqual([[before?.id, before?.addedAt]]);
    expect(after[0]?.epoch).toBeGreaterThan(before?.epoch ?? Infinity);
    const changes = await web.connector.onboardPorts.changes.newest(prospect(1).tenantId, 10, signal);
    expect(changes.map(({ what }) => what)).toEqual(['changed', 'onboarded']);
  });

  it('B18 lets two operators bring in the same tenant at the same moment, once', async () => {
    const ids = await Promise.all([connectOwn(2, 'Fabrikam'), connectOwn(2, 'Fabrikam')]);

    await Promise.all(ids.map(async (id) => web.advance(id)));

    const found = (await tenantsNow()).filter(({ id }) => id === prospect(2).tenantId);
    const rows = await web.connector.tenantPorts.sourceRows.ofTenant(prospect(2).tenantId, signal);
    expect(found).toHaveLength(1);
    expect(new Set(rows.map(({ sourceId }) => sourceId)).size).toBe(rows.length);
  });
});

describe('the pages of the operator', () => {
  it('B22 answer 404 for a tenant that is not there, whatever is done to it, and change nothing', async () => {
    const visitor = web.visitor();
    const form = /name="formToken" value="([^"]+)"/.exec((await visitor.get('/invite')).body)?.[1] ?? '';
    const before = await tenantsNow();
    const strange = ['99999999-9999-4999-8999-999999999999', 'x', '..%2f..', `${prospect(1).tenantId}x`, '%27%20or%201%20eq%201'];
    const ofTenants = routes.filter(({ path }) => path[0] === 'tenants' && path[1] === ':id');
    const answers = await Promise.all(
      ofTenants.flatMap(({ method, path }) =>
        strange.map(async (id) => {
          const target = `/${path.map((part) => (part === ':id' ? id : part)).join('/')}`;
          return visitor.send(method, target, method === 'POST' ? { form: { formToken: form, confirm: 'Contoso' } } : {});
        }),
      ),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(answers.length).toBe(ofTenants.length * strange.length);
    expect(await tenantsNow()).toEqual(before);
  });

  it('B56 show a name that is a script as text, on every page it is on', async () => {
    const { tenants } = web.connector.tenantPorts;
    const found = await tenants.find(prospect(1).tenantId, signal);
    if (found === undefined) throw new Error('The tenant is not there.');
    await tenants.save({ ...found.tenant, name: script, description: script }, found.etag, signal);
    const visitor = web.visitor();
    const link = await web.invitation(script);

    const pages = await Promise.all(
      ['/', `/?q=${encodeURIComponent(script)}`, `/tenants/${prospect(1).tenantId}`, '/history', link].map(async (path) =>
        visitor.get(path),
      ),
    );

    for (const page of pages) {
      expect([page.url, page.status, page.body.includes(script)]).toEqual([page.url, 200, false]);
      expect(page.headers['Content-Security-Policy']).toContain("script-src 'self'");
      expect(textOf(page)).toContain('alert(1)');
    }
  });
});

describe('who gets in', () => {
  let closed: WebStack;
  beforeAll(async () => {
    closed = await startWebStack([prospect(3)], { OPERATOR_ACCESS: 'signedIn' });
  });
  afterAll(async () => closed.stop());

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['B20 nobody, where no operators are set up', '/', {}],
    [
      'B21 nobody by the headers of built-in authentication',
      '/',
      { 'x-ms-client-principal': 'eyJ9', 'x-ms-client-principal-id': 'me' },
    ],
    ['B32 nobody by a key in the address', '/?code=fake-host-key', {}],
    ['B32 nobody by the master key', '/', { 'x-functions-key': 'fake-master-key' }],
  ])('%s', async (_, target, headers) => {
    const answer = await closed.visitor().send('GET', target, { headers });

    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain('Tenants');
  });
});

describe('the table of bad input', () => {
  const folder = 'test/web';
  const table = readFileSync(`${folder}/README.md`, 'utf8');
  const rows = [...Array.from({ length: 22 }, (_, index) => `B${index + 1}`), 'B32', 'B55', 'B56'];

  it.each(rows)('names a test for %s, which names it back', (row) => {
    const line = table.split('\n').find((each) => each.startsWith(`| ${row} `));
    const files = [...(line ?? '').matchAll(/`(\w+\/\w+)`/g)].map(([, name = '']) => name);

    expect(files.length).toBeGreaterThan(0);
    for (const name of files) {
      const text = readFileSync(`test/${name}.test.ts`, 'utf8');
      expect([name, new RegExp(`\\b${row}\\b`).test(text)]).toEqual([name, true]);
    }
  });
});
