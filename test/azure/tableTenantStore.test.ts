import { tableTenantStore } from '../../src/azure/tableTenantStore';
import type { TenantStore } from '../../src/domain/ports';
import type { Tenant } from '../../src/domain/tenant';
import { failureKindOf, withStorage } from './storageStand';
import type { FreshStorage } from './storageStand';

const { signal } = new AbortController();
const tenant: Tenant = {
  id: '11111111-1111-4111-8111-111111111111',
  name: 'Contoso "Ünïted"',
  description: '',
  cloud: 'gccHigh',
  clientId: '33333333-3333-4333-8333-333333333333',
  secretName: 'tenant-11111111',
  integrations: [{ id: 'office365Audit', polling: { kind: 'every', seconds: 300 } }],
  stampName: true,
  status: 'active',
  statusSince: '2026-11-22T12:00:00.000Z',
  epoch: 3,
  addedAt: '2026-11-22T11:00:00.000Z',
  assessmentAskedAt: '2026-11-22T13:00:00.000Z',
};

async function gathered(tenants: AsyncIterable<Tenant>): Promise<Tenant[]> {
  const all: Tenant[] = [];
  for await (const each of tenants) all.push(each);
  return all;
}

describe('tableTenantStore', () => {
  let stand: FreshStorage;
  let store: TenantStore;

  withStorage((fresh) => {
    stand = fresh;
    store = tableTenantStore(stand.access, stand.options);
  });

  const damage = (columns: object) =>
    stand
      .table(`${stand.storagePrefix}tenants`)
      .updateEntity({ partitionKey: 'tenants', rowKey: tenant.id, ...columns }, 'Merge');

  it('keeps a tenant, and changes it only from the version that was read', async () => {
    const etag = await store.save(tenant, undefined, signal);
    expect(await store.find(tenant.id, signal)).toEqual({ tenant, etag });

    const paused: Tenant = {
      ...tenant,
      status: 'paused',
      integrations: [{ id: 'office365Audit', polling: { kind: 'adaptive' } }],
    };
    const second = await store.save(paused, etag, signal);

    expect(await store.find(tenant.id, signal)).toEqual({ tenant: paused, etag: second });
    expect(await failureKindOf(store.save(tenant, etag, signal))).toBe('conflict');
    expect(await failureKindOf(store.save(tenant, undefined, signal))).toBe('conflict');
  });

  it('recognises its own save when the answer was lost', async () => {
    stand.proxy.fail(['lostAs500']);

    const etag = await tableTenantStore(stand.proxy.access, stand.options).save(tenant, undefined, signal);

    expect(await store.find(tenant.id, signal)).toEqual({ tenant, etag });
  });

  it('lists and removes tenants', async () => {
    const other = { ...tenant, id: '22222222-2222-4222-8222-222222222222' };
    await store.save(other, undefined, signal);
    await store.save(tenant, undefined, signal);

    expect(await gathered(store.all(signal))).toEqual([tenant, other]);
    await store.remove(tenant.id, signal);
    await store.remove(tenant.id, signal);

    expect(await gathered(store.all(signal))).toEqual([other]);
    expect(await store.find(tenant.id, signal)).toBeUndefined();
  });

  it.each([
    ['cloud', 'mars'],
    ['integrations', '[{"id":"office365Audit"}]'],
    ['integrations', 'not json'],
    ['status', 5],
    ['id', '22222222-2222-4222-8222-222222222222'],
  ])('does not take a tenant for one that is gone when its %s is %j', async (column, value) => {
    await store.save(tenant, undefined, signal);
    await damage({ [column]: value });

    expect(await failureKindOf(store.find(tenant.id, signal))).toBe('unexpectedResponse');
    expect(await gathered(store.all(signal))).toEqual([]);
    expect(stand.corrupt).toHaveLength(2);
    expect(stand.corrupt[0]).toContain(column);
  });

  it('leaves out an integration of a newer version', async () => {
    await store.save(tenant, undefined, signal);
    await damage({
      integrations: '[{"id":"future","polling":{"kind":"adaptive"}},{"id":"office365Audit","polling":{"kind":"disabled"}}]',
    });

    expect((await store.find(tenant.id, signal))?.tenant.integrations).toEqual([
      { id: 'office365Audit', polling: { kind: 'disabled' } },
    ]);
  });
});
