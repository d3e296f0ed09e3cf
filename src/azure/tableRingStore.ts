import { z } from 'zod';
import { credentialKinds, rotationReasons, rotationSteps } from '../domain/credential';
import type { CredentialRing } from '../domain/credential';
import { cloudIds } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { RingStore } from '../domain/ports';
import { without } from '../domain/without';
import { readRow } from './rowReader';
import type { RowReader } from './rowReader';
import type { RowWrite } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { failureFrom } from './storedFailure';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

// One partition, so that what is due is one query; a provider has one ring for all its customers, others one for each tenant.
const partition = 'rings';

/** The rings in Azure Table Storage: pointers into the key vault, never a secret. A ring whose row cannot be read is an error, not an absent one. */
export function tableRingStore(access: StorageAccess, options: StorageOptions = {}): RingStore {
  const rows = new TableRows(access, `${storagePrefix(options)}credentials`);
  const read = (row: StoredRow): CredentialRing | undefined => readRow(rows.name, row, ringOf, options.onCorruptRow);

  return {
    find: async (name, signal) => {
      const row = await rows.get(partition, keyPart(name), signal);
      if (row === undefined) return undefined;
      const ring = read(row);
      if (ring !== undefined) return ring;
      const detail = `The stored credential ${name} cannot be read.`;
      throw new ConnectorError('reading a credential', { kind: 'unexpectedResponse', code: 'corruptRow', detail });
    },

    due: async function* (now, signal) {
      for await (const page of rows.list({ partition, where: `dueAt le '${now.toISOString()}'` }, signal))
        for (const row of page) {
          const ring = read(row);
          if (ring !== undefined) yield ring;
        }
    },

    save: async (ring, signal) => {
      const row = keyPart(ring.name);
      const columns = { dueAt: ring.dueAt, ring: JSON.stringify(without(ring, 'dueAt', 'etag')) };
      const write: RowWrite =
        ring.etag === '' ? { kind: 'create', row, columns } : { kind: 'replace', row, columns, etag: ring.etag };
      const [etag = ''] = await rows.write(partition, [write], signal);
      return { ...ring, etag };
    },

    remove: async (name, signal) => {
      await rows.removeAll(partition, [keyPart(name)], signal);
    },
  };
}

const failure = z.custom<Failure>((value) => failureFrom(value) !== undefined);
const time = z.iso.datetime();
const credential = z.object({
  version: z.string(),
  keyId: z.string().exactOptional(),
  startsAt: time.exactOptional(),
  expiresAt: time.exactOptional(),
  ours: z.boolean(),
  removed: z.boolean().exactOptional(),
});
const rotation = z.object({
  id: z.string(),
  reason: z.enum(rotationReasons),
  step: z.enum(rotationSteps),
  since: time,
  startedAt: time,
  attempt: z.number(),
  askedAt: time.exactOptional(),
  lifeDays: z.number(),
  verifiedAt: z.array(time),
  refusedAt: z.array(time),
  failure: failure.exactOptional(),
});
const fact = z.object({
  kind: z.enum(['rotated', 'nearExpiry', 'rotationFailing', 'rolledBack', 'foreign', 'given']),
  id: z.string(),
  at: time,
  daysLeft: z.number().exactOptional(),
  expiresAt: time.exactOptional(),
  keyId: z.string().exactOptional(),
  failure: failure.exactOptional(),
});
const stored = z.object({
  name: z.string(),
  kind: z.enum(credentialKinds),
  cloud: z.enum(cloudIds),
  clientId: z.string(),
  tenantId: z.string(),
  current: credential.exactOptional(),
  previous: credential.exactOptional(),
  staged: credential.exactOptional(),
  rotation: rotation.exactOptional(),
  reapAt: time.exactOptional(),
  comparedAt: time.exactOptional(),
  unseen: failure.exactOptional(),
  failing: z.object({ since: time, times: z.number(), failure, retryAt: time }).exactOptional(),
  warnedDays: z.number().exactOptional(),
  foreign: z.array(z.string()).exactOptional(),
  facts: z.array(fact),
  leaseOwner: z.string().exactOptional(),
  leaseUntil: time.exactOptional(),
});

function ringOf(reader: RowReader): CredentialRing {
  const ring = reader.json('ring', (value): z.infer<typeof stored> | undefined => stored.safeParse(value).data);
  if (keyPart(ring.name) !== reader.row.row) reader.corrupt('name');
  return { ...ring, dueAt: reader.time('dueAt').toISOString(), etag: reader.row.etag };
}
