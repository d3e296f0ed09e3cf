import { setTimeout as wait } from 'node:timers/promises';
import { diagnose } from '../../src/app/doctor';
import { scheduleNow } from '../../src/app/schedule';
import { syncTenant } from '../../src/app/tenants';
import type { Connector } from '../../src/composition';
import type { SourceRow } from '../../src/domain/sourceState';
import type { Tenant } from '../../src/domain/tenant';
import type { AvailableRecord } from './historyCheck';

interface DrainParts {
  readonly stores: Connector;
  /** The tenants of which fewer records arrived than were made available; asked again and again. */
  readonly behind: () => readonly string[];
  /** What is missing, record by record. */
  readonly missing: () => readonly AvailableRecord[];
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  readonly withinMs: number;
}

const lookEveryMs = 250;
const nudgeEveryMs = 3_000;
const relistEveryMs = 20_000;

/** Waits until everything has arrived, or the time is up; sources that wait for their next poll are asked to look now. Returns what is still missing, in words. */
export async function drain(parts: DrainParts, signal: AbortSignal): Promise<readonly string[]> {
  const { stores, behind, missing, refresh, withinMs } = parts;
  const startedAt = Date.now();
  let nudgeAt = startedAt;
  let relistAt = startedAt + relistEveryMs;
  for (;;) {
    const now = Date.now();
    const late = signal.aborted || now - startedAt > withinMs;
    let tenants = behind();
    await refresh(signal);
    if (tenants.length === 0 || late) {
      const lacking = missing();
      if (lacking.length === 0) return [];
      if (late) return explain(stores, lacking, Math.round((now - startedAt) / 1_000));
      tenants = [...new Set(lacking.map(({ tenantId }) => tenantId))];
    }
    if (now >= relistAt) {
      // Only a re-list finds what was listed later than the overlap of two listings.
      for (const id of tenants) await syncTenant(stores.tenantPorts, id, signal);
      relistAt = now + relistEveryMs;
      nudgeAt = now + nudgeEveryMs;
    } else if (now >= nudgeAt) {
      for (const id of tenants) await nudge(stores, id, signal);
      nudgeAt = now + nudgeEveryMs;
    }
    await wait(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Makes the sources of a tenant due that wait for their next poll. One that waits because of a failure is left to its back-off. */
async function nudge({ collectPorts, clock }: Connector, tenantId: string, signal: AbortSignal): Promise<void> {
  const now = clock.now().getTime();
  const isResting = ({ leaseUntil, state, lastRunAt, dueAt }: SourceRow): boolean =>
    (leaseUntil === undefined || Date.parse(leaseUntil) <= now) &&
    state.failure === undefined &&
    lastRunAt !== undefined &&
    Date.parse(dueAt) > now;
  const rows = await collectPorts.sourceRows.ofTenant(tenantId, signal);
  await scheduleNow(collectPorts, rows.filter(isResting), signal);
}

async function explain(stores: Connector, lacking: readonly AvailableRecord[], seconds: number): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(30_000);
  const lines = [`Not everything arrived within ${seconds} s:`];
  for (const [tenantId, records] of Map.groupBy(lacking, (record) => record.tenantId)) {
    const found = await stores.collectPorts.tenants.find(tenantId, signal);
    const blobs = new Set(records.map(({ unit }) => unit)).size;
    lines.push(`  ${found?.tenant.name ?? tenantId}: ${records.length} records of ${blobs} content blobs are missing.`);
    if (found !== undefined) lines.push(...(await states(stores, found.tenant, signal)));
  }
  return lines;
}

async function states(stores: Connector, tenant: Tenant, signal: AbortSignal): Promise<string[]> {
  const diagnoses = await diagnose(stores.collectPorts, tenant, signal);
  const working = (await stores.collectPorts.sourceRows.ofTenant(tenant.id, signal)).filter(
    ({ leaseUntil }) => leaseUntil !== undefined,
  );
  return diagnoses.map(({ source, stateTitle, why, nextRunAt }) => {
    const next = working.some(({ sourceId }) => sourceId === source)
      ? 'A run is under way.'
      : `Next run ${nextRunAt?.slice(11, 19) ?? 'never'} UTC.`;
    return `    ${source}: ${stateTitle}. ${why} ${next}`;
  });
}
