// The connector alone in a process: composed from the environment as in the function app, told when the timer fires, and handed every message of its queue,
// as the Functions host would do. In Azure that host is another process; so is its stand-in here, but for the taking of messages.
import { setTimeout as wait } from 'node:timers/promises';
import type { QueueClient } from '@azure/storage-queue';
import { QueueServiceClient } from '@azure/storage-queue';
import { compose } from '../../src/composition';

const tickMs = 2_000;
const restMs = 200;
const messagesAtOnce = 4;
const invisibleSeconds = 600;

const connector = compose(process.env);
const invocation = { log: () => undefined };
const storage = process.env['AzureWebJobsStorage'] ?? '';
const service = QueueServiceClient.fromConnectionString(storage);
const queues = ['collect', 'collect-paced'].map((name) =>
  service.getQueueClient(`${process.env['STORAGE_PREFIX'] ?? 'm365'}-${name}`),
);
const life = { stopping: false };

async function tick(): Promise<void> {
  while (!life.stopping) {
    await connector.schedule(invocation);
    await wait(tickMs);
  }
}

async function work(queue: QueueClient): Promise<void> {
  const running = new Set<Promise<void>>();
  while (!life.stopping) {
    if (running.size >= messagesAtOnce) {
      await Promise.race(running);
      continue;
    }
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 1, visibilityTimeout: invisibleSeconds });
    for (const { messageId, popReceipt, messageText } of receivedMessageItems) {
      const done: Promise<void> = connector
        .collect(JSON.parse(messageText), invocation)
        .then(() => queue.deleteMessage(messageId, popReceipt))
        .then(() => void running.delete(done));
      running.add(done);
    }
    if (receivedMessageItems.length === 0) await wait(restMs);
  }
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

async function stop(): Promise<void> {
  life.stopping = true;
  await connector.stop();
  process.exit(0);
}

process.on('SIGTERM', () => void stop());
process.once('disconnect', () => void stop());
connector.start();
Promise.all(queues.map(async (queue) => queue.createIfNotExists()))
  .then(() => {
    console.log(JSON.stringify({ event: 'ready' }));
    return Promise.all([tick(), ...queues.map(work)]);
  })
  .catch(fail);
