import { BlobServiceClient } from '@azure/storage-blob';
import { blobEvidenceStore, evidenceContainerName } from '../../src/azure/blobEvidenceStore';
import { evidenceStoreContract } from '../support/evidenceStoreContract';
import { failureKindOf, startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

const { signal } = new AbortController();
const tenant = '11111111-2222-4333-8444-000000000001';
const id = '2026-11-22T10:00:00.000Z';

describe('blobEvidenceStore', () => {
  let stand: StorageStand;
  beforeAll(async () => {
    stand = await startStorageStand();
  });
  afterAll(() => stand.stop());

  evidenceStoreContract(() => blobEvidenceStore(stand.access, { storagePrefix: stand.prefix() }));

  it('refuses a blob that somebody has changed', async () => {
    const storagePrefix = stand.prefix();
    const store = blobEvidenceStore(stand.access, { storagePrefix });
    const { blob } = await store.keep(tenant, id, Buffer.from('{"met":false}'), signal);
    const container = BlobServiceClient.fromConnectionString(stand.connectionString).getContainerClient(
      evidenceContainerName({ storagePrefix }),
    );
    const { metadata } = await container.getBlobClient(blob).getProperties();
    await container.getBlockBlobClient(blob).upload('{"met":true}', 12, { ...(metadata === undefined ? {} : { metadata }) });

    expect(await failureKindOf(store.read(tenant, id, signal))).toBe('unexpectedResponse');
  });

  it('makes the container anew when it was deleted', async () => {
    const storagePrefix = stand.prefix();
    const store = blobEvidenceStore(stand.access, { storagePrefix });
    await store.keep(tenant, id, Buffer.from('{}'), signal);
    await BlobServiceClient.fromConnectionString(stand.connectionString).deleteContainer(
      evidenceContainerName({ storagePrefix }),
    );

    expect(await store.read(tenant, id, signal)).toBeUndefined();
    expect((await store.keep(tenant, id, Buffer.from('{}'), signal)).blob).toBe(`${tenant}/2026/2026-11-22T100000.000Z.json`);
  });

  it('says unavailable when nothing listens', async () => {
    const value = stand.connectionString.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:9');
    const store = blobEvidenceStore({ kind: 'connectionString', value });

    expect(await failureKindOf(store.keep(tenant, id, Buffer.from('{}'), signal))).toBe('storeUnavailable');
    expect(await failureKindOf(store.ids(tenant, new Date(0), new Date(1), signal))).toBe('storeUnavailable');
  });
});
