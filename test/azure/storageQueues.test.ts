import { QueueServiceClient } from '@azure/storage-queue';
import { z } from 'zod';
import { queueNames, storageCollectQueue } from '../../src/azure/storageQueues';
import type { CollectQueue } from '../../src/domain/ports';
import type { CollectMessage } from '../../src/domain/schedule';
import { failureKindOf, startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

const { signal } = new AbortController();
const message: CollectMessage = {
  v: 1,
  entries: [
    {
      tenantId: '11111111-1111-4111-8111-111111111111',
      sourceId: 'activity.exchange',
      ticket: 3,
      dueAt: '2026-11-22T12:00:00.000Z',
    },
  ],
};

describe('storageCollectQueue', () => {
  let stand: StorageStand;
  let names: ReturnType<typeof queueNames>;
  let queue: CollectQueue;

  beforeAll(async () => {
    stand = await startStorageStand();
  });

  afterAll(() => stand.stop());

  beforeEach(() => {
    const storagePrefix = stand.prefix();
    names = queueNames({ storagePrefix });
    queue = storageCollectQueue(stand.access, { storagePrefix });
  });

  const waiting = async (name: string): Promise<unknown[]> => {
    const client = QueueServiceClient.fromConnectionString(stand.connectionString).getQueueClient(name);
    const { receivedMessageItems } = await client.receiveMessages({ numberOfMessages: 32 });
    return receivedMessageItems.map(({ messageText }): unknown => JSON.parse(messageText));
  };

  it('sends messages as plain JSON, as host.json says, and counts those that wait', async () => {
    expect(await queue.depth('feeds', signal)).toBe(0);
    await queue.send('feeds', message, signal);
    await queue.send('feeds', message, signal);

    expect(await queue.depth('feeds', signal)).toBe(2);
    expect(await waiting(names.feeds)).toEqual([message, message]);
  });

  it('keeps the lanes apart', async () => {
    await queue.send('paced', message, signal);

    expect(await queue.depth('feeds', signal)).toBe(0);
    expect(await queue.depth('paced', signal)).toBe(1);
    expect(await waiting(names.paced)).toEqual([message]);
  });

  it('takes a full message', async () => {
    const entries = message.entries.flatMap((entry) =>
      Array.from({ length: 100 }, () => ({ ...entry, sourceId: 'x'.repeat(100) })),
    );
    const full: CollectMessage = { v: 1, entries };

    await queue.send('feeds', full, signal);

    expect(await waiting(names.feeds)).toEqual([full]);
  });

  it.each([
    ['short', 'not ours'],
    ['long', 'ü'.repeat(60_000)],
    ['full of what JSON escapes', '\u0001'.repeat(64_000)],
    ['full of what XML escapes', '<&>'.repeat(20_000)],
    ['full of what neither can carry', '\ufffe\uffff\ud800'.repeat(10)],
    ['broken in the middle of a character', `${'x'.repeat(32 * 1024 - 1)}ü`],
  ])('sets aside a message that is %s, with the cause', async (_, text) => {
    await queue.setAside(text, 'not JSON', signal);

    const [aside] = await waiting(names.collectPoison);
    const { cause, message: kept } = z.strictObject({ cause: z.string(), message: z.string() }).parse(aside);
    expect(cause).toBe('not JSON');
    expect(text.startsWith(kept.replace(/\ufffd$/, ''))).toBe(true);

    expect(kept.length).toBeGreaterThan(Math.min(text.length, 4_000) - 1);
  });

  it('creates its queue again when it was deleted meanwhile', async () => {
    await queue.send('feeds', message, signal);
    await QueueServiceClient.fromConnectionString(stand.connectionString).deleteQueue(names.feeds);

    await queue.send('feeds', message, signal);

    expect(await waiting(names.feeds)).toEqual([message]);
  });

  it('says unavailable when nothing listens, and cancelled when the caller gives up', async () => {
    const value = stand.connectionString.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:9');

    expect(await failureKindOf(storageCollectQueue({ kind: 'connectionString', value }).send('feeds', message, signal))).toBe(
      'storeUnavailable',
    );
    expect(await failureKindOf(queue.send('feeds', message, AbortSignal.abort()))).toBe('cancelled');
  });
});
