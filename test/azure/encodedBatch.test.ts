import { EventHubProducerClient } from '@azure/event-hubs';
import fc from 'fast-check';
import { BatchMemory } from '../../src/azure/batchMemory';
import { EncodedBatch } from '../../src/azure/encodedBatch';
import type { OutgoingEvent } from '../../src/domain/event';
import { startEventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import type { EventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';

const limitBytes = 64 * 1024;
const partitionKey = '11111111-1111-4111-8111-111111111111';

describe('EncodedBatch', () => {
  let emulator: EventHubsEmulator;
  let client: EventHubProducerClient;

  beforeAll(async () => {
    emulator = await startEventHubsEmulator({
      config: {
        UserConfig: {
          NamespaceConfig: [
            { Type: 'EventHub', Name: 'emulatorNs1', Entities: [{ Name: 'hub', PartitionCount: 1, ConsumerGroups: [] }] },
          ],
          LoggingConfig: { Type: 'File' },
        },
      },
    });
    client = new EventHubProducerClient(emulator.connectionString, 'hub');
  });

  afterAll(async () => {
    await client.close();
    await emulator.stop();
  });

  // From 256 bytes on the SDK writes the length of a body in four bytes, as the batch always does; shorter ones differ by that alone.
  const bodies = fc.uint8Array({ minLength: 256, maxLength: 5_000 }).map((bytes) => Buffer.from(bytes));
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
  const events = fc.array(
    fc.record({
      hub: fc.constant('hub'),
      partitionKey: fc.constant(partitionKey),
      messageId: fc.string({ minLength: 1, maxLength: 100 }),
      contentType: fc.constant('application/json' as const),
      properties: fc.record({
        tenantId: fc.uuid(),
        source: text,
        category: text,
        schemaVersion: text,
        unit: text,
        records: fc.nat({ max: 5_000_000 }),
      }),
      body: bodies,
    }),
    { minLength: 1, maxLength: 5 },
  );

  it('is byte for byte what the SDK makes of the same events', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (list: OutgoingEvent[]) => {
        const theirs = await client.createBatch({ partitionKey });
        const ours = new EncodedBatch(partitionKey, new BatchMemory().take(limitBytes, 0));

        for (const event of list) {
          const { body, contentType, messageId, properties } = event;
          expect(theirs.tryAdd({ body, contentType, messageId, properties })).toBe(true);
          expect(ours.add(event)).toBe(true);
        }

        expect(ours.count).toBe(theirs.count);
        expect(ours._generateMessage().equals((theirs as unknown as EncodedBatch)._generateMessage())).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('takes no event that would not fit, and stays as it was', () => {
    const memory = new BatchMemory();
    const batch = new EncodedBatch(partitionKey, memory.take(1_000, 0));
    const event = (bytes: number): OutgoingEvent => ({
      hub: 'hub',
      partitionKey,
      messageId: 'm',
      contentType: 'application/json',
      properties: { tenantId: 't', source: 's', category: 'c', schemaVersion: '1', unit: 'u', records: 1 },
      body: Buffer.alloc(bytes, 'x'),
    });

    expect(batch.add(event(300))).toBe(true);
    const before = Buffer.from(batch._generateMessage());
    expect(batch.add(event(900))).toBe(false);

    expect(batch.count).toBe(1);
    expect(batch._generateMessage().equals(before)).toBe(true);
    expect(batch.sizeInBytes).toBeLessThanOrEqual(batch.maxSizeInBytes);
  });
});

describe('BatchMemory', () => {
  it('gives out again what was given back, whatever part of it was used', () => {
    const memory = new BatchMemory();
    const first = memory.take(1_000, 0);
    memory.give(first);

    expect(memory.take(500_000, 0).buffer).toBe(first.buffer);
    expect(memory.take(500_000, 0).buffer).not.toBe(first.buffer);
  });

  it('has room for one large event where the hub takes it', () => {
    const memory = new BatchMemory();

    expect(memory.take(20_000_000, 5_000_000).length).toBeGreaterThan(5_000_000);
    expect(memory.take(1_048_576, 5_000_000)).toHaveLength(1_048_576);
  });
});
