import type { CredentialRing } from '../../src/domain/credential';
import { newSourceRow } from '../../src/domain/sourceState';
import type { SourceRow } from '../../src/domain/sourceState';
import type { Tenant } from '../../src/domain/tenant';
import { contoso } from '../microsoft/fakes';
import { prospect, startWebStack } from '../support/webStack';
import type { WebStack } from '../support/webStack';

jest.setTimeout(240_000);

const { signal } = new AbortController();
const many = 1_000;
let web: WebStack;
let sourcesOfEach = 0;
beforeAll(async () => {
  web = await startWebStack([prospect(9)]);
  const { tenants, sourceRows, sources } = web.connector.tenantPorts;
  const integrations = [...new Set([...sources.values()].map(({ integration }) => integration))];
  const { rings } = web.connector.tenantPorts.rotation;
  const now = web.clock.now().toISOString();
  const later = new Date(web.clock.now().getTime() + 90 * 86_400_000).toISOString();
  const ran = (tenantId: string, sourceId: string): SourceRow => ({
    ...newSourceRow(tenantId, sourceId, web.clock.now()),
    ...{ state: { name: 'collecting', since: now }, memory: { recent: '490000|12|34' }, cursor: { listedTo: now } },
    ...{ firstRunAt: now, lastRunAt: now, lastRecordAt: now, recordsTotal: 1_000_000, etag: '' },
  });
  const ring = (name: string, tenantId: string): CredentialRing => ({
    ...{ name, kind: 'clientSecret', cloud: contoso.cloud, clientId: contoso.clientId, tenantId },
    ...{ current: { version: 'fake-version', keyId: name, startsAt: now, expiresAt: later, ours: true } },
    ...{ dueAt: later, facts: [], etag: '' },
  });
  const save = async (number: number): Promise<void> => {
    const id = `${String(number).padStart(8, '0')}-1111-4111-8111-111111111111`;
    const tenant: Tenant = {
      ...contoso,
      id,
      name: `Customer ${number}`,
      secretName: `tenant-${id}`,
      integrations: integrations.map((integration) => ({ id: integration, polling: { kind: 'adaptive' } })),
      also: [...sources.keys()],
    };
    await tenants.save(tenant, undefined, signal);
    await rings.save(ring(tenant.secretName, id), signal);
    await sourceRows.renewGlance(
      id,
      [...sources.keys()].map((sourceId) => ran(id, sourceId)),
      signal,
    );
  };
  for (let start = 1; start <= many; start += 25)
    await Promise.all(Array.from({ length: 25 }, (_, index) => save(start + index)));
  sourcesOfEach = sources.size;
});
afterAll(async () => web.stop());

describe('a thousand tenants with every source there is, and a credential each', () => {
  it('are on the page of the operator, in a search and in the API in less than a second', async () => {
    const wallMs: Record<string, number> = {};
    for (const path of ['/', '/api/tenants', '/?q=customer+77']) {
      const turns: number[] = [];
      for (let turn = 0; turn < 6; turn += 1) {
        const began = performance.now();
        const seen = await web.visitor().send('GET', path);
        turns.push(performance.now() - began);
        expect(seen.status).toBe(200);
        expect(seen.body).toContain(path === '/' ? 'All 1,000 tenants are all right' : 'Customer 77');
      }
      wallMs[path] = Math.round(Math.min(...turns));
    }

    if (process.env['SHOW_TIMES'] !== undefined) console.log(JSON.stringify({ sourcesOfEach, wallMs }));
    expect(sourcesOfEach).toBeGreaterThan(30);
    for (const milliseconds of Object.values(wallMs)) expect(milliseconds).toBeLessThan(1_000);
  });
});
