import { ledgerDay, ledgerHour, nothingDelivered } from '../../src/domain/ledger';
import type { LedgerRow, LedgerScope } from '../../src/domain/ledger';
import type { Ledger } from '../../src/domain/ports';
import type { Unit } from '../../src/domain/source';
import { without } from '../../src/domain/without';
import { conflict, MemoryRows, refuseAborted } from './memoryRows';

const pageSize = 3;

/** A ledger in memory. Like the real one, a save that touches several days is not one transaction: the days before the conflict are written. */
export class MemoryLedger implements Ledger {
  readonly #rows = new MemoryRows<Omit<LedgerRow, 'etag'>>();

  readonly enlist: Ledger['enlist'] = async (scope, units, now, signal) => {
    refuseAborted('enlisting', signal);
    const result: LedgerRow[] = [];
    for (const unit of units) {
      this.#rows.write(keyOf(scope, unit), freshRow(scope, unit, now), 'new');
      const row = this.#rows.get(keyOf(scope, unit));
      if (row !== undefined) result.push(row);
    }
    return Promise.resolve(result);
  };

  async *pending(scope: LedgerScope, day: string, signal: AbortSignal): AsyncGenerator<readonly LedgerRow[]> {
    yield* this.#pages(dayKey(scope, day), signal, ({ state }) => state === 'pending');
  }

  readonly save: Ledger['save'] = async (changes, signal) => {
    refuseAborted('saving', signal);
    const saved = new Map<string, LedgerRow>();
    for (const ofDay of Map.groupBy(changes, ({ scope, unit }) => dayKey(scope, ledgerDay(unit))).values()) {
      for (const row of ofDay) if (this.#rows.get(keyOf(row.scope, row.unit))?.etag !== row.etag) throw conflict('saving');
      for (const row of ofDay) {
        const etag = this.#rows.write(keyOf(row.scope, row.unit), without(row, 'etag'), row.etag);
        if (etag === undefined) throw conflict('saving');
        saved.set(keyOf(row.scope, row.unit), { ...row, etag });
      }
    }
    return Promise.resolve(changes.flatMap((row) => saved.get(keyOf(row.scope, row.unit)) ?? []));
  };

  readonly find: Ledger['find'] = async (scope, unit, signal) => {
    refuseAborted('finding', signal);
    return Promise.resolve(this.#rows.get(keyOf(scope, unit)));
  };

  async *hour(scope: LedgerScope, hour: string, signal: AbortSignal): AsyncGenerator<readonly LedgerRow[]> {
    yield* this.#pages(dayKey(scope, hour.slice(0, 10)), signal, ({ unit }) => ledgerHour(unit).startsWith(hour));
  }

  readonly forget: Ledger['forget'] = async (scope, day, expiredBefore, signal) => {
    refuseAborted('forgetting', signal);
    let kept = 0;
    for (const key of this.#rows.keys(dayKey(scope, day))) {
      const row = this.#rows.get(key);
      if (row !== undefined && row.state !== 'pending' && row.unit.expires < expiredBefore) this.#rows.delete(key);
      else kept += 1;
    }
    return Promise.resolve({ kept });
  };

  readonly days: Ledger['days'] = async (scope, signal) => {
    refuseAborted('listing days', signal);
    const start = `${scope.tenantId}|${scope.sourceId}|`;
    return Promise.resolve([...new Set(this.#rows.keys(start).map((key) => key.slice(start.length).split('|')[0] ?? ''))]);
  };

  /** Every row, for checks. */
  all(): LedgerRow[] {
    return this.#rows.keys().flatMap((key) => this.#rows.get(key) ?? []);
  }

  async *#pages(prefix: string, signal: AbortSignal, wanted: (row: LedgerRow) => boolean): AsyncGenerator<readonly LedgerRow[]> {
    const keys = this.#rows.keys(prefix);
    for (let start = 0; start < keys.length; start += pageSize) {
      refuseAborted('reading', signal);
      const page = keys.slice(start, start + pageSize).flatMap((key) => this.#rows.get(key) ?? []);
      const rows = page.filter(wanted);
      if (rows.length > 0) yield await Promise.resolve(rows);
    }
  }
}

function freshRow(scope: LedgerScope, unit: Unit, now: Date): Omit<LedgerRow, 'etag'> {
  const row = { scope, unit, listedAt: now, fetched: false, delivered: nothingDelivered, attempts: 0 };
  return unit.refused === undefined
    ? { ...row, state: 'pending' }
    : { ...row, state: 'gap', cause: unit.refused, finishedAt: now };
}

function dayKey(scope: LedgerScope, day: string): string {
  return `${scope.tenantId}|${scope.sourceId}|${day}|`;
}

function keyOf(scope: LedgerScope, unit: Unit): string {
  return `${dayKey(scope, ledgerDay(unit))}${unit.undated === true ? '' : unit.at.toISOString()}_${unit.id}`;
}
