import { createHash } from 'node:crypto';
import { ConnectorError } from '../domain/failure';
import type { EvidenceStore, KeptDocument } from '../domain/ports';
import { CreatedOnce } from './createdOnce';
import { containerClient, storageOperationMs, storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { sdkError, storageError } from './storageFailure';
import { withinTime } from './withinTime';

/** The name of the container that holds assessments. */
export function evidenceContainerName(options: StorageOptions = {}): string {
  return `${storagePrefix(options)}-evidence`;
}

// Colons are awkward in file names, to which evidence is downloaded.
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const blobName = /\/(\d{4}-\d{2}-\d{2})T(\d{2})(\d{2})(\d{2}\.\d{3}Z)\.json$/;

function folderOf(tenantId: string): string {
  return `${encodeURIComponent(tenantId)}/`;
}

function nameOf(tenantId: string, id: string): string {
  if (!isoTime.test(id)) throw new Error(`An assessment is filed under a moment, not under "${id}".`);
  return `${folderOf(tenantId)}${id.slice(0, 4)}/${id.replaceAll(':', '')}.json`;
}

/** The beginning that the names of all moments from (inclusive) to (exclusive) have: a day, a year, or everything. */
function prefixOf(from: Date, to: Date): string {
  const [first, last] = [from.toISOString(), to.toISOString()];
  if (first.slice(0, 10) === last.slice(0, 10)) return `${first.slice(0, 4)}/${first.slice(0, 10)}`;
  return first.slice(0, 4) === last.slice(0, 4) ? `${first.slice(0, 4)}/` : '';
}

/**
 * Assessments in Azure Blob Storage: a blob for each, which is never overwritten, with its SHA-256 in the metadata.
 * Names sort by time: `<tenant>/2026/2026-11-22T100000.000Z.json`.
 */
export function blobEvidenceStore(access: StorageAccess, options: StorageOptions = {}): EvidenceStore {
  const container = containerClient(access, evidenceContainerName(options));
  const created = new CreatedOnce(async (signal) => {
    try {
      await withinTime(signal, storageOperationMs, (abortSignal) => container.createIfNotExists({ abortSignal }));
    } catch (error) {
      throw storageError('creating the container for evidence', error, signal);
    }
  });

  const read = async (name: string, signal: AbortSignal): Promise<KeptDocument | undefined> => {
    const blob = container.getBlobClient(name);
    try {
      return await withinTime(signal, storageOperationMs, async (abortSignal) => {
        const properties = await blob.getProperties({ abortSignal });
        // A blob of no bytes cannot be downloaded in ranges.
        const empty = (properties.contentLength ?? 0) === 0;
        const document = empty ? Buffer.alloc(0) : await blob.downloadToBuffer(0, undefined, { abortSignal });
        const sha256 = createHash('sha256').update(document).digest('hex');
        if (properties.metadata?.['sha256'] !== sha256)
          throw new ConnectorError('reading evidence', {
            kind: 'unexpectedResponse',
            code: 'evidenceChanged',
            detail: `The assessment ${name} is not what was written: its SHA-256 differs.`,
          });
        return { blob: name, sha256, document };
      });
    } catch (error) {
      if (sdkError(error)?.status === 404) {
        created.forget();
        return undefined;
      }
      throw storageError('reading evidence', error, signal);
    }
  };

  const upload = async (name: string, document: Buffer, sha256: string, signal: AbortSignal): Promise<boolean> => {
    try {
      await withinTime(signal, storageOperationMs, (abortSignal) =>
        container.getBlockBlobClient(name).upload(document, document.length, {
          abortSignal,
          conditions: { ifNoneMatch: '*' },
          blobHTTPHeaders: { blobContentType: 'application/json' },
          metadata: { sha256 },
        }),
      );
      return true;
    } catch (error) {
      const status = sdkError(error)?.status;
      if (status === 404) created.forget();
      if (status === 409 || status === 412) return false;
      throw storageError('keeping evidence', error, signal);
    }
  };

  return {
    keep: async (tenantId, id, document, signal) => {
      const name = nameOf(tenantId, id);
      const sha256 = createHash('sha256').update(document).digest('hex');
      await created.ready(signal);
      if (await upload(name, document, sha256, signal)) return { blob: name, sha256, document };
      const present = await read(name, signal);
      if (present !== undefined) return present;
      throw new ConnectorError('keeping evidence', { kind: 'conflict', code: 'removedMeanwhile' });
    },

    ids: async (tenantId, from, to, signal) => {
      await created.ready(signal);
      const found: string[] = [];
      for (const name of await namesUnder(`${folderOf(tenantId)}${prefixOf(from, to)}`, signal)) {
        const [, day = '', hours = '', minutes = '', rest = ''] = blobName.exec(name) ?? [];
        const id = `${day}T${hours}:${minutes}:${rest}`;
        if (day !== '' && id >= from.toISOString() && id < to.toISOString()) found.push(id);
      }
      return found.sort();
    },

    read: async (tenantId, id, signal) => {
      await created.ready(signal);
      return read(nameOf(tenantId, id), signal);
    },
  };

  async function namesUnder(prefix: string, signal: AbortSignal): Promise<string[]> {
    const names: string[] = [];
    let from: { continuationToken: string } | undefined;
    for (;;) {
      let page;
      try {
        page = await withinTime(signal, storageOperationMs, (abortSignal) =>
          container
            .listBlobsFlat({ prefix, abortSignal })
            .byPage({ maxPageSize: 5_000, ...from })
            .next(),
        );
      } catch (error) {
        if (sdkError(error)?.code === 'ContainerNotFound') created.forget();
        throw storageError('listing evidence', error, signal);
      }
      if (page.done === true) return names;
      names.push(...page.value.segment.blobItems.map(({ name }) => name));
      const token = page.value.continuationToken;
      if (token === undefined || token === '') return names;
      from = { continuationToken: token };
    }
  }
}
