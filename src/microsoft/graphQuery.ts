import { hashedId, recordTimeMs } from '../domain/event';
import type { SplitRecord } from '../domain/recordSplitter';
import { hashedObject, namedObject, removedState, stateOf } from '../domain/sentKey';
import type { RecordFlag, Run, SourceRecord } from '../domain/source';
import { hourOf } from '../domain/window';
import type { GraphSourceSpec, WindowSpec } from './graphSpec';
import type { ListRequest } from './graphPages';

/** A way to ask for the same: an endpoint that fails for one may answer another. */
export interface QueryShape {
  readonly top?: number;
  readonly expand?: string;
}

/** The ways to ask, the preferred one first: smaller and smaller pages, then the same without `$expand`. */
export function shapesOf({ pageSizes, expand }: Pick<GraphSourceSpec, 'pageSizes' | 'expand'>): readonly QueryShape[] {
  const sizes: readonly QueryShape[] = pageSizes.length === 0 ? [{}] : pageSizes.map((top) => ({ top }));
  return expand === undefined ? sizes : [...sizes.map((shape) => ({ ...shape, expand })), ...sizes.slice(-1)];
}

/** Where a list of Graph or Defender is. */
export function listUrl(
  run: Run,
  api: 'graph' | 'defender',
  { version = 'v1.0', path }: Pick<GraphSourceSpec, 'version' | 'path'>,
  options: Readonly<Record<string, string | number | undefined>>,
): string {
  const query = Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const base = `${run.tenant.cloud.hosts[api]}/${api === 'graph' ? version : 'api'}${path}`;
  return query.length === 0 ? base : `${base}?${query.join('&')}`;
}

/** What all requests of a source have in common. */
export function requestFacts(
  spec: GraphSourceSpec,
  api: 'graph' | 'defender',
): Pick<ListRequest, 'api' | 'limits' | 'permission'> & Partial<Pick<ListRequest, 'headers' | 'units'>> {
  const { headers, limits, units, permissions } = spec;
  return {
    api,
    limits,
    permission: permissions.map(({ role }) => role).join(' or '),
    ...(headers === undefined ? {} : { headers }),
    ...(units === undefined ? {} : { units }),
  };
}

/** The records of windows: known by id, in the state that the version (or else their bytes) says, in the hour they are filtered by. */
export function windowRecords(spec: WindowSpec): Pick<ListRequest, 'wanted' | 'toRecord'> {
  const { idField = 'id', time = spec.filterBy, operation = '', versionField = '', filterBy } = spec;
  return {
    wanted: [idField, time, operation, versionField, filterBy],
    toRecord: (split) => {
      const [id, at, what, version, filtered] = split.fields;
      const atMs = filtered === undefined ? undefined : recordTimeMs(filtered);
      const state = stateOf(version === undefined || version === '' ? split.json : version);
      const object = hashedObject(id === undefined || id === '' ? hashedId(split.json) : id);
      return {
        ...plainRecord(spec, split, { id: joined(id, version), time: at, operation: what }),
        sent: { object, state, ...(atMs === undefined ? {} : { atMs, hour: hourOf(new Date(atMs)) }) },
      };
    },
  };
}

/** The records of what is read as a whole: known by id, in the state that their bytes say. Parts of an object are known by both ids. */
export function wholeRecords(spec: GraphSourceSpec, owner?: string): Pick<ListRequest, 'wanted' | 'toRecord'> {
  const { idField = 'id', time = '', operation = '' } = spec;
  return {
    wanted: [idField, time, operation],
    toRecord: (split) => {
      const [ownId, at, what] = split.fields;
      const id = owner === undefined || ownId === undefined ? ownId : `${owner}/${ownId}`;
      const isRemoved = isRemoval(split);
      const object = namedObject(id === undefined || id === '' ? hashedId(split.json) : id);
      return {
        ...plainRecord(spec, split, { id, time: at, operation: isRemoved ? 'Removed' : what }),
        sent: { object, state: isRemoved ? removedState : stateOf(split.json) },
      };
    },
  };
}

const removedMember = Buffer.from('"@removed"');

/** Whether a delta says that an object is gone. The words may stand in the text of an object, too. */
function isRemoval({ json, problem }: SplitRecord): boolean {
  return (
    problem === undefined && json.includes(removedMember) && Object.hasOwn(JSON.parse(json.toString()) as object, '@removed')
  );
}

function joined(id: string | undefined, version: string | undefined): string | undefined {
  return id === undefined || id === '' || version === undefined || version === '' ? id : `${id}/${version}`;
}

function plainRecord(
  { category }: GraphSourceSpec,
  { json, problem }: SplitRecord,
  { id, time, operation }: Readonly<Record<'id' | 'time' | 'operation', string | undefined>>,
): SourceRecord {
  if (problem !== undefined) return { json, flags: [problem] };
  const flags: RecordFlag[] = id === undefined || id === '' ? ['withoutId'] : [];
  return {
    json,
    ...(id === undefined || id === '' ? {} : { id }),
    ...(time === undefined ? {} : { time }),
    operation: operation ?? category.slice(category.lastIndexOf('.') + 1),
    ...(flags.length === 0 ? {} : { flags }),
  };
}
