import { createHash, randomBytes } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { blobOversizeStore, oversizeContainerName } from '../../src/azure/blobOversizeStore';
import type { OversizeStore } from '../../src/domain/ports';
import { failureKindOf, startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

const { signal } = new AbortController();
const record = {
  tenantId: '11111111-1111-4111-8111-111111111111',
  sourceId: 'activity.exchange',
  id: 'a/b ü',
  json: randomBytes(3_000_000),
};

describe('blobOversizeStore', () => {
  let stand: StorageStand;
  let container: string;
  let store: OversizeStore;

  beforeAll(async () => {
    stand = await startStorageStand();
  });

  afterAll(() => stand.stop());

  beforeEach(() => {
    const storagePrefix = stand.prefix();
    container = oversizeContainerName({ storagePrefix });
    store = blobOversizeStore(stand.access, { storagePrefix });
  });

  const read = (blob: string) =>
    BlobServiceClient.fromConnectionString(stand.connectionString)
      .getContainerClient(container)
      .getBlobClient(blob)
      .downloadToBuffer();

  it('keeps the bytes under a name made of the id, once', async () => {
    const kept = await store.keep(record, signal);

    expect(kept.blob).toMatch(/^11111111-1111-4111-8111-111111111111\/activity\.exchange\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.json$/);
    expect(kept.sha256).toBe(createHash('sha256').update(record.json).digest('hex'));
    expect((await read(kept.blob)).equals(record.json)).toBe(true);
    expect(await store.keep(record, signal)).toEqual(kept);
  });

  it('never overwrites what a pointer was sent for', async () => {
    const first = await store.keep(record, signal);
    const other = { ...record, json: Buffer.from('{"other":true}') };

    const second = await store.keep(other, signal);

    expect(second.blob).not.toBe(first.blob);
    expect((await read(first.blob)).equals(record.json)).toBe(true);
    expect((await read(second.blob)).equals(other.json)).toBe(true);
    expect(await store.keep(other, signal)).toEqual(second);
    expect(await store.keep(record, signal)).toEqual(first);
  });

  it('says unavailable when nothing listens, and cancelled when the caller gives up', async () => {
    const value = stand.connectionString.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:9');

    expect(await failureKindOf(blobOversizeStore({ kind: 'connectionString', value }).keep(record, signal))).toBe(
      'storeUnavailable',
    );
    expect(await failureKindOf(store.keep(record, AbortSignal.abort()))).toBe('cancelled');
  });
});
