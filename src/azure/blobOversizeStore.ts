import { createHash } from 'node:crypto';
import type { OversizeStore } from '../domain/ports';
import { CreatedOnce } from './createdOnce';
import { containerClient, storageOperationMs, storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { sdkError, storageError } from './storageFailure';
import { withinTime } from './withinTime';

/** The name of the container that holds records too large for the hub. */
export function oversizeContainerName(options: StorageOptions = {}): string {
  return `${storagePrefix(options)}-oversize`;
}

/** Records too large for the hub, in Azure Blob Storage. A blob is never overwritten, so a pointer that was sent stays true. */
export function blobOversizeStore(access: StorageAccess, options: StorageOptions = {}): OversizeStore {
  const container = containerClient(access, oversizeContainerName(options));
  const created = new CreatedOnce(async (signal) => {
    try {
      await withinTime(signal, storageOperationMs, (abortSignal) => container.createIfNotExists({ abortSignal }));
    } catch (error) {
      throw storageError('creating the container for large records', error, signal);
    }
  });

  /** Writes the blob unless there is one; returns whether the one that is there now holds these bytes. */
  const put = async (name: string, json: Buffer, sha256: string, signal: AbortSignal): Promise<boolean> => {
    const blob = container.getBlockBlobClient(name);
    try {
      const conditions = { ifNoneMatch: '*' };
      const blobHTTPHeaders = { blobContentType: 'application/json' };
      await withinTime(signal, storageOperationMs, (abortSignal) =>
        blob.upload(json, json.length, { abortSignal, conditions, blobHTTPHeaders, metadata: { sha256 } }),
      );
      return true;
    } catch (error) {
      const status = sdkError(error)?.status;
      if (status === 404) created.forget();
      if (status !== 409 && status !== 412) throw storageError('writing a large record', error, signal);
    }
    try {
      const properties = await withinTime(signal, storageOperationMs, (abortSignal) => blob.getProperties({ abortSignal }));
      return properties.metadata?.['sha256'] === sha256;
    } catch (error) {
      throw storageError('reading a large record', error, signal);
    }
  };

  return {
    keep: async ({ tenantId, sourceId, id, json }, signal) => {
      const sha256 = createHash('sha256').update(json).digest('hex');
      const idHash = createHash('sha256').update(id).digest('hex');
      const base = `${encodeURIComponent(tenantId)}/${encodeURIComponent(sourceId)}/${idHash.slice(0, 2)}/${idHash}`;
      await created.ready(signal);
      // Another content under the same id gets a name of its own, made of its hash: there, being there already means being the same.
      const blob = (await put(`${base}.json`, json, sha256, signal)) ? `${base}.json` : `${base}-${sha256.slice(0, 16)}.json`;
      if (blob !== `${base}.json`) await put(blob, json, sha256, signal);
      return { blob, sha256 };
    },
  };
}
