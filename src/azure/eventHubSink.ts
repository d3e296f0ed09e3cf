import { EventHubProducerClient } from '@azure/event-hubs';
import type { TokenCredential } from '@azure/identity';
import type { OutgoingEvent } from '../domain/event';
import { ConnectorError } from '../domain/failure';
import type { Sink } from '../domain/ports';
import { BatchMemory } from './batchMemory';
import { EncodedBatch } from './encodedBatch';
import { hubError } from './hubFailure';

/** How the Event Hubs namespace is reached: with a connection string (local, tests) or with an identity. */
export type HubAccess =
  | { readonly kind: 'connectionString'; readonly value: string }
  | { readonly kind: 'namespace'; readonly fullyQualifiedNamespace: string; readonly credential: TokenCredential };

/** A sink that holds connections until it is closed. */
export interface EventHubSink extends Sink {
  /** Waits at most two seconds for the connections to close. */
  readonly close: () => Promise<void>;
}

/** The SDK's own retries (the engine has its own on top of them), and when an idle client is closed. */
export interface EventHubSinkOptions {
  /** 2 unless given. */
  readonly maxRetries?: number;
  /** 500 unless given. */
  readonly retryDelayInMs?: number;
  /** 5,000 unless given. */
  readonly maxRetryDelayInMs?: number;
  /** 15,000 unless given. */
  readonly timeoutInMs?: number;
  /** 20 minutes unless given. */
  readonly closeIdleAfterMs?: number;
}

const closeWithinMs = 2_000;
// The service detaches a link that was idle for half an hour. The SDK attaches it again, but never ends the token renewal of the old one.
const idleMs = 20 * 60_000;

interface Producer {
  readonly client: EventHubProducerClient;
  inFlight: number;
  readonly idle: NodeJS.Timeout;
  retired: boolean;
}

/** Sends events with the Event Hubs SDK: a client for each hub, made when it is first used, and made again when it was idle for long or may be broken. */
export function eventHubSink(access: HubAccess, options: EventHubSinkOptions = {}): EventHubSink {
  const { closeIdleAfterMs = idleMs, ...retries } = options;
  const retryOptions = { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 5_000, timeoutInMs: 15_000, ...retries };
  const producers = new Map<string, Producer>();
  const limits = new Map<string, number>();
  const closing = new Set<Promise<void>>();
  const memory = new BatchMemory();

  const close = (producer: Producer): void => {
    const done = closed(producer.client).finally(() => closing.delete(done));
    closing.add(done);
  };

  /** What is being sent is not disturbed: the client is closed when the last of it has its answer. */
  const retire = (hub: string, producer: Producer): void => {
    if (producers.get(hub) === producer) producers.delete(hub);
    if (producer.retired) return;
    producer.retired = true;
    clearTimeout(producer.idle);
    if (producer.inFlight === 0) close(producer);
  };

  const producerOf = (hub: string): Producer => {
    const present = producers.get(hub);
    if (present !== undefined) return present;
    // A copy, because the SDK writes into what it is given.
    const clientOptions = { retryOptions: { ...retryOptions } };
    const client =
      access.kind === 'connectionString'
        ? new EventHubProducerClient(access.value, hub, clientOptions)
        : new EventHubProducerClient(access.fullyQualifiedNamespace, hub, access.credential, clientOptions);
    const idle = setTimeout(() => retire(hub, producer), closeIdleAfterMs).unref();
    const producer: Producer = { client, idle, inFlight: 0, retired: false };
    producers.set(hub, producer);
    return producer;
  };

  const using = async <Result>(
    hub: string,
    signal: AbortSignal,
    work: (client: EventHubProducerClient) => Promise<Result>,
  ): Promise<Result> => {
    const producer = producerOf(hub);
    producer.inFlight += 1;
    try {
      return await work(producer.client);
    } catch (error) {
      const { broken, error: translated } = hubError(hub, error, signal);
      if (broken) retire(hub, producer);
      throw translated;
    } finally {
      producer.inFlight -= 1;
      if (!producer.retired) producer.idle.refresh();
      else if (producer.inFlight === 0) close(producer);
    }
  };

  const batchLimitBytes = async (hub: string, abortSignal: AbortSignal): Promise<number> => {
    const known = limits.get(hub);
    if (known !== undefined) return known;
    const limit = await using(hub, abortSignal, async (client) => (await client.createBatch({ abortSignal })).maxSizeInBytes);
    limits.set(hub, limit);
    return limit;
  };

  /** Sends a batch. Its memory is used again only when the first attempt was acknowledged: until then the SDK may still read it. */
  const send = async (hub: string, batch: EncodedBatch, abortSignal: AbortSignal): Promise<void> => {
    await using(hub, abortSignal, async (client) => client.sendBatch(batch, { abortSignal }));
    if (batch.attempts === 1) memory.give(batch.memory);
  };

  return {
    write: async (events, abortSignal) => {
      const [first] = events;
      if (first === undefined) return;
      const { hub, partitionKey } = first;
      if (events.some((event) => event.hub !== hub || event.partitionKey !== partitionKey))
        throw new Error('The events of one write must share a hub and a partition key.');
      const limitBytes = await batchLimitBytes(hub, abortSignal);
      const beginWith = ({ body }: OutgoingEvent): EncodedBatch =>
        new EncodedBatch(partitionKey, memory.take(limitBytes, body.length));
      let batch = beginWith(first);
      for (const event of events) {
        if (batch.add(event)) continue;
        if (batch.count > 0) {
          await send(hub, batch, abortSignal);
          batch = beginWith(event);
          if (batch.add(event)) continue;
        }
        throw tooLarge(event, limitBytes);
      }
      await send(hub, batch, abortSignal);
    },

    batchLimitBytes,

    close: async () => {
      for (const [hub, producer] of producers) retire(hub, producer);
      await Promise.all(closing);
    },
  };
}

function tooLarge(event: OutgoingEvent, limitBytes: number): ConnectorError {
  const detail = `An event of ${event.body.length} bytes does not fit the limit of ${limitBytes} bytes.`;
  return new ConnectorError('sending to Event Hubs', { kind: 'rejectedRequest', code: 'MessageTooLargeError', detail });
}

/** Closing may hang for ever when the other side is gone. */
async function closed(client: EventHubProducerClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeWithinMs)));
  try {
    // A client that cannot even be closed properly is not needed any more.
    await Promise.race([client.close().catch(() => undefined), enough]);
  } finally {
    clearTimeout(timer);
  }
}
