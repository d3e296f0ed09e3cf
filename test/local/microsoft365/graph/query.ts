import type { Endpoint, QueryOption } from './endpoint';
import { leaves, parseFilter, type Expression } from './filter';
import { badRequest } from './graphError';

const known: readonly string[] = ['$filter', '$top', '$skip', '$count', '$select', '$orderby', '$expand', '$search', '$format'];
const links: readonly string[] = ['$skiptoken', '$deltatoken'];

/** The options of a request after they were checked. */
export interface Query {
  filter: Expression | undefined;
  /** Objects on a page. */
  size: number;
  skip: number;
  count: boolean;
  select: string[] | undefined;
  order: { field: string; descending: boolean } | undefined;
  expand: string | undefined;
  /** The kind of sign-ins that the filter names. */
  signInEventType: string | undefined;
}

/** What a broken rule is told to. */
export type Tell = (rule: 'unsupportedQuery' | 'topOverCeiling', detail: string) => void;

/** Checks the options of a request against what its endpoint knows; throws the refusal the service answers. */
export function readQuery(endpoint: Endpoint, options: URLSearchParams, beta: boolean, tell: Tell): Query {
  try {
    checkNames(endpoint, options);
    const text = options.get('$filter');
    const filter = text === null ? undefined : parseFilter(text);
    if (filter) checkFilter(endpoint, filter, beta);
    return {
      filter,
      size: pageSize(endpoint, options, tell),
      skip: whole(options, '$skip') ?? 0,
      count: options.get('$count')?.toLowerCase() === 'true',
      select: options
        .get('$select')
        ?.split(',')
        .map((name) => name.trim()),
      order: readOrder(endpoint, options.get('$orderby')),
      expand: readExpand(endpoint, options.get('$expand')),
      signInEventType: filter && eventType(filter),
    };
  } catch (error) {
    if (error instanceof Error) tell('unsupportedQuery', `${options.toString()}: ${error.message}`);
    throw error;
  }
}

function checkNames(endpoint: Endpoint, options: URLSearchParams): void {
  for (const name of options.keys()) {
    if (!name.startsWith('$') || links.includes(name)) continue;
    if (options.getAll(name).length > 1)
      throw badRequest(`Query option '${name}' was specified more than once, but it must be specified at most once.`);
    if (!known.includes(name)) throw badRequest(`The query parameter '${name}' is not supported.`);
    if (name === '$format') continue;
    if (!endpoint.options.includes(name as QueryOption)) {
      throw badRequest(`The query specified in the URI is not valid. Query option '${name.slice(1)}' is not allowed.`);
    }
  }
}

function checkFilter(endpoint: Endpoint, filter: Expression, beta: boolean): void {
  for (const leaf of leaves(filter)) {
    const kind = endpoint.onRequest?.includes(leaf.field) === true && !beta ? undefined : endpoint.filters[leaf.field];
    if (kind === undefined) {
      // The real service says the first to a property it does not have, the second to one that cannot be filtered; both are 400.
      throw badRequest(`Could not find a property named '${leaf.field}' on type '${endpoint.type}'.`);
    }
    if ((kind === 'any') !== (leaf.kind === 'any')) throw unsupportedClause(endpoint, leaf.field);
    if (kind === 'word' && leaf.kind === 'compare' && !['eq', 'ne'].includes(leaf.operator))
      throw unsupportedClause(endpoint, leaf.field);
    if (kind === 'text' && leaf.kind === 'compare' && !['eq', 'ne'].includes(leaf.operator))
      throw unsupportedClause(endpoint, leaf.field);
    if (kind === 'time' && leaf.kind === 'compare' && leaf.literal.kind !== 'time') {
      throw badRequest(
        "A binary operator with incompatible types was detected. Found operand types 'Edm.DateTimeOffset' and 'Edm.String' for operator kind 'GreaterThanOrEqual'.",
      );
    }
  }
}

function unsupportedClause(endpoint: Endpoint, field: string): Error {
  const type = endpoint.type.split('.').at(-1) ?? endpoint.type;
  return badRequest(
    `Unsupported or invalid query filter clause specified for property '${field}' of resource '${type}'.`,
    'Request_UnsupportedQuery',
  );
}

function pageSize({ page }: Endpoint, options: URLSearchParams, tell: Tell): number {
  const top = whole(options, '$top');
  if (top === undefined) return page.size;
  if (top <= page.most) {
    if (top === 0 && page.above === 'refused')
      throw badRequest((page.words ?? '').replace('{top}', '0').replace('{most}', String(page.most)));
    return Math.max(1, top);
  }
  tell('topOverCeiling', `$top=${top}, at most ${page.most}`);
  if (page.above === 'clamped') return page.most;
  throw badRequest(
    (page.words ?? 'The page size is too large.').replace('{top}', String(top)).replace('{most}', String(page.most)),
  );
}

function whole(options: URLSearchParams, name: QueryOption): number | undefined {
  const text = options.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`Invalid value '${text}' for $${name.slice(1)} query option found.`);
  return Number(text);
}

function readOrder(endpoint: Endpoint, text: string | null): Query['order'] {
  if (text === null) return endpoint.order;
  const [field = '', direction = 'asc'] = text.trim().split(/\s+/);
  if (!endpoint.orderBy.includes(field) || !['asc', 'desc'].includes(direction.toLowerCase())) {
    throw badRequest(`Sorting by '${text}' is not supported for this resource.`, 'Request_UnsupportedQuery');
  }
  return { field, descending: direction.toLowerCase() === 'desc' };
}

const expansions: Readonly<Record<string, string>> = {
  incidents: 'alerts',
  healthOverviews: 'issues',
  defenderAlerts: 'evidence',
};

function readExpand(endpoint: Endpoint, text: string | null): string | undefined {
  if (text === null) return undefined;
  if (expansions[endpoint.operation] !== text)
    throw badRequest(`Could not find a property named '${text}' on type '${endpoint.type}'.`);
  return text;
}

function eventType(filter: Expression): string | undefined {
  for (const leaf of leaves(filter)) if (leaf.kind === 'any' && leaf.field === 'signInEventTypes') return leaf.literal.value;
  return undefined;
}
