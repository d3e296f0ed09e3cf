import {
  type EventHubClientOptions,
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  type ReceivedEventData,
} from '@azure/event-hubs';
import type { EmulatorConfig } from './emulatorConfig';
import type { EventHubsEmulator } from './eventHubsEmulator';

/** A configuration with one hub of one partition, for tests that add their own hubs. */
export const oneHub: EmulatorConfig = {
  UserConfig: {
    NamespaceConfig: [{ Type: 'EventHub', Name: 'emulatorNs1', Entities: [{ Name: 'first', PartitionCount: 1 }] }],
    LoggingConfig: { Type: 'File' },
  },
};

/** Retries that keep a test short. */
const quickRetries: EventHubClientOptions = {
  retryOptions: { maxRetries: 3, retryDelayInMs: 20, timeoutInMs: 30_000 },
};

/** For what a client learns only when its time is up, such as the loss of an answer. */
export const impatient: EventHubClientOptions = {
  retryOptions: { maxRetries: 3, retryDelayInMs: 20, timeoutInMs: 2_000 },
};

/** Each failure reaches the caller at once. */
export const noRetries: EventHubClientOptions = { retryOptions: { maxRetries: 0, timeoutInMs: 30_000 } };

/** Settles like the promise, or rejects when it takes longer than the deadline. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const tokenRenewalMs = 45 * 60_000;

/**
 * Lets a test process end: @azure/event-hubs 6.0.4 does not stop the token renewal of a link that was detached,
 * since a reopened link puts its own timer in the place of the old one (observed 2026-11).
 */
export function unrefTokenRenewals(): void {
  const plain = globalThis.setTimeout;
  globalThis.setTimeout = new Proxy(plain, {
    apply(target, self, [callback, ms, ...rest]: Parameters<typeof plain>) {
      const timer = Reflect.apply(target, self, [callback, ms, ...rest]);
      if (ms === tokenRenewalMs) timer.unref();
      return timer;
    },
  });
}

/** A promise with its two ends outside. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

/** Makes a promise that the test settles itself. */
export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((succeed, fail) => {
    resolve = succeed;
    reject = fail;
  });
  return { promise, resolve, reject };
}

/** How a test reads. */
export interface ReadOptions {
  group?: string;
  partition?: string;
  from: EventPosition;
  count: number;
}

/** The Azure SDK clients of one test, closed together. */
export class HubClients {
  readonly #emulator: EventHubsEmulator;
  readonly #open: { close(): Promise<void> }[] = [];

  constructor(emulator: EventHubsEmulator) {
    this.#emulator = emulator;
  }

  producer(hub: string, options: EventHubClientOptions = quickRetries): EventHubProducerClient {
    return this.#kept(new EventHubProducerClient(this.#emulator.connectionString, hub, options));
  }

  consumer(hub: string, group = '$Default', options: EventHubClientOptions = quickRetries): EventHubConsumerClient {
    return this.#kept(new EventHubConsumerClient(group, this.#emulator.connectionString, hub, options));
  }

  /** Reads one partition until it has so many events. */
  async read(hub: string, { group, partition = '0', from, count }: ReadOptions): Promise<ReceivedEventData[]> {
    const events: ReceivedEventData[] = [];
    const { promise, resolve, reject } = deferred();
    const subscription = this.consumer(hub, group).subscribe(
      partition,
      {
        processEvents: (batch) => {
          events.push(...batch);
          if (events.length >= count) resolve();
          return Promise.resolve();
        },
        processError: (error) => {
          reject(error);
          return Promise.resolve();
        },
      },
      { startPosition: from, maxBatchSize: 50, maxWaitTimeInSeconds: 1, skipParsingBodyAsJson: true },
    );
    try {
      await within(30_000, `${count} events of ${hub}, got ${events.length}`, promise);
      return events;
    } finally {
      await subscription.close();
    }
  }

  /** Closes every client; a client whose server is gone may never answer, so each gets a second. */
  async close(): Promise<void> {
    const closing = this.#open.splice(0).map((client) => within(1000, 'close', client.close()));
    await Promise.allSettled(closing);
  }

  #kept<C extends { close(): Promise<void> }>(client: C): C {
    this.#open.push(client);
    return client;
  }
}
