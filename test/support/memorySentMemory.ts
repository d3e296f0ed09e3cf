import type { LedgerScope } from '../../src/domain/ledger';
import type { SentMemory, SentRow } from '../../src/domain/ports';
import { conflict, refuseAborted } from './memoryRows';

/** What was sent, in memory. */
export class MemorySentMemory implements SentMemory {
  readonly #rows = new Map<string, SentRow & { readonly writtenAt: Date }>();

  readonly load: SentMemory['load'] = async (scope, from, to, signal) => {
    refuseAborted('loading what was sent', signal);
    const rows = this.#of(scope).filter(({ part }) => part >= from && part <= to);
    return Promise.resolve(rows.map(({ part, number, entries }) => ({ part, number, entries: Buffer.from(entries) })));
  };

  readonly append: SentMemory['append'] = async (scope, rows, now, signal) => {
    refuseAborted('remembering what was sent', signal);
    if (rows.some((row) => this.#rows.has(keyOf(scope, row)))) throw conflict('remembering what was sent');
    for (const row of rows) this.#rows.set(keyOf(scope, row), { ...row, entries: Buffer.from(row.entries), writtenAt: now });
    return Promise.resolve();
  };

  readonly forget: SentMemory['forget'] = async (scope, part, writtenBefore, signal) => {
    refuseAborted('forgetting what was sent', signal);
    for (const row of this.#of(scope)) if (row.part < part && row.writtenAt < writtenBefore) this.#rows.delete(keyOf(scope, row));
    return Promise.resolve();
  };

  /** How many rows there are, of all scopes. */
  get size(): number {
    return this.#rows.size;
  }

  #of(scope: LedgerScope): (SentRow & { readonly writtenAt: Date })[] {
    const start = `${scope.tenantId}|${scope.sourceId}|`;
    return [...this.#rows]
      .filter(([key]) => key.startsWith(start))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, row]) => row);
  }
}

function keyOf({ tenantId, sourceId }: LedgerScope, { part, number }: Pick<SentRow, 'part' | 'number'>): string {
  return `${tenantId}|${sourceId}|${part}|${String(number).padStart(8, '0')}`;
}
