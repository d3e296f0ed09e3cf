import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { RegisteredFunction } from './functionRegistry';
import { holdMessage } from './heldMessage';
import type { QueueSettings } from './hostJson';
import { describeError, type HostLog } from './hostLog';
import type { Invoke } from './invoker';
import type { Listener } from './listener';
import { createPause } from './pause';
import { decodeMessage, isMissing } from './queueStorage';
import type { TypedData } from './workerInterface';

const shortestPollMs = 100;

/** What a queue trigger needs; `poison`, if there is one, gets what fails maxDequeueCount times. */
export interface QueueTriggerParts {
  readonly fn: RegisteredFunction;
  readonly queue: QueueClient;
  readonly poison: QueueClient | undefined;
  readonly settings: QueueSettings;
  /** How long a message stays invisible without a renewal: what a killed host leaves behind comes back after it. */
  readonly invisibleMs: number;
  readonly invoke: Invoke;
  readonly log: HostLog;
}

/** A queue listener that can be told that a message has just been sent. */
export interface QueueListener extends Listener {
  wake(): void;
}

/** Polls a queue and runs the function for its messages, at most batchSize + newBatchThreshold at a time. */
export function startQueueTrigger(parts: QueueTriggerParts): QueueListener {
  const { queue, settings, log } = parts;
  const subject = { function: parts.fn.name };
  const running = new Set<Promise<void>>();
  const pause = createPause();
  let stopping = false;
  const isStopping = () => stopping;
  let reachable = true;

  const receive = async (): Promise<DequeuedMessageItem[]> => {
    const options = { numberOfMessages: settings.batchSize, visibilityTimeout: Math.ceil(parts.invisibleMs / 1000) };
    try {
      const { receivedMessageItems } = await queue.receiveMessages(options);
      if (!reachable) log('information', `Queue ${queue.name} answers again.`, subject);
      reachable = true;
      return receivedMessageItems;
    } catch (error) {
      // A queue that does not exist yet is an empty one; the real host does not create it either.
      if (!isMissing(error) && reachable) {
        reachable = false;
        log('error', `Queue ${queue.name} cannot be read, trying again: ${describeError(error)}`, subject);
      }
      return [];
    }
  };

  const poll = async () => {
    let restMs = shortestPollMs;
    while (!isStopping()) {
      if (running.size > settings.newBatchThreshold) {
        await Promise.race(running);
        continue;
      }
      const messages = await receive();
      for (const message of messages) {
        const work: Promise<void> = (isStopping() ? giveBack(parts, message) : processMessage(parts, message)).finally(() =>
          running.delete(work),
        );
        running.add(work);
      }
      if (messages.length > 0) restMs = shortestPollMs;
      else if (!isStopping()) {
        await pause.wait(Math.min(restMs, settings.maxPollingInterval));
        restMs = Math.min(restMs * 2, settings.maxPollingInterval);
      }
    }
    await Promise.all(running);
  };

  const polling = poll();
  return {
    wake: () => pause.end(),
    stop: () => {
      stopping = true;
      pause.end();
      return polling;
    },
  };
}

async function processMessage(
  { fn, queue, poison, settings, invisibleMs, invoke, log }: QueueTriggerParts,
  message: DequeuedMessageItem,
) {
  const held = holdMessage({ queue, poison, functionName: fn.name, invisibleMs, log }, message);
  const text = decodeMessage(message.messageText, settings.messageEncoding);
  if (text === undefined) {
    log('error', `Message ${message.messageId} of queue ${queue.name} is not base64, which host.json asks for.`, {
      function: fn.name,
    });
    return held.setAside();
  }
  // Above the limit without a failure seen here: whoever received it before died while processing it.
  if (message.dequeueCount > settings.maxDequeueCount) return held.setAside();
  try {
    await invoke(fn, { data: { string: text }, metadata: metadataOf(message, text) });
  } catch {
    return message.dequeueCount >= settings.maxDequeueCount || !poison
      ? held.setAside()
      : held.release(settings.visibilityTimeout);
  }
  return held.complete();
}

function giveBack({ fn, queue, poison, invisibleMs, log }: QueueTriggerParts, message: DequeuedMessageItem): Promise<void> {
  return holdMessage({ queue, poison, functionName: fn.name, invisibleMs, log }, message).release(0);
}

function metadataOf(message: DequeuedMessageItem, text: string): Record<string, TypedData> {
  return {
    QueueTrigger: { string: text },
    Id: { string: message.messageId },
    PopReceipt: { string: message.popReceipt },
    DequeueCount: { int: message.dequeueCount },
    InsertionTime: { json: JSON.stringify(message.insertedOn) },
    ExpirationTime: { json: JSON.stringify(message.expiresOn) },
    NextVisibleTime: { json: JSON.stringify(message.nextVisibleOn) },
  };
}
