import { createHash } from 'node:crypto';
import { deliveredRecords } from '../local/historyCheck';
import type { GraphTruthRecord } from '../local/microsoft365/graph/graphTruth';
import type { Feed } from '../local/microsoft365/graph/operations';
import type { Incident } from './incident';
import { contoso } from './incidentTenants';

const hourMs = 3_600_000;

/** A record of a Graph or Defender source as it lies in the hub. */
export interface DeliveredObject {
  readonly id: string;
  readonly source: string;
  readonly category: string;
  readonly operation: string;
  readonly unit: string;
  readonly snapshot: string | undefined;
  readonly sha256: string;
  readonly original: Buffer;
}

/** What was delivered of a source, in the order in which it was sent; with the connector's own records about it. */
export function deliveredOf(incident: Incident, source: string): DeliveredObject[] {
  const events = incident
    .delivered()
    .filter(({ applicationProperties }) => applicationProperties['source'] === source)
    .toSorted((a, b) => a.enqueuedTime.getTime() - b.enqueuedTime.getTime() || a.sequenceNumber - b.sequenceNumber);
  return events.flatMap((event) =>
    deliveredRecords(event).map(({ id, original, record }) => {
      const envelope = JSON.parse(record.toString()) as Record<string, string | undefined>;
      return {
        id,
        source,
        category: envelope['category'] ?? '',
        operation: envelope['operationName'] ?? '',
        unit: String(event.applicationProperties['unit']),
        snapshot: envelope['snapshot'],
        sha256: createHash('sha256').update(original).digest('hex'),
        original,
      };
    }),
  );
}

/** How a feed of the simulation is compared with what a source delivered of it. */
export interface Comparison {
  readonly source: string;
  readonly feed: Feed;
  readonly as?: { readonly select?: readonly string[]; readonly full?: boolean };
  /** When the connector looked for the first time: what was replaced before could not be seen. */
  readonly since: Date;
  /** A state that was replaced sooner than this need not have been seen. */
  readonly pollMs?: number;
}

/** What Microsoft told of a feed, as a collector that looks every `pollMs` has to have seen it. */
function truthOf(incident: Incident, { feed, as, since, pollMs = 0 }: Comparison): GraphTruthRecord[] {
  const truth = incident.microsoft.graph.truth.available({
    tenantId: contoso.tenantId,
    feed,
    ...(as === undefined ? {} : { as }),
  });
  return [...truth].filter(({ time, visibleFrom, visibleUntil }) => {
    if (visibleUntil === undefined) return true;
    // What came very late is found by the daily re-list.
    const neededMs = visibleFrom.getTime() - time.getTime() > 20 * hourMs ? Math.max(pollMs, 26 * hourMs) : pollMs;
    return visibleUntil.getTime() - Math.max(visibleFrom.getTime(), since.getTime()) > neededMs;
  });
}

/** What is missing or was sent more often than it should have been, in words; empty when the hub has what Microsoft told, once. */
export function comparison(incident: Incident, what: Comparison): string[] {
  const delivered = deliveredOf(incident, what.source).filter(({ category }) => !category.startsWith('Connector.'));
  const got = new Map<string, number>();
  for (const { sha256 } of delivered) got.set(sha256, (got.get(sha256) ?? 0) + 1);
  const missing = truthOf(incident, what).filter(({ removed, sha256 }) => removed === undefined && !got.has(sha256));
  const all = new Map<string, number>();
  const { feed, as = {} } = what;
  for (const { sha256 } of incident.microsoft.graph.truth.available({ tenantId: contoso.tenantId, feed, as }))
    all.set(sha256, (all.get(sha256) ?? 0) + 1);
  // In a snapshot, everything is sent again; and an object may come back to a state that it had.
  const counts = new Map<string, { readonly sha256: string; count: number }>();
  for (const { id, sha256, snapshot = '' } of delivered) {
    const key = `${id}|${sha256}|${snapshot}`;
    const { count = 0 } = counts.get(key) ?? {};
    counts.set(key, { sha256, count: count + 1 });
  }
  const repeated = [...counts.values()].filter(({ sha256, count }) => count > Math.max(1, all.get(sha256) ?? 0));
  const strange = delivered.filter(({ sha256, operation }) => operation !== 'Removed' && !all.has(sha256));
  return [
    ...(missing.length > 0 ? [`missing: ${missing.length}, such as ${missing[0]?.id ?? ''} ${missing[0]?.version ?? ''}`] : []),
    ...(repeated.length > 0 ? [`repeated: ${repeated.length}`] : []),
    ...(strange.length > 0 ? [`altered: ${strange.length}, such as ${strange[0]?.original.toString().slice(0, 200) ?? ''}`] : []),
  ];
}
