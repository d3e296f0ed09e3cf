import type { CollectEntry, CollectMessage, Lane, ScheduleEntry } from '../domain/schedule';
import { groupEntries } from '../domain/schedule';
import type { SourceRow } from '../domain/sourceState';
import type { Source } from '../domain/source';
import type { ChosenIntegration, Tenant } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';

const entriesAtOnce = 1_000;

/**
 * Finds what is due, in all shards, and puts it on the queues, tenants grouped. An entry is claimed before it is queued: two ticks at once, or one that runs twice,
 * queue it once; if its message is lost, or its worker dies, it fires again after the recheck time.
 */
export async function scheduleTick(ports: CollectPorts, signal: AbortSignal): Promise<{ readonly queued: number }> {
  const { options, clock, telemetry } = ports;
  const depths = { feeds: await ports.queue.depth('feeds', signal), paced: await ports.queue.depth('paced', signal) };
  const hasRoom = (lane: Lane): boolean => depths[lane] < options.queueDepthLimit;
  for (const lane of lanes) {
    // Workers are far behind; queueing the same sources again would only make them slower.
    if (!hasRoom(lane)) telemetry.event('queueFull', 'warning', { lane, depth: depths[lane] });
  }
  const depth = depths.feeds + depths.paced;
  const isWanted = (entry: ScheduleEntry): boolean => hasRoom(laneOfEntry(ports, entry));
  let queued = 0;
  let oldestMs = 0;
  for (let shard = 0; shard < options.shards; shard += 1) {
    for (let full = true; full && lanes.some(hasRoom);) {
      const now = clock.now();
      const due = await ports.schedule.due(shard, now, { atMost: entriesAtOnce, isWanted }, signal);
      if (due.length === 0) break;
      oldestMs = Math.max(oldestMs, ...due.map(({ dueAt }) => now.getTime() - dueAt.getTime()));
      const claimed = await ports.schedule.claim(due, new Date(now.getTime() + options.recheckMs), signal);
      for (const message of messagesOf(ports, claimed, options.tenantsPerMessage)) {
        await queueMessage(ports, message, signal);
        queued += message.entries.length;
        depths[laneOf(ports, message)] += 1;
      }
      full = due.length === entriesAtOnce && claimed.length > 0;
    }
  }
  telemetry.event('scheduled', 'info', { queued, depth, oldestSeconds: Math.round(oldestMs / 1_000) });
  return { queued };
}

const lanes: readonly Lane[] = ['feeds', 'paced'];

/** The messages for entries, those of the lanes apart. */
function messagesOf(ports: CollectPorts, entries: readonly ScheduleEntry[], tenantsPerMessage: number): CollectMessage[] {
  return lanes.flatMap((lane) => {
    const ofLane = entries.filter((entry) => laneOfEntry(ports, entry) === lane);
    return groupEntries(ofLane, tenantsPerMessage);
  });
}

/** What is not known here goes with the paced, and is dealt with by whoever gets the message. */
function laneOfEntry({ sources }: Pick<CollectPorts, 'sources'>, { sourceId }: Pick<CollectEntry, 'sourceId'>): Lane {
  return sources.get(sourceId)?.progress.kind === 'contentFeed' ? 'feeds' : 'paced';
}

/** The lane a message travels on: that of the feeds when it names one. */
export function laneOf(ports: Pick<CollectPorts, 'sources'>, { entries }: CollectMessage): Lane {
  return entries.some((entry) => laneOfEntry(ports, entry) === 'feeds') ? 'feeds' : 'paced';
}

/** Puts a message on the queue of its lane. */
export async function queueMessage(
  ports: Pick<CollectPorts, 'sources' | 'queue'>,
  message: CollectMessage,
  signal: AbortSignal,
): Promise<void> {
  await ports.queue.send(laneOf(ports, message), message, signal);
}

/** The sources of the registry that a tenant's integrations name. */
export function sourcesOf(tenant: Pick<Tenant, 'integrations' | 'also'>, sources: Iterable<Source>): Source[] {
  return [...sources].filter((source) => choiceOf(tenant, source) !== undefined);
}

/** What the tenant chose for the integration of a source; undefined when it is not collected. An optional source has to be chosen by name, too. */
export function choiceOf(
  tenant: Pick<Tenant, 'integrations' | 'also'>,
  source: Pick<Source, 'id' | 'integration' | 'optional'>,
): ChosenIntegration | undefined {
  if (source.optional === true && tenant.also?.includes(source.id) !== true) return undefined;
  const wanted: string = source.integration;
  return tenant.integrations.find(({ id }) => id === wanted);
}

/** A schedule entry for a source row that is due at the given time. It outlives the run that is under way: what is asked for while that goes on is not answered by it. */
export function entryAt(
  ports: Pick<CollectPorts, 'shardOf'>,
  row: Pick<SourceRow, 'tenantId' | 'sourceId' | 'epoch'>,
  dueAt: Date,
): ScheduleEntry {
  const { tenantId, sourceId, epoch } = row;
  return { shard: ports.shardOf(tenantId), dueAt, tenantId, sourceId, ticket: epoch, backlog: false };
}

/**
 * Makes sources due now: an entry in the index, so that it happens, and a message, so that it happens at once; where a run is under way, as soon as
 * it is over.
 */
export async function scheduleNow(ports: CollectPorts, rows: readonly SourceRow[], signal: AbortSignal): Promise<void> {
  if (rows.length === 0) return;
  const later = new Date(ports.clock.now().getTime() + ports.options.recheckMs);
  const entries = rows.map((row) => entryAt(ports, row, later));
  await ports.schedule.put(entries, signal);
  for (const message of messagesOf(ports, entries, 1)) await queueMessage(ports, message, signal);
}

/** Makes sources due again after a while, when a message about them could not be processed. */
export async function rearm(
  ports: CollectPorts,
  entries: readonly CollectEntry[],
  delayMs: number,
  signal: AbortSignal,
): Promise<number> {
  let armed = 0;
  for (const { tenantId, sourceId } of entries) {
    const row = await ports.sourceRows.find(tenantId, sourceId, signal);
    if (row === undefined) continue;
    await ports.schedule.put([entryAt(ports, row, new Date(ports.clock.now().getTime() + delayMs))], signal);
    armed += 1;
  }
  return armed;
}
