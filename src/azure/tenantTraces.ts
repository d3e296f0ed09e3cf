import type { ContainerClient } from '@azure/storage-blob';
import type { TenantTraces } from '../domain/ports';
import { evidenceContainerName } from './blobEvidenceStore';
import { oversizeContainerName } from './blobOversizeStore';
import { containerClient, storageOperationMs, storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { sdkError, storageError } from './storageFailure';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';
import { withinTime } from './withinTime';

const tables = ['ledger', 'coverage', 'gaps', 'sent'] as const;

/** What storage keeps about a tenant beside its own rows: in tables whose partitions begin with its id, and in containers with a folder of its own. */
export function tenantTraces(access: StorageAccess, options: StorageOptions = {}): TenantTraces {
  const prefix = storagePrefix(options);
  const ofTables = tables.map((name) => new TableRows(access, `${prefix}${name}`));
  const containers = [oversizeContainerName(options), evidenceContainerName(options)].map((name) =>
    containerClient(access, name),
  );
  return {
    purge: async (tenantId, signal) => {
      let rows = 0;
      // `}` is the character after the separator.
      const [start, end] = [`${keyPart(tenantId)}|`, `${keyPart(tenantId)}}`];
      for (const table of ofTables)
        for (let partition = await table.firstPartition(start, end, signal); partition !== undefined;) {
          for await (const page of table.list({ partition, columns: ['RowKey'] }, signal)) {
            const keys = page.map(({ row }) => row);
            await table.removeAll(partition, keys, signal);
            rows += keys.length;
          }
          partition = await table.firstPartition(partition, end, signal);
        }
      let [blobs, held] = [0, 0];
      for (const container of containers) {
        const found = await purgeFolder(container, `${encodeURIComponent(tenantId)}/`, signal);
        blobs += found.removed;
        held += found.held;
      }
      return { rows, blobs, held };
    },
  };
}

/** A policy of the storage account may hold documents until a day; they are left, and counted. */
async function purgeFolder(
  container: ContainerClient,
  prefix: string,
  signal: AbortSignal,
): Promise<{ readonly removed: number; readonly held: number }> {
  let [removed, held] = [0, 0];
  try {
    for await (const { name } of container.listBlobsFlat({ prefix, abortSignal: signal })) {
      try {
        await withinTime(signal, storageOperationMs, (abortSignal) => container.deleteBlob(name, { abortSignal }));
        removed += 1;
      } catch (error) {
        const { status, code } = sdkError(error) ?? {};
        if (status === 409 && code !== undefined && /Immutab|LegalHold/i.test(code)) held += 1;
        else if (status !== 404) throw error;
      }
    }
  } catch (error) {
    if (sdkError(error)?.code === 'ContainerNotFound') return { removed, held };
    throw storageError('removing what is kept of a tenant', error, signal);
  }
  return { removed, held };
}
