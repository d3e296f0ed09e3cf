import type { LimitId } from '../domain/limit';
import type { Source, SourceFacts } from '../domain/source';

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

/** What is the same for all of them, whatever the way of progress. */
export function graphFacts(
  spec: GraphSourceSpec,
  api: 'graph' | 'defender',
): Omit<SourceFacts, 'progress'> & Pick<Source, 'prepare'> {
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
    // There is nothing to switch on: the first request tells whether the feed is there.
    prepare: async (run, memory) => Promise.resolve({ ...memory, readyAt: run.now().toISOString() }),
  };
}
