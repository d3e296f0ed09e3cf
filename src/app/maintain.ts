import { isDeepStrictEqual } from 'node:util';
import { failureOf } from '../domain/failure';
import type { LedgerScope } from '../domain/ledger';
import type { Source } from '../domain/source';
import { glanceOf, newSourceRow } from '../domain/sourceState';
import type { SourceGlance, SourceRow } from '../domain/sourceState';
import type { Tenant, TenantId } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import { oldestKeptDay } from './countCoverage';
import { hourOf } from '../domain/window';
import { tellInventory } from './inventory';
import { isProbed, probeId } from './probe';
import { choiceOf, entryAt, sourcesOf } from './schedule';

const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Repairs what hints may have lost and deletes what has had its time: every source of an active tenant gets its row and its schedule entry back,
 * what lists show is made anew where it is not as the rows are, entries of tenants that are gone are removed, and finished ledger rows go a day after
 * Microsoft dropped their content.
 */
export async function maintain(
  ports: CollectPorts,
  signal: AbortSignal,
): Promise<{ readonly repaired: number; readonly removed: number }> {
  const scheduled = new Set<string>();
  const wanted = new Map<string, SourceRow>();
  let removed = 0;
  let tenants = 0;
  const glances = new Map((await Array.fromAsync(ports.sourceRows.glances(signal))).map((one) => [one.tenantId, one.sources]));
  for await (const tenant of ports.tenants.all(signal)) {
    const rows = new Map((await ports.sourceRows.ofTenant(tenant.id, signal)).map((row) => [row.sourceId, row]));
    const chosen = sourcesOf(tenant, ports.sources.values());
    tellInventory(ports, tenant, chosen, rows);
    tenants += 1;
    await renewGlance(ports, tenant, { rows, shown: glances.get(tenant.id) ?? [] }, signal);
    glances.delete(tenant.id);
    if (tenant.status !== 'active') continue;
    for (const source of chosen) {
      const row = rows.get(source.id) ?? (await createdRow(ports, tenant, source.id, signal));
      if (row === undefined) continue;
      const polling = choiceOf(tenant, source)?.polling;
      if (polling?.kind !== 'disabled') wanted.set(`${tenant.id}|${source.id}`, row);
      await forgetOldRows(ports, row, signal);
      await forgetSent(ports, row, source, signal);
    }
    const probe = isProbed(tenant, ports.sources.values())
      ? (rows.get(probeId) ?? (await createdRow(ports, tenant, probeId, signal)))
      : undefined;
    if (probe !== undefined) wanted.set(`${tenant.id}|${probeId}`, probe);
  }
  for (const tenantId of glances.keys())
    if (await isGone(ports, tenantId, signal)) await ports.sourceRows.remove(tenantId, signal);
  for (let shard = 0; shard < ports.options.shards; shard += 1)
    for await (const entry of ports.schedule.all(shard, signal)) {
      const key = `${entry.tenantId}|${entry.sourceId}`;
      const row = wanted.get(key);
      if (row !== undefined && entry.ticket >= row.ticket) scheduled.add(key);
      else if (row === undefined && (await isGone(ports, entry.tenantId, signal))) {
        await ports.schedule.remove([entry], signal);
        removed += 1;
      }
    }
  const missing = [...wanted].filter(([key]) => !scheduled.has(key)).map(([, row]) => entryAt(ports, row, ports.clock.now()));
  if (missing.length > 0) await ports.schedule.put(missing, signal);
  ports.telemetry.event('maintained', missing.length > 0 ? 'warning' : 'info', { tenants, repaired: missing.length, removed });
  return { repaired: missing.length, removed };
}

/** Brings what lists show of a tenant up to date: a process may have died after it wrote the row, and a run that was overtaken may have written late. */
async function renewGlance(
  { sourceRows }: CollectPorts,
  tenant: Tenant,
  { rows, shown }: { readonly rows: ReadonlyMap<string, SourceRow>; readonly shown: readonly SourceGlance[] },
  signal: AbortSignal,
): Promise<void> {
  const known = new Map(shown.map((glance) => [glance.sourceId, glance]));
  const outdated = [...rows.values()].filter((row) => !isDeepStrictEqual(glanceOf(row), known.get(row.sourceId)));
  if (outdated.length > 0) await sourceRows.renewGlance(tenant.id, outdated, signal);
}

/** Whether there is no such tenant. A row that cannot be read is reported by its store, and is a tenant: it must not keep the others from being repaired. */
async function isGone(ports: CollectPorts, tenantId: TenantId, signal: AbortSignal): Promise<boolean> {
  try {
    return (await ports.tenants.find(tenantId, signal)) === undefined;
  } catch (error) {
    const kind = failureOf(error)?.kind;
    if (kind === undefined || kind === 'storeUnavailable' || kind === 'cancelled') throw error;
    return false;
  }
}

/** A new row for a source that has none; undefined when another run made it just now, and so takes care of it. */
async function createdRow(
  ports: CollectPorts,
  tenant: Tenant,
  sourceId: string,
  signal: AbortSignal,
): Promise<SourceRow | undefined> {
  try {
    return await ports.sourceRows.create(newSourceRow(tenant.id, sourceId, ports.clock.now()), signal);
  } catch (error) {
    if (failureOf(error)?.kind === 'conflict') return undefined;
    throw error;
  }
}

async function forgetOldRows(ports: CollectPorts, row: SourceRow, signal: AbortSignal): Promise<void> {
  const scope = { tenantId: row.tenantId, sourceId: row.sourceId };
  const now = ports.clock.now();
  const expiredBefore = new Date(now.getTime() - dayMs);
  // Only days that Microsoft no longer lists, and as a whole: a row that goes too early would make its unit look new, or its hour look emptier than it was.
  const oldest = oldestKeptDay(now);
  for (const day of await ports.ledger.days(scope, signal))
    if (day === 'undated' || (day < oldest && !(await hasPending(ports, scope, day, signal))))
      await ports.ledger.forget(scope, day, expiredBefore, signal);
}

/** How long what was sent is remembered: a day longer than windows are read again. */
const rememberedMs = 9 * dayMs;

async function forgetSent(ports: CollectPorts, row: SourceRow, source: Source, signal: AbortSignal): Promise<void> {
  if (source.progress.kind !== 'timeWindow') return;
  const scope = { tenantId: row.tenantId, sourceId: row.sourceId };
  const before = new Date(ports.clock.now().getTime() - rememberedMs);
  await ports.sent.forget(scope, hourOf(before), before, signal);
}

async function hasPending(ports: CollectPorts, scope: LedgerScope, day: string, signal: AbortSignal): Promise<boolean> {
  for await (const rows of ports.ledger.pending(scope, day, signal)) if (rows.length > 0) return true;
  return false;
}
