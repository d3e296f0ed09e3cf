import type { LicenceWords, PermissionWords } from './graphError';
import type { LimitName } from './limits';
import type { Feed, ObjectOperation } from './operations';
import type { Feature } from './skus';

/** What may be asked of a field: times by range, texts by eq/in/startswith, the rest by eq; `any` is a lambda over a list. */
type FilterKind = 'time' | 'text' | 'word' | 'any';

/** The query options of OData that some endpoint knows. */
export type QueryOption = '$filter' | '$top' | '$skip' | '$count' | '$select' | '$orderby' | '$expand';

/** How an endpoint cuts its answer into pages. */
interface PageFacts {
  /** Objects on a page when nothing is asked for. */
  size: number;
  /** The most that `$top` may ask for. */
  most: number;
  /** What happens above: an error, or as many as there may be. */
  above: 'refused' | 'clamped';
  /** What the error says; `{top}` and `{most}` are filled in. */
  words?: string;
  /** In a nextLink: an opaque token, or a plain number of objects to skip. */
  link: '$skiptoken' | '$skip';
}

/** Everything that is particular to one endpoint. */
export interface Endpoint {
  operation: ObjectOperation;
  feed: Feed;
  api: 'graph' | 'defender';
  /** Below `/v1.0/` or `/beta/` (Graph), `/api/` (Defender); `{id}` is the owner of what is listed. */
  route: string;
  /** Whether one object can be read by its id. */
  single: boolean;
  /** `list`, or a delta over the feed. */
  kind: 'list' | 'delta';
  /** What `@odata.context` names. */
  context: string;
  /** Type name in error texts. */
  type: string;
  /** Any one of them suffices. */
  permissions: readonly string[];
  permissionWords: PermissionWords;
  needs?: { feature: Feature; words: LicenceWords };
  /** Clouds whose Graph has no such path. */
  notIn?: readonly 'china'[];
  page: PageFacts;
  options: readonly QueryOption[];
  filters: Readonly<Record<string, FilterKind>>;
  orderBy: readonly string[];
  /** Order when none is asked for; by id when there is none. */
  order?: { field: string; descending: boolean };
  limits: readonly LimitName[];
  /** Resource units of a request to a directory endpoint. */
  cost?: number;
  /** What an object has when nothing is selected; everything when absent. */
  usual?: readonly string[];
  /** Shown only by the beta endpoint, or with `$expand`. */
  onRequest?: readonly string[];
  /** How far back the service keeps its objects, by licence, and the field that tells their age. */
  kept?: { field: string; freeDays: number; premiumDays: number };
}

/** What an endpoint's row leaves out is as here. */
export type EndpointRow = Pick<Endpoint, 'operation' | 'route' | 'permissions'> & Partial<Endpoint>;

/** Rows of one family, completed from what its members share. */
export function family(
  shared: Omit<Partial<Endpoint>, 'operation' | 'feed' | 'route'>,
  rows: readonly EndpointRow[],
): Endpoint[] {
  return rows.map((row) => ({
    feed: row.operation as Feed,
    api: 'graph',
    single: true,
    kind: 'list',
    context: row.route,
    type: `microsoft.graph.${row.operation}`,
    permissionWords: 'directory',
    page: { size: 100, most: 999, above: 'refused', link: '$skiptoken' },
    options: [],
    filters: {},
    orderBy: [],
    limits: [],
    ...shared,
    ...row,
  }));
}
