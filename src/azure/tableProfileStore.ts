import { isServicePlan } from '../domain/licence';
import type { ServicePlan } from '../domain/licence';
import type { ProfileStore } from '../domain/ports';
import { verdictTitles } from '../domain/verdict';
import type { AlertFlow, TenantProfile, Verdict, VerdictName } from '../domain/verdict';
import { propertyOf, readRow, textListOf, textsOf } from './rowReader';
import type { RowReader } from './rowReader';
import type { Columns } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { keyPart, keyText } from './tableKeys';
import { TableRows } from './tableRows';

const rowKey = 'profile';
const apis = ['management', 'graph', 'defender'] as const;

/** What the probe found out about each tenant, in Azure Table Storage: a row a tenant. A row that cannot be read is taken for none: the next probe writes it anew. */
export function tableProfileStore(access: StorageAccess, options: StorageOptions = {}): ProfileStore {
  const rows = new TableRows(access, `${storagePrefix(options)}profiles`);
  return {
    find: async (tenantId, signal) => {
      const row = await rows.get(keyPart(tenantId), rowKey, signal);
      return row === undefined ? undefined : readRow(rows.name, row, profileOf, options.onCorruptRow);
    },

    save: async (profile, signal) => {
      await rows.write(keyPart(profile.tenantId), [{ kind: 'put', row: rowKey, columns: profileColumns(profile) }], signal);
    },

    remove: async (tenantId, signal) => {
      await rows.removeAll(keyPart(tenantId), [rowKey], signal);
    },
  };
}

function profileColumns({ epoch, probedAt, roles, servicePlans, verdicts, alertFlows }: TenantProfile): Columns {
  return {
    epoch: BigInt(epoch),
    probedAt,
    roles: JSON.stringify(roles),
    servicePlans: servicePlans === undefined ? undefined : JSON.stringify(servicePlans),
    verdicts: JSON.stringify(verdicts),
    alertFlows: JSON.stringify(alertFlows),
  };
}

function profileOf(reader: RowReader): TenantProfile {
  const plans = reader.optionalText('servicePlans') === undefined ? undefined : reader.json('servicePlans', textListOf);
  return {
    tenantId: keyText(reader.row.partition),
    epoch: reader.whole('epoch'),
    probedAt: reader.time('probedAt').toISOString(),
    roles: reader.json('roles', rolesOf),
    ...(plans === undefined ? {} : { servicePlans: plans.filter((plan): plan is ServicePlan => isServicePlan(plan)) }),
    verdicts: reader.json('verdicts', (value) => recordOf(value, verdictOf)),
    alertFlows: reader.json('alertFlows', (value) => recordOf(value, alertFlowOf)),
  };
}

function rolesOf(value: unknown): TenantProfile['roles'] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: Partial<Record<(typeof apis)[number], readonly string[]>> = {};
  for (const api of apis) {
    const roles = textListOf(propertyOf(value, api));
    if (roles !== undefined) found[api] = roles;
  }
  return found;
}

const isVerdictName = (value: unknown): value is VerdictName => typeof value === 'string' && Object.hasOwn(verdictTitles, value);

function verdictOf(value: unknown): Verdict | undefined {
  const name = propertyOf(value, 'name');
  const { evidence, code, at, since } = textsOf(value, ['evidence', 'code', 'at', 'since']) ?? {};
  const missing = textListOf(propertyOf(value, 'missing'));
  if (!isVerdictName(name) || evidence === undefined || at === undefined || since === undefined) return undefined;
  return { name, evidence, at, since, ...(code === undefined ? {} : { code }), ...(missing === undefined ? {} : { missing }) };
}

function alertFlowOf(value: unknown): AlertFlow | undefined {
  const { at, lastAlertAt } = textsOf(value, ['at', 'lastAlertAt']) ?? {};
  if (at === undefined) return undefined;
  return lastAlertAt === undefined ? { at } : { at, lastAlertAt };
}

/** Entries that a newer version wrote in words of its own are left out: without a verdict a source is simply asked again. */
function recordOf<Value>(value: unknown, read: (entry: unknown) => Value | undefined): Record<string, Value> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found: Record<string, Value> = {};
  for (const [key, entry] of Object.entries(value)) {
    const known = read(entry);
    if (known !== undefined) found[key] = known;
  }
  return found;
}
