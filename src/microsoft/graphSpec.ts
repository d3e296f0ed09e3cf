import type { LimitId } from '../domain/limit';
import type { Source, SourceFacts } from '../domain/source';
import { checkOf } from './graphCheck';

/** What every source over Graph or Defender for Endpoint says about itself. */
export interface GraphSourceSpec extends Pick<
  SourceFacts,
  | 'id'
  | 'title'
  | 'docs'
  | 'integration'
  | 'permissions'
  | 'anyLicenceOf'
  | 'clouds'
  | 'category'
  | 'resourceProvider'
  | 'hub'
  | 'optional'
> {
  /** How often it is asked, in seconds, unless the customer says otherwise. */
  readonly everySeconds: number;
  /** Of Graph; `v1.0` unless given. */
  readonly version?: 'v1.0' | 'beta';
  /** Below the version: `/security/alerts_v2`; for Defender below `/api`: `/machines`. */
  readonly path: string;
  /** The properties asked for; all that the endpoint gives unless given. */
  readonly select?: readonly string[];
  /** Dropped when the endpoint fails with it. */
  readonly expand?: string;
  /** A fixed part of the filter, joined to the window's by `and`. */
  readonly filter?: string;
  /** Sent with every request, such as `Prefer`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Page sizes (`$top`), tried in this order while the endpoint fails: `[200, 50, 10]`; empty when the endpoint takes no `$top`. */
  readonly pageSizes: readonly number[];
  /** The limits its requests count on, all of them. */
  readonly limits: readonly LimitId[];
  /** What a request costs where a limit counts resource units (the directory); 1 unless given. */
  readonly units?: number;
  /** The top-level field that identifies an object; `id` unless given. */
  readonly idField?: string;
  /** The top-level field with the time of a record; when it was read unless given. */
  readonly time?: string;
  /** The top-level field whose value names what happened; the last word of the category unless given. */
  readonly operation?: string;
}

/** A source over a list that can be filtered by a time. */
export interface WindowSpec extends GraphSourceSpec {
  /** The top-level field that windows filter by (`ge` and `le`): when Microsoft says that the record was made, or last changed. */
  readonly filterBy: string;
  /** The field whose value makes a new event of the same object: a record's id is then `<id>/<value>`. Without it, a record whose bytes changed is sent again. */
  readonly versionField?: string;
  /** How far back the first collection goes, in days. */
  readonly backfillDays: number;
  /** How far back the API can be asked, in days; as far as the back-fill unless given. What lies further back when the connector was down is a gap. */
  readonly retentionDays?: number;
  /** The longest window of one read, in hours. */
  readonly maxWindowHours: number;
}

/** A source over a delta query. Leave `members` out of `select` for groups: they have a source of their own. */
export interface DeltaSpec extends GraphSourceSpec {
  /** How often all objects are sent again as a snapshot, in seconds. */
  readonly snapshotEverySeconds: number;
}

/** A source over a list that is read as a whole each time. */
export interface SnapshotSpec extends GraphSourceSpec {
  /** How often all objects are sent again as a snapshot, in seconds; in between, what is new, changed or gone. */
  readonly snapshotEverySeconds: number;
  /**
   * What is sent are the parts of the objects listed at `path`, from one request for each (group members, assigned app roles); only the ids
   * of the objects themselves are then asked for. A record's id is `<object>/<part>`.
   */
  readonly each?: {
    /** Where the parts of an object are, below the version: `/groups/{id}/members`. */
    readonly path: `${string}{id}${string}`;
    readonly select?: readonly string[];
    readonly pageSizes: readonly number[];
    readonly units?: number;
  };
}

/** What is the same for all of them, whatever the way of progress. */
export function graphFacts(
  spec: GraphSourceSpec,
  api: 'graph' | 'defender',
): Omit<SourceFacts, 'progress'> & Pick<Source, 'prepare' | 'check'> {
  const { id, title, docs, integration, permissions, anyLicenceOf, clouds, category, resourceProvider, hub } = spec;
  return {
    id,
    title,
    docs,
    integration,
    api,
    permissions,
    anyLicenceOf,
    clouds,
    category,
    resourceProvider,
    hub,
    everySeconds: spec.everySeconds,
    limits: spec.limits,
    ...(spec.optional === undefined ? {} : { optional: spec.optional }),
    check: checkOf(spec, api),
    // There is nothing to switch on: the first request tells whether the feed is there.
    prepare: async (run, memory) => Promise.resolve({ ...memory, readyAt: run.now().toISOString() }),
  };
}
