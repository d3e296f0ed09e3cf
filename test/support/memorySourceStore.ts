import type { SourceStore } from '../../src/domain/ports';
import type { SourceRow } from '../../src/domain/sourceState';
import { without } from '../../src/domain/without';
import { conflict, MemoryRows, refuseAborted } from './memoryRows';

/** The rows of the sources in memory, and every version a row ever had, for checks. */
export class MemorySourceStore implements SourceStore {
  readonly #rows = new MemoryRows<Omit<SourceRow, 'etag'>>();
  readonly history: SourceRow[] = [];
  /** Called with each row as it is written. */
  onWrite: (row: SourceRow) => void = () => undefined;

  readonly find: SourceStore['find'] = async (tenantId, sourceId, signal) => {
    refuseAborted('finding', signal);
    return Promise.resolve(this.#rows.get(`${tenantId}|${sourceId}`));
  };

  readonly ofTenant: SourceStore['ofTenant'] = async (tenantId, signal) => {
    refuseAborted('reading', signal);
    return Promise.resolve(this.#rows.keys(`${tenantId}|`).flatMap((key) => this.#rows.get(key) ?? []));
  };

  readonly create: SourceStore['create'] = async (row, signal) => {
    refuseAborted('creating', signal);
    return Promise.resolve(this.#write(row, 'new'));
  };

  readonly save: SourceStore['save'] = async (row, signal) => {
    refuseAborted('saving', signal);
    return Promise.resolve(this.#write(without(row, 'etag'), row.etag));
  };

  readonly remove: SourceStore['remove'] = async (tenantId, signal) => {
    refuseAborted('removing', signal);
    for (const key of this.#rows.keys(`${tenantId}|`)) this.#rows.delete(key);
    return Promise.resolve();
  };

  /** Deletes one row, as somebody with access to the storage account may. */
  deleteRow(tenantId: string, sourceId: string): void {
    this.#rows.delete(`${tenantId}|${sourceId}`);
  }

  #write(row: Omit<SourceRow, 'etag'>, expected: string): SourceRow {
    const etag = this.#rows.write(`${row.tenantId}|${row.sourceId}`, row, expected);
    if (etag === undefined) throw conflict('writing the source row');
    const written = { ...row, etag };
    this.history.push(structuredClone(written));
    this.onWrite(written);
    return written;
  }
}
