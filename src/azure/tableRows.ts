import { randomBytes } from 'node:crypto';
import type { TableClient, TableEntity, TransactionAction } from '@azure/data-tables';
import { ConnectorError } from '../domain/failure';
import { CreatedOnce } from './createdOnce';
import { inParallel } from './inParallel';
import { transactionsOf } from './rowWrites';
import type { Columns, RowWrite } from './rowWrites';
import { storageOperationMs, tableClient } from './storageAccess';
import type { StorageAccess } from './storageAccess';
import { sdkError, storageError } from './storageFailure';
import { withinTime } from './withinTime';

/** A row as it was read. */
export interface StoredRow {
  readonly partition: string;
  readonly row: string;
  readonly etag: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Which rows of a table to read, in the order of their keys. */
export interface RowQuery {
  readonly partition: string;
  /** First row key, inclusive. */
  readonly from?: string;
  /** Last row key, inclusive. */
  readonly to?: string;
  /** First row key that is not wanted. */
  readonly before?: string;
  /** A further condition in OData, on columns. */
  readonly where?: string;
  readonly columns?: readonly string[];
  readonly pageSize?: number;
}

const attempts = 3;
const readsAtOnce = 8;

/**
 * One table. Every write carries a `writeId`, so that a write that was applied although its answer was lost is recognised by reading the row back:
 * it is never taken for a conflict, and never repeated blindly.
 */
export class TableRows {
  readonly #name: string;
  readonly #client: TableClient;
  readonly #created: CreatedOnce;

  constructor(access: StorageAccess, name: string) {
    this.#name = name;
    this.#client = tableClient(access, name);
    this.#created = new CreatedOnce(async (signal) => {
      try {
        await withinTime(signal, storageOperationMs, (abortSignal) => this.#client.createTable({ abortSignal }));
      } catch (error) {
        throw storageError(`creating table ${name}`, error, signal);
      }
    });
  }

  get name(): string {
    return this.#name;
  }

  /** The row, or undefined when it is not there. */
  async get(partition: string, row: string, signal: AbortSignal): Promise<StoredRow | undefined> {
    await this.#created.ready(signal);
    try {
      const entity = await withinTime(signal, storageOperationMs, (abortSignal) =>
        this.#client.getEntity(partition, row, { abortSignal }),
      );
      return stored(entity, partition, row);
    } catch (error) {
      if (sdkError(error)?.status === 404) {
        this.#noteMissingTable(error);
        return undefined;
      }
      throw storageError(`reading table ${this.#name}`, error, signal);
    }
  }

  /** The rows of a query, a page (at most 1,000) at a time; pages without rows are left out. */
  async *list(query: RowQuery, signal: AbortSignal): AsyncGenerator<readonly StoredRow[]> {
    const conditions = [
      `PartitionKey eq ${quote(query.partition)}`,
      ...(query.from === undefined ? [] : [`RowKey ge ${quote(query.from)}`]),
      ...(query.to === undefined ? [] : [`RowKey le ${quote(query.to)}`]),
      ...(query.before === undefined ? [] : [`RowKey lt ${quote(query.before)}`]),
      ...(query.where === undefined ? [] : [`(${query.where})`]),
    ];
    yield* this.#pages(conditions.join(' and '), query.columns, query.pageSize ?? 1_000, signal);
  }

  /** The first partition key in the half-open range, or undefined when there is none. */
  async firstPartition(after: string, before: string, signal: AbortSignal): Promise<string | undefined> {
    const filter = `PartitionKey gt ${quote(after)} and PartitionKey lt ${quote(before)}`;
    for await (const page of this.#pages(filter, [], 1, signal)) return page[0]?.partition;
    return undefined;
  }

  /**
   * Writes rows of one partition, at most what `transactionsOf` puts together, all or nothing, and returns their new etags in order.
   * Throws `conflict` when a row is not as the write expects it, `storeUnavailable` when it cannot be known.
   */
  async write(partition: string, writes: readonly RowWrite[], signal: AbortSignal): Promise<readonly string[]> {
    if (writes.length === 0) return [];
    // The same for all attempts: whichever of them was applied, it was ours.
    const writeId = randomBytes(9).toString('base64url');
    for (let attempt = 1; ; attempt += 1) {
      await this.#created.ready(signal);
      try {
        return await withinTime(signal, storageOperationMs, (abortSignal) => this.#send(partition, writes, writeId, abortSignal));
      } catch (error) {
        this.#noteMissingTable(error);
        const translated = storageError(`writing table ${this.#name}`, error, signal);
        const kind = translated instanceof ConnectorError ? translated.failure.kind : undefined;
        if (kind !== 'conflict' && kind !== 'storeUnavailable') throw translated;
        const standing = await this.#standing(partition, writes, writeId, signal);
        if (typeof standing !== 'string') return standing;
        if (standing === 'foreign') throw kind === 'conflict' ? translated : this.#conflict(error);
        if (attempt === attempts) throw translated;
      }
    }
  }

  /** Deletes rows of one partition, in transactions; rows that are gone already are fine. */
  async removeAll(partition: string, rows: readonly string[], signal: AbortSignal): Promise<void> {
    const writes = rows.map((row) => ({ kind: 'delete' as const, row }));
    for (const chunk of transactionsOf(writes)) {
      try {
        await this.write(partition, chunk, signal);
      } catch (error) {
        if (!(error instanceof ConnectorError) || error.failure.kind !== 'conflict') throw error;
        await inParallel(chunk, readsAtOnce, (write) => this.write(partition, [write], signal));
      }
    }
  }

  /** Deletes a row if it still is as it was read; false when it is not, true also when it is gone already. */
  async removeUnchanged({ partition, row, etag }: StoredRow, signal: AbortSignal): Promise<boolean> {
    try {
      await this.write(partition, [{ kind: 'delete', row, etag }], signal);
      return true;
    } catch (error) {
      if (error instanceof ConnectorError && error.failure.kind === 'conflict') return false;
      throw error;
    }
  }

  async *#pages(
    filter: string,
    columns: readonly string[] | undefined,
    pageSize: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredRow[]> {
    await this.#created.ready(signal);
    const select = columns === undefined ? {} : { select: ['partitionKey', 'rowKey', ...columns] };
    let from: { continuationToken: string } | undefined;
    for (;;) {
      const next = () =>
        withinTime(signal, storageOperationMs, (abortSignal) =>
          this.#client
            .listEntities({ abortSignal, queryOptions: { filter, ...select } })
            .byPage({ maxPageSize: pageSize, ...from })
            .next(),
        );
      let result;
      try {
        result = await next();
      } catch (error) {
        this.#noteMissingTable(error);
        throw storageError(`listing table ${this.#name}`, error, signal);
      }
      if (result.done === true) return;
      const page = result.value;
      if (page.length > 0) yield page.map((entity) => stored(entity, entity.partitionKey ?? '', entity.rowKey ?? ''));
      if (page.continuationToken === undefined) return;
      from = { continuationToken: page.continuationToken };
    }
  }

  async #send(
    partition: string,
    writes: readonly RowWrite[],
    writeId: string,
    abortSignal: AbortSignal,
  ): Promise<readonly string[]> {
    const [first] = writes;
    if (first !== undefined && writes.length === 1) return [await this.#sendOne(partition, first, writeId, abortSignal)];
    const actions = writes.map((write): TransactionAction => {
      switch (write.kind) {
        case 'create':
          return ['create', entityOf(partition, write, writeId)];
        case 'replace':
          return ['update', entityOf(partition, write, writeId), 'Replace', { etag: write.etag }];
        case 'put':
          return ['upsert', entityOf(partition, write, writeId), 'Replace'];
        case 'merge':
          return ['update', entityOf(partition, write, writeId), 'Merge', { etag: '*' }];
        case 'insertOrMerge':
          return ['upsert', entityOf(partition, write, writeId), 'Merge'];
        case 'delete':
          if (write.etag !== undefined) throw new Error('A deletion with an etag goes alone.');
          return ['delete', { partitionKey: partition, rowKey: write.row }];
      }
    });
    const { subResponses } = await this.#client.submitTransaction(actions, { abortSignal });
    // The answers come in the order of the actions; a deletion has no etag.
    return writes.map((_, index) => subResponses[index]?.etag ?? '');
  }

  async #sendOne(partition: string, write: RowWrite, writeId: string, abortSignal: AbortSignal): Promise<string> {
    switch (write.kind) {
      case 'create':
        return (await this.#client.createEntity(entityOf(partition, write, writeId), { abortSignal })).etag ?? '';
      case 'replace': {
        const options = { abortSignal, etag: write.etag };
        return (await this.#client.updateEntity(entityOf(partition, write, writeId), 'Replace', options)).etag ?? '';
      }
      case 'put':
        return (await this.#client.upsertEntity(entityOf(partition, write, writeId), 'Replace', { abortSignal })).etag ?? '';
      case 'merge': {
        const options = { abortSignal, etag: '*' };
        return (await this.#client.updateEntity(entityOf(partition, write, writeId), 'Merge', options)).etag ?? '';
      }
      case 'insertOrMerge':
        return (await this.#client.upsertEntity(entityOf(partition, write, writeId), 'Merge', { abortSignal })).etag ?? '';
      case 'delete':
        await this.#client.deleteEntity(partition, write.row, { abortSignal, etag: write.etag ?? '*' });
        return '';
    }
  }

  /** Reads the rows of a write that failed: the etags when all of it was applied, else whether it was not applied or somebody else was there. */
  async #standing(
    partition: string,
    writes: readonly RowWrite[],
    writeId: string,
    signal: AbortSignal,
  ): Promise<readonly string[] | 'untouched' | 'foreign'> {
    const rows = await inParallel(writes, readsAtOnce, async (write) => {
      const row = await this.get(partition, write.row, signal);
      return { state: standingOf(write, row, writeId), etag: row?.etag ?? '' };
    });
    if (rows.every(({ state }) => state === 'applied')) return rows.map(({ etag }) => etag);
    return rows.every(({ state }) => state === 'untouched') ? 'untouched' : 'foreign';
  }

  #noteMissingTable(error: unknown): void {
    if (sdkError(error)?.code === 'TableNotFound') this.#created.forget();
  }

  #conflict(cause: unknown): ConnectorError {
    return new ConnectorError(`writing table ${this.#name}`, { kind: 'conflict', code: 'changedMeanwhile' }, cause);
  }
}

function standingOf(write: RowWrite, row: StoredRow | undefined, writeId: string): 'applied' | 'untouched' | 'foreign' {
  if (write.kind === 'delete') {
    if (row === undefined) return 'applied';
    return write.etag === undefined || write.etag === row.etag ? 'untouched' : 'foreign';
  }
  if (row?.columns['writeId'] === writeId) return 'applied';
  switch (write.kind) {
    case 'create':
      return row === undefined ? 'untouched' : 'foreign';
    case 'replace':
      return row?.etag === write.etag ? 'untouched' : 'foreign';
    case 'merge':
      return row === undefined ? 'foreign' : 'untouched';
    case 'put':
    case 'insertOrMerge':
      return 'untouched';
  }
}

function entityOf(partition: string, write: { readonly row: string; readonly columns: Columns }, writeId: string): TableEntity {
  return { ...write.columns, writeId, partitionKey: partition, rowKey: write.row };
}

function stored(
  entity: { readonly etag: string } & Readonly<Record<string, unknown>>,
  partition: string,
  row: string,
): StoredRow {
  return { partition, row, etag: entity.etag, columns: entity };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
