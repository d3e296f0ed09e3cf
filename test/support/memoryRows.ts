import { ConnectorError } from '../../src/domain/failure';

/** Throws `cancelled`, as the real adapters do, when the signal has aborted. */
export function refuseAborted(doing: string, signal: AbortSignal): void {
  if (signal.aborted) throw new ConnectorError(doing, { kind: 'cancelled', code: 'aborted' });
}

/** A conflict, as a store reports that a row was changed by somebody else. */
export function conflict(doing: string): ConnectorError {
  return new ConnectorError(doing, { kind: 'conflict', code: '412' });
}

/** Rows by key with an etag each; values are copied in and out, so that nobody holds what is stored. */
export class MemoryRows<Row extends object> {
  readonly #rows = new Map<string, { readonly row: Row; readonly etag: string }>();
  #version = 0;

  get(key: string): (Row & { readonly etag: string }) | undefined {
    const found = this.#rows.get(key);
    return found === undefined ? undefined : { ...structuredClone(found.row), etag: found.etag };
  }

  /** Writes when the row is still at the etag (or, for `new`, not there; or, for `any`, however it is); returns the new etag, or undefined when it is not. */
  write(key: string, row: Row, expected: string): string | undefined {
    const present = this.#rows.get(key);
    if (expected !== 'any' && (present?.etag ?? 'new') !== expected) return undefined;
    const etag = `"${(this.#version += 1)}"`;
    this.#rows.set(key, { row: structuredClone(row), etag });
    return etag;
  }

  delete(key: string): boolean {
    return this.#rows.delete(key);
  }

  has(key: string): boolean {
    return this.#rows.has(key);
  }

  /** Keys in order. */
  keys(prefix = ''): string[] {
    return [...this.#rows.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}
