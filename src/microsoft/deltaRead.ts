import { ConnectorError } from '../domain/failure';
import type { Page, ReadAgain, Run, Unit } from '../domain/source';
import { ChainForgotten, readList } from './graphPages';
import { listUrl, requestFacts, wholeRecords } from './graphQuery';
import type { DeltaSpec } from './graphSpec';

const doing = 'reading changes';

/**
 * Reads a step of a delta chain, or the whole from its beginning when the unit names no link. A chain that Microsoft has forgotten is read from where the
 * answer says, else from the beginning, to its end: then these were all objects. A query that failed is asked for in smaller pages.
 */
export async function* readDelta(spec: DeltaSpec, run: Run, unit: Unit, again: ReadAgain): AsyncGenerator<Page> {
  const start = startUrl(spec, run);
  const url = again.resumeAt ?? (unit.ref === '' ? start : unit.ref);
  try {
    yield* readRound(spec, run, url, again.attempts, unit.ref === '');
  } catch (error) {
    if (!(error instanceof ChainForgotten) || url === start) throw error;
    yield { records: [], notes: ['deltaResync'] };
    yield* readRound(spec, run, error.location ?? start, again.attempts, true);
  }
}

function startUrl(spec: DeltaSpec, run: Run): string {
  return listUrl(run, 'graph', spec, { $select: spec.select?.join(','), $filter: spec.filter });
}

async function* readRound(spec: DeltaSpec, run: Run, url: string, attempts: number, isAll: boolean): AsyncGenerator<Page> {
  const size = spec.pageSizes[Math.min(attempts, spec.pageSizes.length - 1)];
  const asked = Object.entries(spec.headers ?? {});
  const wishes = asked.filter(([name]) => name.toLowerCase() === 'prefer').map(([, value]) => value);
  const prefer = size === undefined ? wishes : [...wishes, `odata.maxpagesize=${size}`];
  const others = Object.fromEntries(asked.filter(([name]) => name.toLowerCase() !== 'prefer'));
  const headers = { ...others, ...(prefer.length === 0 ? {} : { prefer: prefer.join(', ') }) };
  let next: string | undefined;
  let missing: string | undefined;
  for await (const { records, end } of readList(run, {
    ...requestFacts(spec, 'graph'),
    ...wholeRecords(spec),
    headers,
    doing,
    url,
  })) {
    next = end?.deltaLink ?? next;
    missing ??= end?.warning;
    yield { records, ...(end?.nextLink === undefined ? {} : { resumeAt: end.nextLink }) };
  }
  // Going on without a link would mean to begin again with every step; going on after an incomplete page would lose what was missing.
  if (missing !== undefined || next === undefined)
    throw new ConnectorError(doing, {
      kind: 'unexpectedResponse',
      code: missing === undefined ? 'deltaLinkMissing' : 'partialResult',
      detail: missing ?? 'The changes ended without a link to go on from.',
    });
  yield { records: [], next, ...(isAll ? { isWhole: true } : {}) };
}
