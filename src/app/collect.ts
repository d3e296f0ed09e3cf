import { failureOf } from '../domain/failure';
import type { CollectEntry, CollectMessage, ScheduleEntry } from '../domain/schedule';
import { newSourceRow } from '../domain/sourceState';
import type { SourceRow } from '../domain/sourceState';
import type { Tenant, TenantId } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import { SourceLease } from './lease';
import { isProbed, probeId } from './probe';
import type { RunSubject } from './runContext';
import { runProbe } from './runProbe';
import { runSource } from './runSource';
import { choiceOf, laneOf, queueMessage } from './schedule';

/** How long a message of the paced lane is worked on, so that tenants whose limits are used up do not keep the others waiting. */
const pacedBudgetMs = 20_000;

/**
 * Works on one collect message: all its sources at once, each on its own, within the time budget; what could not begin or end in time goes back on the queue.
 * Throws only when something failed that is nobody's fault but ours (a bug, or storage that cannot be reached), after all other sources had
 * their turn; the queue then delivers the message again.
 */
export async function collectMessage(ports: CollectPorts, message: CollectMessage, signal: AbortSignal): Promise<void> {
  const { clock, options, telemetry } = ports;
  // Runs that wait for room in Microsoft's limits are cheap to hold and slow to end: more of them at once.
  const isPaced = laneOf(ports, message) === 'paced';
  const budgetMs = isPaced ? Math.min(pacedBudgetMs, options.budgetMs) : options.budgetMs;
  const longestMs = isPaced ? options.budgetMs : 0;
  const sourcesAtOnce = isPaced ? 4 * options.sourcesAtOnce : options.sourcesAtOnce;
  const deadline = clock.now().getTime() + budgetMs;
  const errors: unknown[] = [];
  const waiting = [...message.entries];
  const unfinished: CollectEntry[] = [];
  // What has much to read goes on at once, on any worker; what waits for room in limits goes on together, or the queue would be full of messages that hold a place for one source.
  const goOnWith = async (entry: CollectEntry): Promise<void> => {
    if (isPaced) unfinished.push(entry);
    else await queueMessage(ports, { v: 1, entries: [entry] }, signal);
  };
  const tenants = await findTenants(ports, message, signal);
  const inTime = (): boolean => !signal.aborted && clock.now().getTime() < deadline;
  const worker = async (): Promise<void> => {
    while (inTime()) {
      const entry = waiting.shift();
      if (entry === undefined) return;
      try {
        await collectSource(ports, tenants, entry, { budgetMs: deadline - clock.now().getTime(), longestMs, goOnWith }, signal);
      } catch (error) {
        const kind = failureOf(error)?.kind;
        const fields = { tenant: entry.tenantId, source: entry.sourceId, failure: kind ?? 'bug' };
        if (kind === 'conflict' || kind === 'cancelled' || signal.aborted) {
          telemetry.event('runAbandoned', 'warning', fields);
          continue;
        }
        errors.push(error);
        telemetry.event('sourceFailed', 'error', {
          ...fields,
          error: error instanceof Error ? (error.stack ?? error.message) : 'not an error',
        });
      }
    }
  };
  await Promise.all(Array.from({ length: sourcesAtOnce }, worker));
  const left = [...waiting, ...unfinished];
  if (left.length > 0 && !signal.aborted) await queueMessage(ports, { v: 1, entries: left }, signal);
  if (errors.length > 0)
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, `collecting: ${errors.length} sources failed`);
}

type FoundTenants = ReadonlyMap<TenantId, Promise<Tenant | undefined>>;

/** Looks each tenant up once. A look-up that failed fails the sources of that tenant only. */
async function findTenants(ports: CollectPorts, message: CollectMessage, signal: AbortSignal): Promise<FoundTenants> {
  const ids = new Set(message.entries.map(({ tenantId }) => tenantId));
  const found = new Map([...ids].map((id) => [id, ports.tenants.find(id, signal).then((row) => row?.tenant)] as const));
  await Promise.allSettled(found.values());
  return found;
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

async function collectSource(
  ports: CollectPorts,
  tenants: FoundTenants,
  entry: CollectEntry,
  how: Pick<RunSubject, 'budgetMs' | 'longestMs' | 'goOnWith'>,
  signal: AbortSignal,
): Promise<void> {
  const tenant = await tenants.get(entry.tenantId);
  const source = ports.sources.get(entry.sourceId);
  const scheduled = scheduleEntry(ports, entry);
  if (entry.sourceId === probeId) return probe(ports, tenant, { entry, scheduled }, signal);
  const chosen = tenant !== undefined && source !== undefined && choiceOf(tenant, source) !== undefined;
  const row = chosen ? await rowOf(ports, tenant, source.id, signal) : undefined;
  if (tenant === undefined || source === undefined || row === undefined || entry.ticket < row.ticket) {
    await ports.schedule.remove([scheduled], signal);
    return;
  }
  const lease = await takeLease(ports, row, { entry, scheduled }, signal);
  if (lease !== undefined) await runSource(ports, { tenant, source, lease, before: row, scheduled, ...how }, signal);
}

/** An entry of a message, and the schedule entry it came from. */
interface Due {
  readonly entry: CollectEntry;
  readonly scheduled: ScheduleEntry;
}

/** Probes a tenant, if it is there, wants to be probed, and nobody else is at it. */
async function probe(ports: CollectPorts, tenant: Tenant | undefined, what: Due, signal: AbortSignal): Promise<void> {
  const wanted = tenant !== undefined && isProbed(tenant, ports.sources.values());
  const row = wanted ? await rowOf(ports, tenant, probeId, signal) : undefined;
  if (tenant === undefined || row === undefined || what.entry.ticket < row.ticket)
    return ports.schedule.remove([what.scheduled], signal);
  const lease = await takeLease(ports, row, what, signal);
  // A probe that is ended half-way has found out nothing.
  const subject = { tenant, scheduled: what.scheduled, budgetMs: ports.options.budgetMs };
  if (lease !== undefined) await runProbe(ports, { ...subject, lease }, signal);
}

/** How long after it found a run under way a request is looked at again. */
const askAgainMs = 15_000;

/**
 * Takes the lease of a source, or returns undefined when another run holds it. The doubled message of that run can go then; what was asked for since it
 * began comes back a little later, because that run may have looked already at what has changed.
 */
async function takeLease(
  ports: CollectPorts,
  row: SourceRow,
  { entry, scheduled }: Due,
  signal: AbortSignal,
): Promise<SourceLease | undefined> {
  const { clock, options, sourceRows: store } = ports;
  if (!SourceLease.isHeld(row, clock.now()))
    return SourceLease.take(row, options.owner, { store, clock, leaseMs: options.leaseMs }, signal);
  if (entry.ticket < row.epoch) return undefined;
  const again = { ...scheduled, dueAt: new Date(clock.now().getTime() + askAgainMs) };
  await ports.schedule.put([again], signal);
  if (again.dueAt.getTime() !== scheduled.dueAt.getTime()) await ports.schedule.remove([scheduled], signal);
  return undefined;
}

/** The row of a source, made when it is not there; undefined when the tenant was removed just now. */
async function rowOf(ports: CollectPorts, tenant: Tenant, sourceId: string, signal: AbortSignal): Promise<SourceRow | undefined> {
  const present = await ports.sourceRows.find(tenant.id, sourceId, signal);
  if (present !== undefined) return present;
  if ((await ports.tenants.find(tenant.id, signal)) === undefined) return undefined;
  return ports.sourceRows.create(newSourceRow(tenant.id, sourceId, ports.clock.now()), signal);
}
