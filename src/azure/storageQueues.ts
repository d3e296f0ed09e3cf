import type { QueueClient } from '@azure/storage-queue';
import type { CollectQueue, OnboardingQueue } from '../domain/ports';
import type { Lane } from '../domain/schedule';
import { CreatedOnce } from './createdOnce';
import { queueClient, storageOperationMs, storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { sdkError, storageError } from './storageFailure';
import { withinTime } from './withinTime';

const longestSetAside = 32 * 1024;
// A message takes 64 KiB, as it stands in the XML that carries it. https://learn.microsoft.com/azure/storage/queues/scalability-targets
const longestMessage = 48 * 1024;

/** The names of the queues, as the queue triggers need them: what is sent to which lane, and what is set aside. */
export function queueNames(options: StorageOptions = {}): Readonly<Record<Lane | 'collectPoison' | 'onboard', string>> {
  const collect = `${storagePrefix(options)}-collect`;
  return {
    feeds: collect,
    paced: `${collect}-paced`,
    collectPoison: `${collect}-poison`,
    onboard: `${storagePrefix(options)}-onboard`,
  };
}

/**
 * The queues of collect messages in Azure Queue Storage; what is set aside goes to the poison queue that the Functions host uses too. Messages are plain
 * JSON (`messageEncoding` none in host.json): with base64 the host itself would move what it cannot decode to poison, without a cause.
 */
export function storageCollectQueue(access: StorageAccess, options: StorageOptions = {}): CollectQueue {
  const names = queueNames(options);
  const lanes = { feeds: new Queue(access, names.feeds), paced: new Queue(access, names.paced) };
  const poison = new Queue(access, names.collectPoison);
  return {
    send: (lane, message, signal) => lanes[lane].send(JSON.stringify(message), signal),
    depth: (lane, signal) => lanes[lane].depth(signal),
    setAside: (message, cause, signal) => poison.send(wrap(message, cause), signal),
  };
}

/** The queue of onboardings to go on with; a message is the JSON text of its id. */
export function storageOnboardingQueue(access: StorageAccess, options: StorageOptions = {}): OnboardingQueue {
  const queue = new Queue(access, queueNames(options).onboard);
  return { send: (onboardingId, delayMs, signal) => queue.send(JSON.stringify({ onboardingId }), signal, delayMs) };
}

function wrap(message: string, cause: string): string {
  // JSON may make a text six times as long; what is cut off was of no use to begin with.
  for (let length = longestSetAside; ; length = Math.floor(length / 2)) {
    const text = forXml(JSON.stringify({ cause: cause.slice(0, 2_000), message: clipped(message, length) }));
    if (lengthInXml(text) < longestMessage || length === 0) return text;
  }
}

/** JSON escapes the control characters that XML cannot carry; these two are left. https://www.w3.org/TR/xml/#charsets */
function forXml(json: string): string {
  return json.replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

function lengthInXml(text: string): number {
  return Buffer.byteLength(text) + 4 * (text.match(/[&<>]/g)?.length ?? 0);
}

function clipped(text: string, bytes: number): string {
  const all = Buffer.from(text);
  return all.length <= bytes ? text : all.subarray(0, bytes).toString('utf8');
}

class Queue {
  readonly #name: string;
  readonly #client: QueueClient;
  readonly #created: CreatedOnce;

  constructor(access: StorageAccess, name: string) {
    this.#name = name;
    this.#client = queueClient(access, name);
    this.#created = new CreatedOnce(async (signal) => {
      try {
        await withinTime(signal, storageOperationMs, (abortSignal) => this.#client.createIfNotExists({ abortSignal }));
      } catch (error) {
        throw storageError(`creating queue ${name}`, error, signal);
      }
    });
  }

  async send(text: string, signal: AbortSignal, delayMs = 0): Promise<void> {
    const visibilityTimeout = Math.ceil(delayMs / 1_000);
    await this.#use('sending to', signal, (abortSignal) => this.#client.sendMessage(text, { abortSignal, visibilityTimeout }));
  }

  async depth(signal: AbortSignal): Promise<number> {
    const properties = await this.#use('measuring', signal, (abortSignal) => this.#client.getProperties({ abortSignal }));
    return properties.approximateMessagesCount ?? 0;
  }

  async #use<Result>(doing: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#created.ready(signal);
      try {
        return await withinTime(signal, storageOperationMs, work);
      } catch (error) {
        // Somebody deleted the queue while this process was up.
        if (sdkError(error)?.status !== 404 || attempt > 1) throw storageError(`${doing} queue ${this.#name}`, error, signal);
        this.#created.forget();
      }
    }
  }
}
