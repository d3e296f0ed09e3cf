import { cloudIds } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import { isIntegrationId } from '../domain/integration';
import type { TenantStore } from '../domain/ports';
import type { ChosenIntegration, Polling, Tenant } from '../domain/tenant';
import { propertyOf, readRow, textListOf } from './rowReader';
import type { RowReader } from './rowReader';
import type { Columns, RowWrite } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

// One partition: thousands of tenants are a few pages, and are only read all at once where that is meant.
const partition = 'tenants';
const statuses = ['active', 'paused'] as const;

/** The tenants in Azure Table Storage. A tenant whose row cannot be read is not taken for one that is gone: asking for it is an error. */
export function tableTenantStore(access: StorageAccess, options: StorageOptions = {}): TenantStore {
  const rows = new TableRows(access, `${storagePrefix(options)}tenants`);

  const read = (row: StoredRow): Tenant | undefined => readRow(rows.name, row, tenantOf, options.onCorruptRow);

  return {
    find: async (id, signal) => {
      const row = await rows.get(partition, keyPart(id), signal);
      if (row === undefined) return undefined;
      const tenant = read(row);
      if (tenant !== undefined) return { tenant, etag: row.etag };
      const failure = {
        kind: 'unexpectedResponse',
        code: 'corruptRow',
        detail: `The stored tenant ${id} cannot be read.`,
      } as const;
      throw new ConnectorError('reading a tenant', failure);
    },

    all: async function* (signal) {
      for await (const page of rows.list({ partition }, signal))
        for (const row of page) {
          const tenant = read(row);
          if (tenant !== undefined) yield tenant;
        }
    },

    save: async (tenant, expected, signal) => {
      const row = keyPart(tenant.id);
      const columns = tenantColumns(tenant);
      const write: RowWrite =
        expected === undefined ? { kind: 'create', row, columns } : { kind: 'replace', row, columns, etag: expected };
      const [etag = ''] = await rows.write(partition, [write], signal);
      return etag;
    },

    remove: async (id, signal) => {
      await rows.removeAll(partition, [keyPart(id)], signal);
    },
  };
}

function tenantColumns(tenant: Tenant): Columns {
  const { id, name, description, cloud, clientId, secretName, stampName, status, statusSince, epoch, addedAt } = tenant;
  const integrations = JSON.stringify(tenant.integrations);
  const also = tenant.also === undefined ? undefined : JSON.stringify(tenant.also);
  return {
    ...{ id, name, description, cloud, clientId, secretName, integrations, also, stampName, status, statusSince, addedAt },
    application: tenant.application,
    assessmentAskedAt: tenant.assessmentAskedAt,
    epoch: BigInt(epoch),
  };
}

function tenantOf(reader: RowReader): Tenant {
  const id = reader.text('id');
  const assessmentAskedAt = reader.optionalTime('assessmentAskedAt');
  return {
    id: keyPart(id) === reader.row.row ? id : reader.corrupt('id'),
    name: reader.text('name'),
    description: reader.text('description'),
    cloud: reader.word('cloud', cloudIds),
    clientId: reader.text('clientId'),
    ...(reader.row.columns['application'] === undefined ? {} : { application: reader.word('application', ['provider']) }),
    secretName: reader.text('secretName'),
    integrations: reader.json('integrations', integrationsOf),
    ...(reader.optionalText('also') === undefined ? {} : { also: reader.json('also', textListOf) }),
    stampName: reader.flag('stampName'),
    status: reader.word('status', statuses),
    statusSince: reader.text('statusSince'),
    epoch: reader.whole('epoch'),
    addedAt: reader.text('addedAt'),
    ...(assessmentAskedAt === undefined ? {} : { assessmentAskedAt: assessmentAskedAt.toISOString() }),
  };
}

/** An integration that this version does not know (a newer one wrote the row) is left out; anything else that is odd makes the row unreadable. */
function integrationsOf(value: unknown): readonly ChosenIntegration[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const chosen: ChosenIntegration[] = [];
  for (const item of value as readonly unknown[]) {
    const id = propertyOf(item, 'id');
    const polling = pollingOf(propertyOf(item, 'polling'));
    if (typeof id !== 'string' || polling === undefined) return undefined;
    if (isIntegrationId(id)) chosen.push({ id, polling });
  }
  return chosen;
}

function pollingOf(value: unknown): Polling | undefined {
  const kind = propertyOf(value, 'kind');
  const seconds = propertyOf(value, 'seconds');
  if (kind === 'adaptive' || kind === 'disabled') return { kind };
  if (kind !== 'every' || typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return undefined;
  return { kind, seconds };
}
