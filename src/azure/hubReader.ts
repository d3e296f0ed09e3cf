import { EventHubConsumerClient, earliestEventPosition, latestEventPosition } from '@azure/event-hubs';
import type { EventPosition, ReceivedEventData } from '@azure/event-hubs';
import type { HubAccess } from './eventHubSink';
import { hubError } from './hubFailure';

/** One event as it was read from a hub. */
export interface ReadEvent {
  readonly body: Buffer;
  readonly contentEncoding: string | undefined;
  readonly partitionId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly messageId: string | undefined;
}

/** Where to begin: the oldest event kept, the next one to come, or the first after a time. */
export interface HubPosition {
  readonly hub: string;
  readonly from: 'earliest' | 'latest' | Date;
  readonly consumerGroup: string;
}

const heldEvents = 500;

function positionOf(from: HubPosition['from']): EventPosition {
  if (from === 'earliest') return earliestEventPosition;
  if (from === 'latest') return latestEventPosition;
  return { enqueuedOn: from };
}

function readEvent(event: ReceivedEventData, partitionId: string): ReadEvent {
  const body: unknown = event.body;
  return {
    body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    contentEncoding: event.getRawAmqpMessage().properties?.contentEncoding,
    partitionId,
    properties: event.properties ?? {},
    messageId: event.messageId === undefined ? undefined : String(event.messageId),
  };
}

/** Reads a hub, all partitions at once, until the signal aborts. Reading is held back while the caller is busy. Throws `hubRefused` or `hubBusy`. */
export async function* readEvents(access: HubAccess, position: HubPosition, signal: AbortSignal): AsyncGenerator<ReadEvent> {
  const client =
    access.kind === 'connectionString'
      ? new EventHubConsumerClient(position.consumerGroup, access.value, position.hub)
      : new EventHubConsumerClient(position.consumerGroup, access.fullyQualifiedNamespace, position.hub, access.credential);
  const waiting: ReadEvent[] = [];
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  let room: (() => void) | undefined;
  const awake = (): void => {
    wake?.();
    room?.();
  };
  signal.addEventListener('abort', awake);
  const subscription = client.subscribe(
    {
      processEvents: async (events, { partitionId }) => {
        for (const event of events) waiting.push(readEvent(event, partitionId));
        wake?.();
        while (waiting.length > heldEvents && !signal.aborted) await new Promise<void>((resolve) => (room = resolve));
      },
      processError: async (error) => {
        failure = error;
        wake?.();
        return Promise.resolve();
      },
    },
    { startPosition: positionOf(position.from), maxBatchSize: 100, maxWaitTimeInSeconds: 2, skipParsingBodyAsJson: true },
  );
  try {
    for (;;) {
      const event = waiting.shift();
      if (event !== undefined) {
        if (waiting.length <= heldEvents) room?.();
        yield event;
      } else if (signal.aborted) return;
      else if (failure !== undefined) throw hubError(position.hub, failure, signal).error;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener('abort', awake);
    // Closing waits for ever when the service is gone.
    const closing = subscription.close().then(() => client.close());
    await Promise.race([closing.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
  }
}
