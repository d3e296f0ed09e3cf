import { sha256Of } from '../../src/domain/evidence';
import type { EvidenceStore, KeptDocument } from '../../src/domain/ports';
import { refuseAborted } from './memoryRows';

/** Assessments in memory. */
export class MemoryEvidenceStore implements EvidenceStore {
  readonly #documents = new Map<string, Buffer>();

  readonly keep: EvidenceStore['keep'] = async (tenantId, id, document, signal) => {
    refuseAborted('keeping evidence', signal);
    const key = `${tenantId}/${id}`;
    if (!this.#documents.has(key)) this.#documents.set(key, Buffer.from(document));
    return Promise.resolve(kept(key, this.#documents.get(key) ?? document));
  };

  readonly ids: EvidenceStore['ids'] = async (tenantId, from, to, signal) => {
    refuseAborted('listing evidence', signal);
    const start = `${tenantId}/`;
    return Promise.resolve(
      [...this.#documents.keys()]
        .filter((key) => key.startsWith(start))
        .map((key) => key.slice(start.length))
        .filter((id) => id >= from.toISOString() && id < to.toISOString())
        .sort(),
    );
  };

  readonly read: EvidenceStore['read'] = async (tenantId, id, signal) => {
    refuseAborted('reading evidence', signal);
    const key = `${tenantId}/${id}`;
    const document = this.#documents.get(key);
    return Promise.resolve(document === undefined ? undefined : kept(key, document));
  };
}

function kept(key: string, document: Buffer): KeptDocument {
  return { blob: `${key}.json`, sha256: sha256Of(document), document: Buffer.from(document) };
}
