import { join } from 'node:path';
import { layOut } from './amqpSections';
import type { ConfiguredHub } from './emulatorConfig';
import { fileStore, memoryStore } from './partitionFile';
import { type AcceptedCounts, PartitionLog } from './partitionLog';
import { partitionOfKey } from './partitionOfKey';

/** Where and how much a hub keeps. */
export interface Retention {
  folder: string | undefined;
  maxBytesPerPartition: number;
}

/** What one accepted transfer brought. */
export interface AcceptedBatch {
  hub: string;
  partition: string;
  events: number;
  bytes: number;
}

/** One event hub: its partitions, its consumer groups and the rule that spreads batches. */
export class Hub {
  readonly name: string;
  readonly createdAt = Date.now();
  readonly partitions: readonly PartitionLog[];
  readonly #groups: Set<string>;
  #turn = 0;
  #batches: number;

  constructor({ name, partitions, consumerGroups }: ConfiguredHub, { folder, maxBytesPerPartition }: Retention) {
    this.name = name;
    this.#groups = new Set(['$default', ...consumerGroups.map((group) => group.toLowerCase())]);
    const directory = folder === undefined ? undefined : join(folder, encodeURIComponent(name.toLowerCase()));
    this.partitions = Array.from({ length: partitions }, (_, id) => {
      const store = directory === undefined ? memoryStore() : fileStore(join(directory, `${id}.log`));
      return new PartitionLog(store, maxBytesPerPartition);
    });
    this.#batches = Math.max(...this.partitions.map((log) => log.latest.batch));
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group.toLowerCase());
  }

  partition(id: string): PartitionLog | undefined {
    return /^\d{1,4}$/.test(id) ? this.partitions[Number(id)] : undefined;
  }

  /** Stores a transfer; throws a RangeError when its bytes are no AMQP message. */
  accept(payload: Buffer, format: number, fixedPartition?: string): AcceptedBatch {
    const layout = layOut(payload, format);
    const index = fixedPartition === undefined ? this.#choose(layout.partitionKey) : Number(fixedPartition);
    const log = this.partitions[index];
    if (!log) throw new RangeError(`no partition ${index}`);
    log.append(payload, format, layout, this.#batches + 1);
    this.#batches += 1;
    return { hub: this.name, partition: String(index), events: layout.bounds.length / 2, bytes: payload.length };
  }

  counts(): AcceptedCounts {
    const sum = { events: 0, batches: 0, bytes: 0 };
    for (const { accepted } of this.partitions) {
      sum.events += accepted.events;
      sum.batches += accepted.batches;
      sum.bytes += accepted.bytes;
    }
    return sum;
  }

  close(): void {
    for (const log of this.partitions) log.close();
  }

  #choose(key: string | undefined): number {
    if (key !== undefined) return partitionOfKey(key, this.partitions.length);
    const index = this.#turn;
    this.#turn = (this.#turn + 1) % this.partitions.length;
    return index;
  }
}
