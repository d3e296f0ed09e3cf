import type { Polling, TenantId } from './tenant';

/** One source of one tenant that is due at a time. `ticket` tells a current entry from a stale one. */
export interface ScheduleEntry {
  readonly shard: number;
  readonly dueAt: Date;
  readonly tenantId: TenantId;
  readonly sourceId: string;
  readonly ticket: number;
  /** True when the last run left work behind: such a tenant gets a message of its own. */
  readonly backlog: boolean;
}

/** One source of one tenant in a collect message; it carries ids only, never a URL. */
export interface CollectEntry {
  readonly tenantId: TenantId;
  readonly sourceId: string;
  readonly ticket: number;
  /** The time of the schedule entry this came from, so that the worker can remove exactly that one. */
  readonly dueAt: string;
}

/** Version 1 of the collect message. */
export interface CollectMessage {
  readonly v: 1;
  readonly entries: readonly CollectEntry[];
}

/**
 * The queues that collect messages travel on. Content feeds go their own way: whatever else is collected (Graph, Defender, probes, evidence) goes at the pace of
 * Microsoft's request limits, holds its place on a worker while it waits for room in them, and must not hold up the feeds.
 */
export type Lane = 'feeds' | 'paced';

/** How many entries a message may carry; 64 KiB hold several times as many. */
export const longestMessage = 100;

/** The shard of a tenant's entries: spread evenly, always the same for the same tenant. */
export function shardOf(tenantId: TenantId, shards: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < tenantId.length; index += 1) hash = Math.imul(hash ^ tenantId.charCodeAt(index), 0x01000193) >>> 0;
  return hash % shards;
}

/** The bounds of adaptive polling, in seconds. */
export interface PollingBounds {
  readonly shortestSeconds: number;
  readonly longestSeconds: number;
}

/**
 * When a source is polled again, in milliseconds: a fixed interval as the customer set it; otherwise the shortest while there is something to
 * collect, and each idle run doubles the wait up to the longest. Undefined when polling is disabled.
 */
export function nextPollMs(polling: Polling, idleRuns: number, bounds: PollingBounds): number | undefined {
  switch (polling.kind) {
    case 'disabled':
      return undefined;
    case 'every':
      return polling.seconds * 1_000;
    case 'adaptive':
      return Math.min(bounds.longestSeconds, bounds.shortestSeconds * 2 ** Math.min(idleRuns, 20)) * 1_000;
  }
}

/**
 * Packs due entries into messages: everything due of a tenant travels together, small tenants share a message, a tenant with a backlog gets its own
 * (and one with more than a message holds gets several).
 */
export function groupEntries(entries: readonly ScheduleEntry[], tenantsPerMessage: number): CollectMessage[] {
  const byTenant = new Map<TenantId, ScheduleEntry[]>();
  for (const entry of entries) byTenant.set(entry.tenantId, [...(byTenant.get(entry.tenantId) ?? []), entry]);
  const messages: CollectEntry[][] = [];
  let shared: CollectEntry[] = [];
  let sharing = 0;
  for (const ofTenant of byTenant.values()) {
    const collect = ofTenant.map(({ tenantId, sourceId, ticket, dueAt }) => ({
      tenantId,
      sourceId,
      ticket,
      dueAt: dueAt.toISOString(),
    }));
    if (collect.length > longestMessage || ofTenant.some(({ backlog }) => backlog)) {
      for (let start = 0; start < collect.length; start += longestMessage)
        messages.push(collect.slice(start, start + longestMessage));
      continue;
    }
    if (sharing === tenantsPerMessage || shared.length + collect.length > longestMessage) {
      messages.push(shared);
      shared = [];
      sharing = 0;
    }
    shared.push(...collect);
    sharing += 1;
  }
  if (shared.length > 0) messages.push(shared);
  return messages.map((group) => ({ v: 1, entries: group }));
}
