import { createHash } from 'node:crypto';
import type { GraphList, GraphObject, GraphQuery } from '../domain/evidence';
import type { Run } from '../domain/source';
import { readList } from './graphPages';
import { parseJson } from './parseJson';

/**
 * Reads a list of Microsoft Graph to its end or up to so many objects, each with the SHA-256 of its bytes as they came. Throws a ConnectorError when
 * Microsoft refuses, or when what it sends is no list: a list that could not be read is never an empty one. What Microsoft marks as partial is not complete.
 */
export async function readGraphList(
  run: Run,
  { path, query, headers, limits, permission, most }: GraphQuery,
): Promise<GraphList> {
  // By hand: URLSearchParams writes a blank as a plus, which not every endpoint reads.
  const words = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const url = `${run.tenant.cloud.hosts.graph}/v1.0${path}${words.length === 0 ? '' : `?${words.join('&')}`}`;
  const objects: GraphObject[] = [];
  let complete = true;
  const parts = readList(run, {
    ...{ api: 'graph', doing: `reading ${path}`, url, limits, permission, wanted: [] },
    ...(headers === undefined ? {} : { headers }),
    toRecord: ({ json }) => ({ json }),
  });
  for await (const { records, end } of parts) {
    for (const { json } of records)
      objects.push({ value: parseJson(json.toString()), sha256: createHash('sha256').update(json).digest('hex') });
    if (end?.warning !== undefined) complete = false;
    if (objects.length >= most && (end === undefined || end.nextLink !== undefined || objects.length > most))
      return { objects: objects.slice(0, most), complete: false };
  }
  return { objects, complete };
}
