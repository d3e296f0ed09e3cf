import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { earliestEventPosition, type EventPosition } from '@azure/event-hubs';
import { type EventHubsEmulator, startEventHubsEmulator } from './eventHubsEmulator';
import { deferred, HubClients, impatient, noRetries, oneHub, within } from './hubClients';

describe('Event Hubs emulator', () => {
  let emulator: EventHubsEmulator;
  let clients: HubClients;

  beforeAll(async () => {
    emulator = await startEventHubsEmulator({ config: oneHub });
    clients = new HubClients(emulator);
  });

  afterEach(() => clients.close());
  afterAll(() => emulator.stop());

  async function send(
    hub: string,
    bodies: unknown[],
    options: { partitionId?: string; partitionKey?: string } = {},
  ): Promise<void> {
    await clients.producer(hub).sendBatch(
      bodies.map((body) => ({ body })),
      options,
    );
  }

  it('returns every byte, property and annotation of an event as it was sent', async () => {
    emulator.addHub('roundTrip', 1);
    const bodies = [gzipSync('{"records":[]}'), randomBytes(300_000), Buffer.from('{"é":"\\u0000"}'), Buffer.alloc(0)];
    const producer = clients.producer('roundTrip');
    const batch = await producer.createBatch({ partitionKey: 'tenant é' });
    for (const [at, body] of bodies.entries()) {
      const properties = { category: 'SignInLogs', records: at, flag: true };
      batch.tryAdd({ body, contentType: 'application/json', messageId: `id ${at}`, properties });
    }

    await producer.sendBatch(batch);
    const received = await clients.read('roundTrip', { from: earliestEventPosition, count: 4 });

    const stored = [...emulator.read('roundTrip')];
    expect(stored.map((event) => event.body.equals(bodies[event.sequenceNumber] ?? Buffer.from('?')))).toEqual(
      Array(4).fill(true),
    );
    expect(received.map((event) => bodies[event.sequenceNumber]?.equals(toBuffer(event.body)))).toEqual(Array(4).fill(true));
    expect(stored[1]).toMatchObject({
      partition: '0',
      applicationProperties: { category: 'SignInLogs', records: 1, flag: true },
      messageId: 'id 1',
      contentType: 'application/json',
      partitionKey: 'tenant é',
      batch: 1,
    });
    expect(received[1]).toMatchObject({
      properties: { category: 'SignInLogs', records: 1, flag: true },
      messageId: 'id 1',
      contentType: 'application/json',
      partitionKey: 'tenant é',
      offset: stored[1]?.offset,
      enqueuedTimeUtc: stored[1]?.enqueuedTime,
    });
    expect(emulator.counts('roundTrip')).toMatchObject({ events: 4, batches: 1 });
  });

  it('chooses the partition by key, by id, or in turn', async () => {
    emulator.addHub('spread', 32);

    await send('spread', ['key'], { partitionKey: 'FWfAT' });
    await send('spread', ['id'], { partitionId: '30' });
    await send('spread', ['turn 0']);
    await send('spread', ['turn 1']);

    const placed = [...emulator.read('spread')].map((event) => [event.partition, event.body.toString()]);
    expect(placed).toEqual([
      ['0', '"turn 0"'],
      ['1', '"turn 1"'],
      ['5', '"key"'],
      ['30', '"id"'],
    ]);
  });

  it('keeps the events of one transfer together under one batch number', async () => {
    emulator.addHub('batches', 2);

    await send('batches', ['a', 'b'], { partitionId: '0' });
    await send('batches', ['c'], { partitionId: '1' });

    const batches = [...emulator.read('batches')].map(({ partition, sequenceNumber, batch }) => [
      partition,
      sequenceNumber,
      batch,
    ]);
    expect(batches).toEqual([
      ['0', 0, 1],
      ['0', 1, 1],
      ['1', 0, 2],
    ]);
  });

  it('starts a consumer at the sequence number, offset or time it asks for', async () => {
    emulator.addHub('positions', 1);
    await send('positions', ['0', '1']);
    await send('positions', ['2', '3']);
    const stored = [...emulator.read('positions')];
    const before = new Date((stored[2]?.enqueuedTime.getTime() ?? 0) - 1);
    const beforeAll = new Date((stored[0]?.enqueuedTime.getTime() ?? 0) - 1);
    const late = stored.filter((event) => event.enqueuedTime > before).length;
    const cases: [EventPosition, number][] = [
      [{ sequenceNumber: 1, isInclusive: false }, 2],
      [{ sequenceNumber: 3, isInclusive: true }, 1],
      [{ offset: stored[0]?.offset ?? '', isInclusive: false }, 3],
      [{ offset: stored[1]?.offset ?? '', isInclusive: true }, 3],
      [{ enqueuedOn: beforeAll }, 4],
      [{ enqueuedOn: before }, late],
    ];

    const sequences: number[][] = [];
    for (const [from, count] of cases) {
      const events = await clients.read('positions', { from, count });
      sequences.push(events.map((event) => event.sequenceNumber));
    }

    expect(sequences).toEqual(cases.map(([, count]) => [0, 1, 2, 3].slice(4 - count)));
  });

  it('gives a consumer that starts at the end only what comes later', async () => {
    emulator.addHub('latest', 1);
    await send('latest', ['old']);
    const reading = clients.read('latest', { from: { offset: '@latest' }, count: 1 });
    // Nothing tells a client that its position is taken, so it is sent to until it hears something.
    const producer = clients.producer('latest');
    const sending = setInterval(() => void producer.sendBatch([{ body: 'new' }]), 50);

    const events = await reading.finally(() => clearInterval(sending));

    expect(events.map((event) => toBuffer(event.body).toString())).toContain('"new"');
    expect(events[0]?.sequenceNumber).toBeGreaterThan(0);
  });

  it('refuses a position behind the end instead of waiting in silence', async () => {
    emulator.addHub('behind', 1);
    await send('behind', ['only']);

    const reading = clients.read('behind', { from: { offset: '99999' }, count: 1 });

    await expect(reading).rejects.toMatchObject({ code: 'ArgumentError' });
  });

  it('lets two consumer groups read the same events', async () => {
    emulator.addHub('groups', 1, ['siem', 'lake']);
    await send('groups', ['a', 'b', 'c']);

    const reads = await Promise.all(
      ['siem', 'LAKE'].map((group) => clients.read('groups', { group, from: earliestEventPosition, count: 3 })),
    );

    expect(reads.map((events) => events.length)).toEqual([3, 3]);
  });

  it('hands a partition over to the reader with the higher epoch', async () => {
    emulator.addHub('epochs', 1);
    const ousted = deferred<unknown>();
    const opened = deferred();
    const subscribe = (ownerLevel: number, onEvents: () => void, onError: (error: unknown) => void): void => {
      clients.consumer('epochs', '$Default', noRetries).subscribe(
        '0',
        {
          processEvents: (events) => {
            if (events.length > 0) onEvents();
            return Promise.resolve();
          },
          processError: (error) => {
            onError(error);
            return Promise.resolve();
          },
        },
        { ownerLevel, startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
      );
    };
    await send('epochs', ['a']);
    subscribe(1, () => opened.resolve(), ousted.resolve);
    await opened.promise;

    const refused = deferred<unknown>();
    subscribe(2, () => undefined, refused.reject);

    await expect(ousted.promise).resolves.toMatchObject({ code: 'ReceiverDisconnectedError' });
  });

  it('describes hubs and partitions', async () => {
    emulator.addHub('facts', 3);
    await send('facts', ['a', 'b'], { partitionId: '1' });
    const producer = clients.producer('FACTS');

    const facts = await producer.getEventHubProperties();
    const ids = await producer.getPartitionIds();
    const [empty, full] = await Promise.all(['0', '1'].map((id) => producer.getPartitionProperties(id)));

    const last = [...emulator.read('facts')].at(-1);
    expect(facts).toMatchObject({ name: 'facts', partitionIds: ['0', '1', '2'] });
    expect(ids).toEqual(['0', '1', '2']);
    expect(empty).toMatchObject({
      isEmpty: true,
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: -1,
      lastEnqueuedOffset: '-1',
    });
    expect(full).toMatchObject({
      isEmpty: false,
      lastEnqueuedSequenceNumber: 1,
      lastEnqueuedOffset: last?.offset,
      lastEnqueuedOnUtc: last?.enqueuedTime,
    });
  });

  it('names the hub, group or partition that does not exist', async () => {
    const unknownHub = clients.producer('nowhere', noRetries);
    const firstHub = clients.producer('first', noRetries);

    await expect(unknownHub.sendBatch([{ body: 1 }])).rejects.toMatchObject({ code: 'MessagingEntityNotFoundError' });
    await expect(unknownHub.getEventHubProperties()).rejects.toMatchObject({ code: 'MessagingEntityNotFoundError' });
    await expect(firstHub.sendBatch([{ body: 1 }], { partitionId: '9' })).rejects.toMatchObject({
      code: 'ArgumentOutOfRangeError',
    });
    await expect(firstHub.getPartitionProperties('9')).rejects.toMatchObject({ code: 'ArgumentOutOfRangeError' });
    await expect(clients.read('first', { group: 'none', from: earliestEventPosition, count: 1 })).rejects.toMatchObject({
      code: 'MessagingEntityNotFoundError',
    });
  });

  it('answers the health route of the official emulator', async () => {
    const response = await fetch(emulator.healthUrl);

    expect(await response.json()).toEqual({ status: 'healthy', message: 'Service is healthy.' });
  });

  it('forgets the oldest events beyond its memory bound', async () => {
    const small = await startEventHubsEmulator({ config: oneHub, maxRetainedBytesPerPartition: 2500 });
    const smallClients = new HubClients(small);
    try {
      const producer = smallClients.producer('first');
      for (let at = 0; at < 5; at += 1) await producer.sendBatch([{ body: Buffer.alloc(1000, at) }]);

      const kept = [...small.read('first')].map((event) => event.sequenceNumber);
      const { beginningSequenceNumber } = await producer.getPartitionProperties('0');
      expect({ kept, beginningSequenceNumber, ...small.counts('first') }).toMatchObject({
        kept: [3, 4],
        beginningSequenceNumber: 3,
        events: 5,
      });
    } finally {
      await smallClients.close();
      await small.stop();
    }
  });

  it('stops at once while clients are connected and answers are held back', async () => {
    const other = await startEventHubsEmulator({ config: oneHub });
    const otherClients = new HubClients(other);
    const stored = deferred();
    other.faults.pause();
    other.faults.onBatch(() => stored.resolve());
    const pending = otherClients.producer('first', impatient).sendBatch([{ body: 1 }]);
    const failed = expect(pending).rejects.toThrow();
    await stored.promise;

    await within(30_000, 'stop', other.stop());
    await other.stop();

    await failed;
    await otherClients.close();
  });

  it('says what is wrong with a configuration', async () => {
    const start = startEventHubsEmulator({
      config: {
        UserConfig: {
          NamespaceConfig: [{ Type: 'EventHub', Name: 'emulatorNs1', Entities: [{ Name: 'a', PartitionCount: 33 }] }],
          LoggingConfig: { Type: 'File' },
        },
      },
    });

    await expect(start).rejects.toThrow(/Config\.json is not valid[^]*Entities\[0\]\.PartitionCount/);
  });
});

function toBuffer(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(String(body));
}
