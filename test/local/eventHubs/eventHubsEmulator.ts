import { AmqpServer } from './amqpServer';
import { sharedAccessKey, sharedAccessKeyName } from './authorizationNode';
import { type EmulatorConfig, hubsOf } from './emulatorConfig';
import type { EventHubsFaults } from './faults';
import { startHealthServer } from './healthServer';
import { Hub, type Retention } from './hub';
import type { AcceptedCounts } from './partitionLog';
import { type StoredEvent, storedEvents } from './storedEvent';

/** How to start the emulator; everything but the configuration has a default. */
export interface EventHubsEmulatorOptions {
  /** The content of Microsoft's Config.json. */
  config: EmulatorConfig;
  /** 0 or nothing: any free port. */
  amqpPort?: number;
  /** 0 or nothing: any free port. */
  healthPort?: number;
  /** Where the partitions are kept as files that survive a kill; without it they live in memory. */
  folder?: string;
  /** What the links announce as their limit; default 1 MiB, as in the Standard tier. */
  maxMessageSizeBytes?: number;
  /** Older entries are given up beyond this; default 256 MiB in memory, no limit in a folder. */
  maxRetainedBytesPerPartition?: number;
}

/** A running Event Hubs namespace on 127.0.0.1. */
export interface EventHubsEmulator {
  connectionString: string;
  healthUrl: string;
  faults: EventHubsFaults;
  /** What the hub accepted, including what its folder brought along. */
  counts(hub: string): AcceptedCounts;
  /** Everything the hub retains, or what came from these sequence numbers (by partition) on, decoded one by one. */
  read(hub: string, from?: ReadonlyMap<string, number>): Generator<StoredEvent, void, undefined>;
  /** Adds a hub while clients are connected. */
  addHub(name: string, partitions: number, consumerGroups?: string[]): void;
  /** Cuts all connections and closes the files. */
  stop(): Promise<void>;
}

const mebibyte = 1024 * 1024;

/** Starts an Event Hubs namespace that the unmodified Azure SDKs can talk to. */
export async function startEventHubsEmulator(options: EventHubsEmulatorOptions): Promise<EventHubsEmulator> {
  const { folder, maxMessageSizeBytes = mebibyte } = options;
  const retention: Retention = {
    folder,
    maxBytesPerPartition: options.maxRetainedBytesPerPartition ?? (folder === undefined ? 256 * mebibyte : Infinity),
  };
  const hubs = new Map<string, Hub>();

  function addHub(name: string, partitions: number, consumerGroups: string[] = []): void {
    if (hubs.has(name.toLowerCase())) throw new Error(`The hub ${name} exists already.`);
    hubs.set(name.toLowerCase(), new Hub({ name, partitions, consumerGroups }, retention));
  }

  function hub(name: string): Hub {
    const found = hubs.get(name.toLowerCase());
    if (!found) throw new Error(`There is no hub ${name}; there are ${[...hubs.keys()].join(', ')}.`);
    return found;
  }

  function closeHubs(): void {
    for (const each of hubs.values()) each.close();
  }

  const server = new AmqpServer({
    port: options.amqpPort ?? 0,
    maxMessageSizeBytes,
    findHub: (name) => hubs.get(name.toLowerCase()),
  });
  try {
    for (const each of hubsOf(options.config)) addHub(each.name, each.partitions, each.consumerGroups);
    const port = await server.listen();
    const health = await startHealthServer(options.healthPort ?? 0);
    let stopped: Promise<void> | undefined;
    return {
      connectionString:
        `Endpoint=sb://localhost:${port};SharedAccessKeyName=${sharedAccessKeyName};` +
        `SharedAccessKey=${sharedAccessKey};UseDevelopmentEmulator=true;`,
      healthUrl: health.url,
      faults: server.faults,
      counts: (name) => hub(name).counts(),
      read: (name, from) => storedEvents(hub(name), from),
      addHub,
      stop: () => (stopped ??= Promise.all([server.stop(), health.stop()]).then(closeHubs)),
    };
  } catch (error) {
    await server.stop();
    closeHubs();
    throw error;
  }
}
