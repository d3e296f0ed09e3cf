import { ConnectorError, failureOf } from '../domain/failure';
import type { Page, ReadAgain, Run, SourceRecord, Unit } from '../domain/source';
import { readList } from './graphPages';
import type { ListPart } from './graphPages';
import { listUrl, requestFacts, shapesOf, wholeRecords } from './graphQuery';
import type { QueryShape } from './graphQuery';
import type { SnapshotSpec } from './graphSpec';

const doing = 'reading a list';
const ownersAtOnce = 8;

/**
 * Reads a list from its beginning, or from the page where it was left; its last page says that these were all objects. A list that failed is asked for in
 * smaller pages, and without `$expand`, each time it fails again. An incomplete answer (206) fails once everything that came is handed out.
 */
export async function* readWhole(
  spec: SnapshotSpec,
  api: 'graph' | 'defender',
  run: Run,
  unit: Unit,
  again: ReadAgain,
): AsyncGenerator<Page> {
  const { each, path, version, idField = 'id' } = spec;
  const shapes = shapesOf(spec);
  const shape: QueryShape = shapes[Math.min(again.attempts, shapes.length - 1)] ?? {};
  const select = each === undefined ? spec.select?.join(',') : idField;
  const options = { $filter: spec.filter, $top: shape.top, $select: select, $expand: shape.expand };
  const url = again.resumeAt ?? listUrl(run, api, { ...(version === undefined ? {} : { version }), path }, options);
  const list = { ...requestFacts(spec, api), ...wholeRecords(spec), doing, url };
  let missing: string | undefined;
  for await (const part of readList(run, list)) {
    if (each === undefined) yield pageOf(part, part.records);
    else {
      for (let at = 0; at < part.records.length; at += ownersAtOnce) {
        const owners = part.records.slice(at, at + ownersAtOnce);
        const parts = await Promise.all(owners.map(async ({ id }) => (id === undefined ? [] : partsOf(spec, api, run, id))));
        for (const records of parts) yield { records };
      }
      yield pageOf(part, []);
    }
    missing ??= part.end?.warning;
  }
  if (missing === undefined) yield { records: [], isWhole: true, ...(shape === shapes[0] ? {} : degraded) };
  else {
    const failure = { kind: 'unexpectedResponse', code: 'partialResult', detail: missing } as const;
    if (again.attempts < 5) throw new ConnectorError(doing, failure);
    yield { records: [], lost: { from: unit.at, to: new Date(unit.at.getTime() + 1_000), cause: failure } };
  }
}

const degraded: Pick<Page, 'notes'> = { notes: ['queryDegraded'] };

function pageOf({ end }: ListPart, records: readonly SourceRecord[]): Page {
  return {
    records,
    ...(end?.nextLink === undefined ? {} : { resumeAt: end.nextLink }),
    ...(end?.warning === undefined ? {} : { notes: ['partialResult'] as const }),
  };
}

/** The parts of one object; none when the object has gone since it was listed. */
async function partsOf(spec: SnapshotSpec, api: 'graph' | 'defender', run: Run, owner: string): Promise<readonly SourceRecord[]> {
  const { each, version } = spec;
  if (each === undefined) return [];
  const path = each.path.replace('{id}', encodeURIComponent(owner));
  const options = { $top: each.pageSizes[0], $select: each.select?.join(',') };
  const url = listUrl(run, api, { ...(version === undefined ? {} : { version }), path }, options);
  const facts = requestFacts(each.units === undefined ? spec : { ...spec, units: each.units }, api);
  const records: SourceRecord[] = [];
  try {
    for await (const part of readList(run, { ...facts, ...wholeRecords(spec, owner), doing, url })) records.push(...part.records);
    return records;
  } catch (error) {
    if (failureOf(error)?.kind !== 'contentMissing') throw error;
    return [];
  }
}
