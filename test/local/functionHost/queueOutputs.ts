import type { QueueClient } from '@azure/storage-queue';
import type { AppSettings } from './appSettings';
import type { RegisteredFunction } from './functionRegistry';
import type { QueueSettings } from './hostJson';
import { encodeMessage, openQueue, sendCreating } from './queueStorage';
import type { InvocationResponse, TypedData } from './workerInterface';

const returnBinding = '$return';

/** The queue outputs of one function by binding name. */
export type QueueOutputs = ReadonlyMap<string, QueueClient>;

/** Opens the queues that a function writes to; `ignored` names the outputs that only Azure writes. */
export function openQueueOutputs(settings: AppSettings, fn: RegisteredFunction): { queues: QueueOutputs; ignored: string[] } {
  const queues = new Map<string, QueueClient>();
  const ignored: string[] = [];
  for (const [name, binding] of Object.entries(fn.metadata.bindings)) {
    if (binding.direction === 'in' || binding.type === 'http') continue;
    if (binding.type === 'queue') queues.set(name, openQueue(settings, binding, `The output ${name} of function "${fn.name}"`));
    else ignored.push(binding.type);
  }
  return { queues, ignored };
}

/** Sends what a function returned and set to its queues, one message for each element of an array. */
export async function writeQueueOutputs(
  queues: QueueOutputs,
  response: InvocationResponse,
  encoding: QueueSettings['messageEncoding'],
  sent: (queue: QueueClient) => void,
): Promise<void> {
  const values = new Map((response.outputData ?? []).map(({ name, data }) => [name, data]));
  values.set(returnBinding, response.returnValue ?? null);
  for (const [name, queue] of queues) {
    for (const content of messagesOf(values.get(name))) await sendCreating(queue, encodeMessage(content, encoding));
    sent(queue);
  }
}

function messagesOf(data: TypedData | null | undefined): (string | Uint8Array)[] {
  if (data?.string != null) return [data.string];
  if (data?.bytes != null) return [data.bytes];
  if (data?.json != null) {
    const value: unknown = JSON.parse(data.json);
    return Array.isArray(value)
      ? value.map((one: unknown) => (typeof one === 'string' ? one : JSON.stringify(one)))
      : [data.json];
  }
  const number = data?.int ?? data?.double;
  return number == null ? [] : [String(number)];
}
