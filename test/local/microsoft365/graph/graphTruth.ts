import { listOf } from './endpoints';
import { digest, type FeedStore, type Mark, type Version } from './feedStore';
import type { Feed } from './operations';
import { keptUntilMs } from './retention';
import { shaped, shapeOf } from './shape';
import type { Feature } from './skus';

/** One state of one object that could be read: what a collector has to deliver, or at least the last of each object. */
export interface GraphTruthRecord {
  tenantId: string;
  feed: Feed;
  id: string;
  /** The last update, or whatever tells the states of an object apart. */
  version: string;
  time: Date;
  /** Of the exact bytes in `value`, in hex. */
  sha256: string;
  bytes: Buffer;
  visibleFrom: Date;
  /** When the next state took its place; a collector that did not ask in between could not see this one. */
  visibleUntil: Date | undefined;
  /** When the service forgets it; undefined when it keeps it. */
  keptUntil: Date | undefined;
  /** The object was removed: a delta says so, lists no longer have it. */
  removed: 'changed' | 'deleted' | undefined;
  owner: string | undefined;
}

/** Which part of the truth to read. */
export interface GraphTruthFilter {
  tenantId?: string;
  feed?: Feed;
  /** How the collector asks: what it selects, and whether it gets what only beta or `$expand` shows. */
  as?: { select?: readonly string[]; full?: boolean };
  /** Only the last state of each object. */
  latest?: boolean;
  /** Feeds that the tenant's licences and consent do not let anyone read, too. */
  unreadable?: boolean;
}

/** Where the truth comes from. */
export interface TruthSource {
  tenantIds(): string[];
  readonly feeds: readonly Feed[];
  store(tenantId: string, feed: Feed): FeedStore;
  mark(): Mark;
  isReadable(tenantId: string, feed: Feed): boolean;
  features(tenantId: string): ReadonlySet<Feature>;
}

/** Every state of every object that could be read by now. */
export class GraphTruth {
  readonly #source: TruthSource;

  constructor(source: TruthSource) {
    this.#source = source;
  }

  /** The states that could be read by now, object by object, in the order in which they could. */
  *available(filter: GraphTruthFilter = {}): Generator<GraphTruthRecord> {
    for (const { tenantId, feed, store } of this.#stores(filter)) {
      const shape = shapeOf(listOf(feed), { full: feed.endsWith('SignIns') && feed !== 'interactiveUserSignIns', ...filter.as });
      for (const { version, replacedMs } of store.history(this.#source.mark())) {
        if (filter.latest === true && replacedMs !== undefined) continue;
        const bytes = shaped(store, version, shape);
        const kept = keptUntilMs(listOf(feed), this.#source.features(tenantId), store.parse(version));
        yield {
          tenantId,
          feed,
          id: version.id,
          version: version.version,
          time: new Date(version.timeMs),
          sha256: digest(bytes),
          bytes,
          visibleFrom: dateOf(version),
          visibleUntil: replacedMs === undefined ? undefined : new Date(replacedMs),
          keptUntil: kept === undefined ? undefined : new Date(kept),
          removed: version.removed,
          owner: version.owner,
        };
      }
    }
  }

  /** Objects and states of each tenant and feed, without reading them. */
  counts(
    filter: Omit<GraphTruthFilter, 'as' | 'latest'> = {},
  ): { tenantId: string; feed: Feed; objects: number; states: number }[] {
    return [...this.#stores(filter)].map(({ tenantId, feed, store }) => {
      let [objects, states] = [0, 0];
      for (const { replacedMs } of store.history(this.#source.mark())) {
        states++;
        if (replacedMs === undefined) objects++;
      }
      return { tenantId, feed, objects, states };
    });
  }

  *#stores(filter: GraphTruthFilter): Generator<{ tenantId: string; feed: Feed; store: FeedStore }> {
    for (const tenantId of this.#source.tenantIds()) {
      if (filter.tenantId !== undefined && filter.tenantId.toLowerCase() !== tenantId) continue;
      for (const feed of this.#source.feeds) {
        if (filter.feed !== undefined && filter.feed !== feed) continue;
        if (filter.unreadable !== true && !this.#source.isReadable(tenantId, feed)) continue;
        yield { tenantId, feed, store: this.#source.store(tenantId, feed) };
      }
    }
  }
}

function dateOf({ visibleFromMs }: Version): Date {
  return new Date(visibleFromMs);
}
