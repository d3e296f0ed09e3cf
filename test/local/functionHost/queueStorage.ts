import { QueueServiceClient, RestError, type QueueClient } from '@azure/storage-queue';
import { z } from 'zod';
import { connectionString, expandSettings, type AppSettings } from './appSettings';
import type { QueueSettings } from './hostJson';
import type { Binding } from './workerInterface';

const options = z.looseObject({ queueName: z.string(), connection: z.string().default('AzureWebJobsStorage') });

/** Opens the queue that a trigger or an output names. */
export function openQueue(settings: AppSettings, binding: Binding, usedBy: string): QueueClient {
  const { queueName, connection } = options.parse(binding);
  const service = QueueServiceClient.fromConnectionString(connectionString(settings, connection, usedBy), {
    retryOptions: { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 1000, tryTimeoutInMs: 10_000 },
  });
  return service.getQueueClient(expandSettings(settings, queueName, usedBy).toLowerCase());
}

/** Sends a message, and makes the queue first if it is not there. */
export async function sendCreating(queue: QueueClient, text: string): Promise<void> {
  try {
    await queue.sendMessage(text);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await queue.createIfNotExists();
    await queue.sendMessage(text);
  }
}

/** Whether a request failed because the queue or the message is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404;
}

/** The text as it goes on the wire. */
export function encodeMessage(content: string | Uint8Array, encoding: QueueSettings['messageEncoding']): string {
  const bytes = Buffer.from(content);
  return encoding === 'base64' ? bytes.toString('base64') : bytes.toString('utf8');
}

/** The text a sender meant, or undefined if it is not encoded as host.json says. */
export function decodeMessage(text: string, encoding: QueueSettings['messageEncoding']): string | undefined {
  if (encoding === 'none') return text;
  // Strict as .NET, whose decoder the real host uses: no other alphabet and no missing padding. White space is allowed.
  const packed = text.replace(/\s/g, '');
  const valid = packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed);
  return valid ? Buffer.from(packed, 'base64').toString('utf8') : undefined;
}
