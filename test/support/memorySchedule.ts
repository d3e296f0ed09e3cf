import type { CollectQueue, PoisonStore, ScheduleIndex } from '../../src/domain/ports';
import type { CollectMessage, Lane, ScheduleEntry } from '../../src/domain/schedule';
import { MemoryRows, refuseAborted } from './memoryRows';

/** The schedule index in memory: one row a shard, time, tenant and source, as in the real one. */
export class MemoryScheduleIndex implements ScheduleIndex {
  readonly #rows = new MemoryRows<ScheduleEntry>();

  readonly due: ScheduleIndex['due'] = async (shard, now, { atMost, isWanted = () => true }, signal) => {
    refuseAborted('reading the schedule', signal);
    const due = this.#ofShard(shard).filter((entry) => entry.dueAt <= now && isWanted(entry));
    return Promise.resolve(due.slice(0, atMost));
  };

  readonly put: ScheduleIndex['put'] = async (entries, signal) => {
    refuseAborted('scheduling', signal);
    for (const entry of entries) this.#rows.write(keyOf(entry), plain(entry), 'any');
    return Promise.resolve();
  };

  readonly claim: ScheduleIndex['claim'] = async (entries, until, signal) => {
    refuseAborted('claiming', signal);
    const moved: ScheduleEntry[] = [];
    for (const entry of entries) {
      if (entry.dueAt.getTime() === until.getTime() || !this.#rows.delete(keyOf(entry))) continue;
      const later = { ...plain(entry), dueAt: until };
      this.#rows.write(keyOf(later), later, 'any');
      moved.push(later);
    }
    return Promise.resolve(moved);
  };

  readonly remove: ScheduleIndex['remove'] = async (entries, signal) => {
    refuseAborted('removing from the schedule', signal);
    for (const entry of entries) this.#rows.delete(keyOf(entry));
    return Promise.resolve();
  };

  async *all(shard: number, signal: AbortSignal): AsyncGenerator<ScheduleEntry> {
    for (const entry of this.#ofShard(shard)) {
      refuseAborted('reading the schedule', signal);
      yield await Promise.resolve(entry);
    }
  }

  /** Every entry, for checks. */
  entries(): ScheduleEntry[] {
    return this.#rows.keys().flatMap((key) => {
      const row = this.#rows.get(key);
      return row === undefined ? [] : [plain(row)];
    });
  }

  #ofShard(shard: number): ScheduleEntry[] {
    return this.entries().filter((entry) => entry.shard === shard);
  }
}

function plain({ shard, dueAt, tenantId, sourceId, ticket, backlog }: ScheduleEntry): ScheduleEntry {
  return { shard, dueAt, tenantId, sourceId, ticket, backlog };
}

function keyOf({ shard, dueAt, tenantId, sourceId, ticket }: ScheduleEntry): string {
  return `${String(shard).padStart(3, '0')}|${dueAt.toISOString()}|${tenantId}|${sourceId}|${ticket}`;
}

interface Waiting {
  readonly lane: Lane;
  readonly message: CollectMessage;
  readonly visibleAt: number;
  readonly deliveries: number;
}

/** The collect queues in memory, in one line. Who receives a message hides it for a while; it comes back unless it is done. */
export class MemoryQueue implements CollectQueue {
  readonly #now: () => Date;
  #waiting: Waiting[] = [];
  readonly setAsides: { readonly message: string; readonly cause: string }[] = [];

  constructor(now: () => Date) {
    this.#now = now;
  }

  readonly send: CollectQueue['send'] = async (lane, message, signal) => {
    refuseAborted('queueing', signal);
    this.#waiting.push({ lane, message: structuredClone(message), visibleAt: this.#now().getTime(), deliveries: 0 });
    return Promise.resolve();
  };

  readonly depth: CollectQueue['depth'] = async (lane, signal) => {
    refuseAborted('measuring the queue', signal);
    return Promise.resolve(this.#waiting.filter((waiting) => waiting.lane === lane).length);
  };

  readonly setAside: CollectQueue['setAside'] = async (message, cause, signal) => {
    refuseAborted('setting aside', signal);
    this.setAsides.push({ message, cause });
    return Promise.resolve();
  };

  /** The next message that is visible, hidden from now on for the given time; `done` deletes it. */
  receive(
    hiddenMs: number,
  ): { readonly message: CollectMessage; readonly deliveries: number; readonly done: () => void } | undefined {
    const now = this.#now().getTime();
    const index = this.#waiting.findIndex(({ visibleAt }) => visibleAt <= now);
    const found = this.#waiting[index];
    if (found === undefined) return undefined;
    const hidden = { ...found, visibleAt: now + hiddenMs, deliveries: found.deliveries + 1 };
    this.#waiting.splice(index, 1);
    this.#waiting.push(hidden);
    const done = (): void => {
      this.#waiting = this.#waiting.filter((waiting) => waiting !== hidden);
    };
    return { message: structuredClone(found.message), deliveries: hidden.deliveries, done };
  }

  /** Loses every message, as queues may. */
  lose(): void {
    this.#waiting = [];
  }

  /** The messages that wait, for checks. */
  messages(): CollectMessage[] {
    return this.#waiting.map(({ message }) => message);
  }
}

/** What became of poison messages, in memory. */
export class MemoryPoisonStore implements PoisonStore {
  readonly recorded: Parameters<PoisonStore['record']>[0][] = [];

  readonly record: PoisonStore['record'] = async (entry, signal) => {
    refuseAborted('recording poison', signal);
    this.recorded.push(structuredClone(entry));
    return Promise.resolve();
  };
}
