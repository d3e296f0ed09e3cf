import { hasWork } from '../../src/domain/actionRow';
import type { ActionRow, ActionStore } from '../../src/domain/actionRow';
import type { Change } from '../../src/domain/onboarding';
import type { ChangeStore, RowStore } from '../../src/domain/ports';
import { conflict, MemoryRows, refuseAborted } from './memoryRows';

/** Rows of one kind in memory. */
export class MemoryRowStore<Row extends { readonly id: string }> implements RowStore<Row> {
  readonly rows = new MemoryRows<{ readonly row: Row }>();

  readonly find: RowStore<Row>['find'] = async (id, signal) => {
    refuseAborted('finding a row', signal);
    return Promise.resolve(this.rows.get(id));
  };

  readonly save: RowStore<Row>['save'] = async (row, expected, signal) => {
    refuseAborted('saving a row', signal);
    const etag = this.rows.write(row.id, { row }, expected ?? 'new');
    if (etag === undefined) throw conflict('saving a row');
    return Promise.resolve(etag);
  };

  async *all(): AsyncGenerator<Row> {
    for (const row of this.list()) yield await Promise.resolve(row);
  }

  readonly remove: RowStore<Row>['remove'] = async (ids) => {
    for (const id of ids) this.rows.delete(id);
    return Promise.resolve();
  };

  /** Everything that is there. */
  list(): Row[] {
    return this.rows.keys().flatMap((key) => this.rows.get(key)?.row ?? []);
  }
}

/** The rows of actions in memory. */
export class MemoryActions extends MemoryRowStore<ActionRow> implements ActionStore {
  async *due(now: Date): AsyncGenerator<ActionRow> {
    for (const row of this.list()) if (hasWork(row) && Date.parse(row.dueAt) <= now.getTime()) yield await Promise.resolve(row);
  }

  readonly newest: ActionStore['newest'] = async (tenantId, limit) => {
    const rows = this.list().filter((row) => tenantId === undefined || row.tenantId === tenantId);
    return Promise.resolve(rows.sort((a, b) => b.requestedAt.localeCompare(a.requestedAt)).slice(0, limit));
  };

  readonly forget: ActionStore['forget'] = async (endedBefore, signal) => {
    const old = this.list().filter((row) => !hasWork(row) && Date.parse(row.since) < endedBefore.getTime());
    await this.remove(
      old.map(({ id }) => id),
      signal,
    );
    return old.length;
  };
}

/** The audit in memory: by id, or by all it says. */
export class MemoryChanges implements ChangeStore {
  readonly kept = new Map<string, Change>();
  readonly #untold = new Map<string, Change>();

  readonly record: ChangeStore['record'] = async (change, signal) => {
    refuseAborted('recording a change', signal);
    this.kept.set(keyOf(change), change);
    this.#untold.set(keyOf(change), change);
    return Promise.resolve();
  };

  readonly newest: ChangeStore['newest'] = async (tenantId, limit) => {
    const found = [...this.kept.values()].filter((change) => tenantId === undefined || change.tenantId === tenantId);
    return Promise.resolve(found.reverse().slice(0, limit));
  };

  readonly untold: ChangeStore['untold'] = async (limit) => Promise.resolve([...this.#untold.values()].slice(0, limit));

  readonly told: ChangeStore['told'] = async (change) => {
    this.#untold.delete(keyOf(change));
    return Promise.resolve();
  };

  readonly forget: ChangeStore['forget'] = async (madeBefore) => {
    const old = [...this.kept.values()].filter(({ at }) => Date.parse(at) < madeBefore.getTime());
    for (const change of old) this.kept.delete(keyOf(change));
    return Promise.resolve(old.length);
  };
}

const keyOf = (change: Change): string => change.id ?? JSON.stringify(change);
