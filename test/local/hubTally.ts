import type { EventHubsEmulator } from './eventHubs/eventHubsEmulator';
import type { StoredEvent } from './eventHubs/storedEvent';

/** How many records of each tenant have arrived, read from the hubs themselves as they come in. The connector's own facts do not count. */
export class HubTally {
  readonly #hubs: Pick<EventHubsEmulator, 'read'>;
  readonly #names: readonly string[];
  readonly #next = new Map<string, Map<string, number>>();
  readonly #records = new Map<string, number>();

  constructor(hubs: Pick<EventHubsEmulator, 'read'>, names: readonly string[]) {
    this.#hubs = hubs;
    this.#names = names;
  }

  /** Counts what came since the last call. */
  update(): void {
    for (const name of this.#names) {
      const next = this.#next.get(name) ?? new Map<string, number>();
      this.#next.set(name, next);
      for (const event of this.#hubs.read(name, next)) {
        next.set(event.partition, event.sequenceNumber + 1);
        if (!isRecords(event)) continue;
        const tenantId = String(event.applicationProperties['tenantId']);
        const records = Number(event.applicationProperties['records']);
        this.#records.set(tenantId, this.of(tenantId) + (Number.isFinite(records) ? records : 0));
      }
    }
  }

  of(tenantId: string): number {
    return this.#records.get(tenantId) ?? 0;
  }

  get total(): number {
    return [...this.#records.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** Tells events with records of a tenant from what the connector says itself: its facts and its evidence. */
export function isRecords(event: Pick<StoredEvent, 'applicationProperties'>): boolean {
  return !/^connector(\.|$)/.test(String(event.applicationProperties['source']));
}
