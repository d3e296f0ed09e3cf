import type { QueueClient, DequeuedMessageItem } from '@azure/storage-queue';
import { QueueServiceClient } from '@azure/storage-queue';
import type { Connector } from '../../src/composition';

const host = { log: () => undefined };
const maxDequeueCount = 5;
const longestDrain = 100;

/** Takes messages from the real queues as the Functions host does, but only when told. */
export class CollectQueueHost {
  readonly collect: QueueClient;
  readonly paced: QueueClient;
  readonly poison: QueueClient;

  constructor(connectionString: string, prefix: string) {
    const service = QueueServiceClient.fromConnectionString(connectionString);
    this.collect = service.getQueueClient(`${prefix}-collect`);
    this.paced = service.getQueueClient(`${prefix}-collect-paced`);
    this.poison = service.getQueueClient(`${prefix}-collect-poison`);
  }

  async create(): Promise<void> {
    await this.collect.createIfNotExists();
    await this.paced.createIfNotExists();
    await this.poison.createIfNotExists();
  }

  /** The messages that are there now; they stay invisible for ten minutes. */
  async receive(queue: QueueClient = this.collect): Promise<readonly DequeuedMessageItem[]> {
    return (await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 600 })).receivedMessageItems;
  }

  /** Puts any text on the queue. */
  async put(text: string): Promise<void> {
    await this.collect.sendMessage(text);
  }

  /** Works on all messages, and those that follow from them, until the queues are empty. What fails is tried again, and goes to poison after five times. */
  async drain(connector: Connector, run: <T>(work: Promise<T>) => Promise<T>): Promise<number> {
    for (let taken = 0, turns = 0; turns < longestDrain; turns += 1) {
      const messages = await this.receive();
      const paced = await this.receive(this.paced);
      const poisoned = await this.receive(this.poison);
      if (messages.length + paced.length + poisoned.length === 0) return taken;
      taken += messages.length + paced.length;
      await run(
        Promise.all([
          ...messages.map(async (message) => this.#process(connector, this.collect, message)),
          ...paced.map(async (message) => this.#process(connector, this.paced, message)),
        ]),
      );
      for (const message of poisoned) {
        await run(connector.poison(contentOf(message), host));
        await this.poison.deleteMessage(message.messageId, message.popReceipt);
      }
    }
    throw new Error(`The queue is not empty after ${longestDrain} turns.`);
  }

  async #process(connector: Connector, queue: QueueClient, message: DequeuedMessageItem): Promise<void> {
    const { messageId, popReceipt, dequeueCount, messageText, insertedOn: insertionTime } = message;
    try {
      await connector.collect(contentOf(message), { ...host, triggerMetadata: { insertionTime } });
    } catch {
      if (dequeueCount < maxDequeueCount) {
        await queue.updateMessage(messageId, popReceipt, undefined, 0);
        return;
      }
      await this.poison.sendMessage(messageText);
    }
    await queue.deleteMessage(messageId, popReceipt);
  }
}

/** What the host hands to the function: JSON as what it says, anything else as text. */
export function contentOf({ messageText }: DequeuedMessageItem): unknown {
  try {
    return JSON.parse(messageText) as unknown;
  } catch {
    return messageText;
  }
}
