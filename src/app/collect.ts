import { ConnectorError, disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { ledgerDays } from '../domain/ledger';
import type { CollectEntry, CollectMessage, ScheduleEntry } from '../domain/schedule';
import type { Run, Source, SourceMemory } from '../domain/source';
import { newSourceRow } from '../domain/sourceState';
import type { SourceRow } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import { deliver, nothingYet } from './deliver';
import type { Delivery } from './deliver';
import { endWithoutRun, finishRun } from './finishRun';
import { SourceLease } from './lease';
import { isDue, listUnits } from './listUnits';
import type { Listed } from './listUnits';
import { WorkList } from './workList';

/** How often a subscription that works is looked at again. */
const readyForMs = 24 * 60 * 60 * 1_000;

/**
 * Works on one collect message: all its sources at once, each on its own, within the time budget. Throws only when something failed that is nobody's fault
 * but ours (a bug, or storage that cannot be reached), after all other sources had their turn; the queue then delivers the message again.
 */
export async function collectMessage(ports: CollectPorts, message: CollectMessage, signal: AbortSignal): Promise<void> {
  const byTenant = Map.groupBy(message.entries, ({ tenantId }) => tenantId);
  const errors: unknown[] = [];
  const waiting = [...message.entries];
  const tenants = new Map<string, Promise<Tenant | undefined>>();
  for (const tenantId of byTenant.keys())
    tenants.set(
      tenantId,
      ports.tenants.find(tenantId, signal).then((found) => found?.tenant),
    );
  const worker = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      try {
        await collectSource(ports, await tenants.get(entry.tenantId), entry, signal);
      } catch (error) {
        if (signal.aborted || failureOf(error)?.kind === 'conflict') continue;
        errors.push(error);
      }
    }
  };
  await Promise.allSettled(tenants.values());
  await Promise.all(Array.from({ length: ports.options.sourcesAtOnce }, worker));
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, `collecting: ${errors.length} sources failed`);
}

function scheduleEntry(ports: CollectPorts, entry: CollectEntry): ScheduleEntry {
  return {
    shard: ports.shardOf(entry.tenantId),
    dueAt: new Date(entry.dueAt),
    tenantId: entry.tenantId,
    sourceId: entry.sourceId,
    ticket: entry.ticket,
    backlog: false,
  };
}

async function collectSource(ports: CollectPorts, tenant: Tenant | undefined, entry: CollectEntry, signal: AbortSignal): Promise<void> {
  const source = ports.sources.get(entry.sourceId);
  const scheduled = scheduleEntry(ports, entry);
  const chosen = tenant?.integrations.some(({ id }) => id === source?.integration) === true;
  if (tenant === undefined || source === undefined || !chosen) {
    await ports.schedule.remove([scheduled], signal);
    return;
  }
  const present = await ports.sourceRows.find(tenant.id, source.id, signal);
  const row = present ?? (await ports.sourceRows.create(newSourceRow(tenant.id, source.id, ports.clock.now()), signal));
  if (entry.ticket < row.ticket) {
    await ports.schedule.remove([scheduled], signal);
    return;
  }
  const lease = await SourceLease.take(
    row,
    ports.options.owner,
    { store: ports.sourceRows, clock: ports.clock, leaseMs: ports.options.leaseMs },
    signal,
  );
  if (lease === undefined) return;
  await runSource(ports, tenant, source, lease, row, scheduled, signal);
}

async function runSource(
  ports: CollectPorts,
  tenant: Tenant,
  source: Source,
  lease: SourceLease,
  before: SourceRow,
  scheduled: ScheduleEntry,
  signal: AbortSignal,
): Promise<void> {
  const cloud = ports.clouds(tenant.cloud);
  if (tenant.status === 'paused') return endWithoutRun(ports, tenant, source, lease, scheduled, 'paused', signal);
  if (cloud === undefined || !source.clouds.includes(tenant.cloud))
    return endWithoutRun(ports, tenant, source, lease, scheduled, 'notAvailable', signal);

  const stopReading = new AbortController();
  const stopKeeping = new AbortController();
  const soft = AbortSignal.any([signal, stopReading.signal]);
  const hard = new AbortController();
  // When time is up, what was read is still sent and recorded, for a moment; then everything ends.
  soft.addEventListener('abort', () => {
    const end = () => hard.abort(new ConnectorError('ending the run', { kind: 'cancelled', code: 'timeIsUp' }));
    ports.clock.sleep(ports.options.graceMs, stopKeeping.signal).then(end, () => undefined);
  });
  const budget = ports.clock.sleep(ports.options.budgetMs, stopKeeping.signal).then(
    () => stopReading.abort(),
    () => undefined,
  );
  const lost = Promise.all([lease.keep(stopKeeping.signal), watchTenant(ports, tenant, stopKeeping.signal, stopReading)]).catch((error: unknown) => {
    stopReading.abort();
    hard.abort(error);
  });
  const run: Run = {
    tenant: { id: tenant.id, cloud },
    publisherId: ports.options.publisherId,
    now: () => new Date(ports.clock.now().getTime() + ports.clockOffsetMs(cloud.id)),
    signal: soft,
    send: async (request) => ports.send(tenant, request, soft),
  };
  try {
    const context = { ports, source, tenant, run, lease, soft, hard: hard.signal, stopReading: () => stopReading.abort() };
    const outcome = await collectUnits(context, before);
    await finishRun(ports, tenant, source, lease, before, scheduled, outcome, hard.signal);
  } finally {
    stopKeeping.abort();
    await Promise.all([budget, lost]);
  }
}

const tenantLookMs = 5_000;

/** Ends the run soon after its tenant was paused, removed or changed. */
async function watchTenant(ports: CollectPorts, tenant: Tenant, signal: AbortSignal, stopReading: AbortController): Promise<void> {
  for (;;) {
    try {
      await ports.clock.sleep(tenantLookMs, signal);
      const now = await ports.tenants.find(tenant.id, signal);
      if (now?.tenant.epoch !== tenant.epoch) stopReading.abort();
    } catch (error) {
      if (signal.aborted) return;
      if (failureOf(error)?.kind !== 'storeUnavailable') throw error;
    }
  }
}

/** What one run came to, before it is written down. */
export interface Outcome {
  readonly listed: Listed;
  readonly delivery: Delivery;
  readonly failure: Failure | undefined;
  /** True when the run was ended before its work was. */
  readonly interrupted: boolean;
  /** Ledger days that may still hold pending units. */
  readonly openDays: readonly string[];
}

type CollectContext = Parameters<typeof deliver>[0];

function notListed(): Listed {
  return { units: 0, fresh: 0, gaps: 0, hours: new Set(), restingDays: new Set(), plan: undefined, complete: false, failure: undefined };
}

async function collectUnits(context: CollectContext, before: SourceRow): Promise<Outcome> {
  const { ports, lease, soft } = context;
  const leftovers = before.unclean ? ledgerDays(ports.clock.now()) : before.openDays;
  try {
    await prepare(context, before);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'conflict') throw error;
    const interrupted = soft.aborted;
    return { listed: notListed(), delivery: nothingYet(), failure: interrupted ? undefined : failure, interrupted, openDays: leftovers };
  }
  const work = new WorkList(ports.options.unitsInMemory);
  const delivering = deliver(context, work).catch((error: unknown) => {
    const failure = failureOf(error);
    work.close(true);
    if (failure === undefined || failure.kind === 'conflict' || failure.kind === 'storeUnavailable') return { error };
    return nothingYet(failure);
  });
  let listed: Listed;
  const restingDays = new Set<string>();
  try {
    // Listing comes before the leftovers of earlier runs: when the source is far behind, the newest hour is wanted at once.
    listed = await listUnits(context, work);
    const days = [...new Set([...leftovers, ...(work.overflowed ? lease.row.openDays : [])])].sort();
    await takeUpPending(context, days, work, restingDays);
  } catch (error) {
    context.stopReading();
    work.close(true);
    await delivering;
    throw error;
  }
  work.close(soft.aborted);
  const delivery = await delivering;
  if ('error' in delivery) throw delivery.error;
  const failure = delivery.failure ?? listed.failure;
  const interrupted = soft.aborted;
  const open = interrupted || failure !== undefined ? [...leftovers, ...lease.row.openDays] : [];
  const openDays = [...new Set([...open, ...restingDays, ...listed.restingDays, ...delivery.restingDays])].sort();
  return { listed, delivery, failure, interrupted, openDays };
}

async function prepare(context: CollectContext, before: SourceRow): Promise<void> {
  const { ports, source, run, lease, hard } = context;
  const { readyAt } = before.memory;
  const { failure } = before.state;
  const mayHaveChanged = failure !== undefined && disposition(failure) !== 'retry';
  if (readyAt !== undefined && !mayHaveChanged && ports.clock.now().getTime() - Date.parse(readyAt) < readyForMs) return;
  const remember = async (memory: SourceMemory): Promise<void> => {
    await lease.update((row) => ({ ...row, memory }), hard);
  };
  await remember(await source.prepare(run, before.memory, remember));
}

/** Hands out the units that earlier runs left pending, as there is room, until none is left that is due. */
async function takeUpPending(context: CollectContext, days: readonly string[], work: WorkList, restingDays: Set<string>): Promise<void> {
  const { ports, source, tenant, soft, hard } = context;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  for (const day of days)
    for await (const rows of ports.ledger.pending(scope, day, hard)) {
      const now = ports.clock.now();
      for (const row of rows) {
        if (!isDue(row, now)) {
          restingDays.add(day);
          continue;
        }
        await work.waitForRoom();
        if (soft.aborted || work.closed) return;
        work.add([row]);
      }
    }
}
