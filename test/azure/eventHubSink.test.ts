import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs';
import { BatchMemory } from '../../src/azure/batchMemory';
import { eventHubSink } from '../../src/azure/eventHubSink';
import type { EventHubSink, EventHubSinkOptions } from '../../src/azure/eventHubSink';
import type { OutgoingEvent } from '../../src/domain/event';
import { ConnectorError } from '../../src/domain/failure';
import { startEventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import type { EventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import { failureKindOf } from './storageStand';

const { signal } = new AbortController();
const tenantId = '11111111-1111-4111-8111-111111111111';
const quick = { maxRetries: 1, retryDelayInMs: 20, maxRetryDelayInMs: 50, timeoutInMs: 30_000 };
/** For what only the end of the time tells: an answer that is lost. */
const impatient = { ...quick, timeoutInMs: 3_000 };
const properties = {
  tenantId,
  source: 'activity.exchange',
  category: 'Office365.Audit.Exchange',
  schemaVersion: '1',
  unit: 'u',
  records: 3,
};

describe('eventHubSink', () => {
  let emulator: EventHubsEmulator;
  let sink: EventHubSink;
  let hubs = 0;
  let hub: string;

  beforeAll(async () => {
    emulator = await startEventHubsEmulator({
      config: {
        UserConfig: {
          NamespaceConfig: [
            { Type: 'EventHub', Name: 'emulatorNs1', Entities: [{ Name: 'm365-audit', PartitionCount: 2, ConsumerGroups: [] }] },
          ],
          LoggingConfig: { Type: 'File' },
        },
      },
    });
  });

  afterAll(() => emulator.stop());

  beforeEach(() => {
    hub = `hub${(hubs += 1)}`;
    emulator.addHub(hub, 4);
    sink = newSink(quick);
  });

  afterEach(async () => {
    emulator.faults.clear();
    await sink.close();
  });

  const newSink = (options: EventHubSinkOptions): EventHubSink =>
    eventHubSink({ kind: 'connectionString', value: emulator.connectionString }, options);

  const event = (number: number, body: Buffer = Buffer.from(`{"records":[${number}]}`)): OutgoingEvent => ({
    hub,
    partitionKey: tenantId,
    messageId: `message-${number}`,
    contentType: 'application/json',
    properties,
    body,
  });
  const bodies = () => [...emulator.read(hub)].map(({ body }) => body.toString());

  it('sends every byte and property, in order, to one partition, in one batch', async () => {
    const body = Buffer.concat([Buffer.from('{"records":["\\u0000é'), randomBytes(200_000)]);

    await sink.write([event(1), event(2, body), event(3)], signal);

    const stored = [...emulator.read(hub)];
    expect(stored.map(({ messageId }) => messageId)).toEqual(['message-1', 'message-2', 'message-3']);
    expect(stored[1]?.body.equals(body)).toBe(true);
    expect(stored[1]).toMatchObject({
      applicationProperties: properties,
      contentType: 'application/json',
      partitionKey: tenantId,
    });
    expect(new Set(stored.map(({ partition }) => partition)).size).toBe(1);
    expect(new Set(stored.map(({ batch }) => batch)).size).toBe(1);
  });

  it('sends compressed events with their encoding, to the same partition', async () => {
    const body = gzipSync('{"records":[1]}');

    await sink.write([event(1)], signal);
    await sink.write([{ ...event(2, body), contentEncoding: 'gzip' }], signal);

    const [plain, packed] = [...emulator.read(hub)];
    expect(packed?.body.equals(body)).toBe(true);
    expect(packed).toMatchObject({
      applicationProperties: properties,
      contentType: 'application/json',
      messageId: 'message-2',
      partitionKey: tenantId,
    });
    expect(packed?.partition).toBe(plain?.partition);
    expect(await encodings(2)).toEqual([undefined, 'gzip']);
  });

  it('begins another batch when one is full, and keeps the order', async () => {
    const events = Array.from({ length: 9 }, (_, number) => event(number, Buffer.alloc(250_000, number)));

    await sink.write(events, signal);

    const stored = [...emulator.read(hub)];
    expect(stored.map(({ messageId }) => messageId)).toEqual(events.map(({ messageId }) => messageId));
    expect(new Set(stored.map(({ batch }) => batch)).size).toBe(3);
  });

  it('knows the limit of the hub, and refuses an event that alone is larger', async () => {
    const limit = await sink.batchLimitBytes(hub, signal);

    expect(limit).toBe(1024 * 1024);
    expect(await failureKindOf(sink.write([event(1, Buffer.alloc(limit - 1_000))], signal))).toBe('none');
    expect(await failureKindOf(sink.write([event(2, Buffer.alloc(limit))], signal))).toBe('rejectedRequest');
    await sink.write([event(3)], signal);
    expect([...emulator.read(hub)].map(({ messageId }) => messageId)).toEqual(['message-1', 'message-3']);
  });

  it('waits out a short throttling, and says busy when it lasts', async () => {
    emulator.faults.rejectSends({ condition: 'com.microsoft:server-busy', hub });
    await sink.write([event(1)], signal);
    expect(bodies()).toHaveLength(1);

    emulator.faults.rejectSends({ condition: 'com.microsoft:server-busy', hub, times: Infinity });
    expect(await failureKindOf(sink.write([event(2)], signal))).toBe('hubBusy');
    emulator.faults.clear();
    await sink.write([event(3)], signal);

    expect(bodies()).toEqual(['{"records":[1]}', '{"records":[3]}']);
  });

  it('uses the memory of a batch again, but not when an earlier attempt may still be sending it', async () => {
    const given = jest.spyOn(BatchMemory.prototype, 'give');
    try {
      await sink.write([event(1)], signal);
      expect(given).toHaveBeenCalledTimes(1);
      emulator.faults.rejectSends({ condition: 'com.microsoft:server-busy', hub });
      await sink.write([event(2)], signal);

      expect(given).toHaveBeenCalledTimes(1);
      expect(bodies()).toEqual(['{"records":[1]}', '{"records":[2]}']);
    } finally {
      given.mockRestore();
    }
  });

  it('sends again when the answer was lost: twice is allowed, not at all is not', async () => {
    await sink.close();
    sink = newSink(impatient);
    await sink.write([event(1)], signal);
    emulator.faults.loseAnswer({ hub });

    await sink.write([event(2)], signal);

    expect(bodies()).toEqual(['{"records":[1]}', '{"records":[2]}', '{"records":[2]}']);
  });

  it('resolves only after the acknowledgement', async () => {
    emulator.faults.pause();
    let settled = false;
    const writing = sink.write([event(1)], signal).then(() => (settled = true));
    const deadline = AbortSignal.timeout(60_000);
    while (bodies().length === 0) {
      deadline.throwIfAborted();
      await delay(5);
    }
    await delay(50);

    expect(settled).toBe(false);
    emulator.faults.resume();
    await writing;
  });

  it('works again after links and connections were cut', async () => {
    await sink.close();
    sink = newSink(impatient);
    // The SDK never ends the token renewal of a link that was detached; its timer would keep this process alive.
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await sink.write([event(1)], signal);
    emulator.faults.detachLinks(hub);
    await sink.write([event(2)], signal);
    emulator.faults.dropConnections();
    await sink.write([event(3)], signal);

    expect(new Set(bodies())).toEqual(new Set(['{"records":[1]}', '{"records":[2]}', '{"records":[3]}']));
    timers.mock.calls.forEach(([, ms = 0], index) => {
      const timer: unknown = timers.mock.results[index]?.value;
      if (ms > 600_000 && typeof timer === 'object') clearTimeout(timer as NodeJS.Timeout);
    });
    timers.mockRestore();
  });

  it('closes a client that is idle, before the service would detach it, and makes another', async () => {
    await sink.close();
    sink = newSink({ ...quick, closeIdleAfterMs: 50 });
    await sink.write([event(1)], signal);

    await untilNoLinks();
    await sink.write([event(2)], signal);

    expect(bodies()).toEqual(['{"records":[1]}', '{"records":[2]}']);
  });

  it('says busy when there is no answer in time, and sends with a new client next time', async () => {
    await sink.write([event(1)], signal);
    await sink.close();
    emulator.faults.pause();
    sink = newSink({ ...impatient, maxRetries: 0 });

    expect(await failureKindOf(sink.write([event(2)], signal))).toBe('hubBusy');
    await untilNoLinks();
    emulator.faults.resume();
    await sink.write([event(3)], signal);

    expect(bodies()).toEqual(['{"records":[1]}', '{"records":[2]}', '{"records":[3]}']);
  });

  it('names the hub that is refused or missing', async () => {
    const missing = await sink.write([{ ...event(1), hub: 'nowhere' }], signal).catch((error: unknown) => error);
    expect(missing instanceof ConnectorError && missing.failure).toEqual({
      kind: 'hubRefused',
      code: 'MessagingEntityNotFoundError',
      hub: 'nowhere',
    });

    emulator.faults.refuseAuthorization(true);
    const refused = await sink.write([event(1)], signal).catch((error: unknown) => error);
    expect(refused instanceof ConnectorError && refused.failure).toEqual({ kind: 'hubRefused', code: 'UnauthorizedError', hub });
    emulator.faults.refuseAuthorization(false);
    await sink.write([event(2)], signal);

    expect(bodies()).toEqual(['{"records":[2]}']);
  });

  it('says busy when nobody listens', async () => {
    const nowhere = eventHubSink({ kind: 'connectionString', value: emulator.connectionString.replace(/:\d+;/, ':9;') }, quick);

    expect(await failureKindOf(nowhere.write([event(1)], signal))).toBe('hubBusy');
    expect(await failureKindOf(nowhere.batchLimitBytes(hub, signal))).toBe('hubBusy');
    await nowhere.close();
  });

  it('stops when the caller gives up, before and while sending', async () => {
    expect(await failureKindOf(sink.write([event(1)], AbortSignal.abort()))).toBe('cancelled');
    emulator.faults.pause();
    const giveUp = new AbortController();
    const writing = failureKindOf(sink.write([event(2)], giveUp.signal));
    emulator.faults.onBatch(() => giveUp.abort());

    expect(await writing).toBe('cancelled');
  });

  it('sends nothing for nothing, and takes no mixture', async () => {
    await sink.write([], signal);

    await expect(sink.write([event(1), { ...event(2), partitionKey: 'other' }], signal)).rejects.toThrow('share');
    expect(bodies()).toEqual([]);
  });

  it('lets many writes share a client', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, number) => sink.write([event(number)], signal)));

    expect(bodies()).toHaveLength(40);
    expect(emulator.faults.openLinks(hub)).toBe(1);
  });

  async function untilNoLinks(): Promise<void> {
    const deadline = AbortSignal.timeout(60_000);
    while (emulator.faults.openLinks(hub) > 0) {
      deadline.throwIfAborted();
      await delay(5);
    }
  }

  async function encodings(count: number): Promise<(string | undefined)[]> {
    const consumer = new EventHubConsumerClient('$Default', emulator.connectionString, hub);
    const seen: (string | undefined)[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        consumer.subscribe(
          {
            processEvents: (events) => {
              for (const event of events) seen.push(event.getRawAmqpMessage().properties?.contentEncoding);
              if (seen.length >= count) resolve();
              return Promise.resolve();
            },
            processError: (error) => {
              reject(error);
              return Promise.resolve();
            },
          },
          { startPosition: earliestEventPosition, skipParsingBodyAsJson: true, maxBatchSize: 10, maxWaitTimeInSeconds: 1 },
        );
      });
    } finally {
      await consumer.close();
    }
    return seen;
  }
});
