import { newSourceRow } from '../../src/domain/sourceState';
import type { Tenant } from '../../src/domain/tenant';
import { contoso } from '../microsoft/fakes';
import { prospect, startWebStack } from '../support/webStack';
import type { WebStack } from '../support/webStack';

jest.setTimeout(240_000);

const { signal } = new AbortController();
const many = 1_000;
const sourcesOfEach = [
  'activity.exchange',
  'activity.sharePoint',
  'activity.general',
  'activity.azureActiveDirectory',
  'activity.dlp',
];
let web: WebStack;
beforeAll(async () => {
  web = await startWebStack([prospect(9)]);
  const { tenants, sourceRows } = web.connector.tenantPorts;
  const save = async (number: number): Promise<void> => {
    const id = `${String(number).padStart(8, '0')}-1111-4111-8111-111111111111`;
    const tenant: Tenant = {
      ...contoso,
      id,
      name: `Customer ${number}`,
      integrations: [{ id: 'office365Audit', polling: { kind: 'adaptive' } }],
    };
    await tenants.save(tenant, undefined, signal);
    for (const source of sourcesOfEach) await sourceRows.create(newSourceRow(id, source, web.clock.now()), signal);
  };
  for (let start = 1; start <= many; start += 25)
    await Promise.all(Array.from({ length: 25 }, (_, index) => save(start + index)));
});
afterAll(async () => web.stop());

describe('a thousand tenants', () => {
  it('are on the page of the operator, and in the API, in under a second', async () => {
    const took: Record<string, number> = {};
    for (const path of ['/', '/api/tenants', '/?q=customer+77']) {
      const times: number[] = [];
      // The best of some: other work on the machine is not what is measured.
      for (let turn = 0; turn < 4; turn += 1) {
        const began = performance.now();
        const seen = await web.visitor().send('GET', path);
        times.push(performance.now() - began);
        expect(seen.status).toBe(200);
        expect(seen.body).toContain(path === '/' ? 'Customer ' : 'Customer 77');
      }
      took[path] = Math.round(Math.min(...times));
    }

    for (const milliseconds of Object.values(took)) expect(milliseconds).toBeLessThan(1_000);
  });
});
