import type { SourceStore } from '../../src/domain/ports';
import { glanceOf, isShown } from '../../src/domain/sourceState';
import type { SourceGlance, SourceRow, TenantGlance } from '../../src/domain/sourceState';
import { without } from '../../src/domain/without';
import { conflict, MemoryRows, refuseAborted } from './memoryRows';

/** The rows of the sources in memory, and every version a row ever had, for checks. */
export class MemorySourceStore implements SourceStore {
  readonly #rows = new MemoryRows<Omit<SourceRow, 'etag'>>();
  readonly #glances = new Map<string, Map<string, SourceGlance>>();
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
    const written = this.#write(without(row, 'etag'), row.etag);
    if (isShown(row)) await this.renewGlance(row.tenantId, [row], signal);
    return written;
  };

  readonly remove: SourceStore['remove'] = async (tenantId, signal) => {
    refuseAborted('removing', signal);
    for (const key of this.#rows.keys(`${tenantId}|`)) this.#rows.delete(key);
    this.#glances.delete(tenantId);
    return Promise.resolve();
  };

  readonly renewGlance: SourceStore['renewGlance'] = async (tenantId, rows, signal) => {
    refuseAborted('writing', signal);
    const known = this.#glances.get(tenantId) ?? new Map<string, SourceGlance>();
    for (const row of rows) known.set(row.sourceId, glanceOf(row));
    return Promise.resolve(void this.#glances.set(tenantId, known));
  };

  async *glances(signal: AbortSignal): AsyncGenerator<TenantGlance> {
    refuseAborted('reading', signal);
    for (const [tenantId, sources] of this.#glances) yield await Promise.resolve({ tenantId, sources: [...sources.values()] });
  }

  /** Forgets what lists show, as a process that dies between two writes does. */
  loseGlances(): void {
    this.#glances.clear();
  }

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
