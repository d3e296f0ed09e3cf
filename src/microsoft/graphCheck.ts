import type { LimitId } from '../domain/limit';
import type { Permission, Source } from '../domain/source';
import { ask } from './graphAsk';

/** What a list of Graph or Defender is asked for. */
interface CheckedList {
  readonly version?: 'v1.0' | 'beta';
  readonly path: string;
  readonly select?: readonly string[];
  readonly filter?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pageSizes: readonly number[];
  readonly limits: readonly LimitId[];
  readonly units?: number;
  readonly permissions: readonly Permission[];
}

/** The smallest request that tells whether a list can be read: one object of it; of a delta, one object of the list behind it. */
export function checkOf(list: CheckedList, api: 'graph' | 'defender'): NonNullable<Source['check']> {
  const { version = 'v1.0', select, filter, headers, pageSizes, limits, units, permissions } = list;
  const isDelta = list.path.endsWith('/delta');
  const path = isDelta ? list.path.slice(0, -'/delta'.length) : list.path;
  const options = [
    ...(select === undefined ? [] : [`$select=${select.join(',')}`]),
    ...(filter === undefined ? [] : [`$filter=${encodeURIComponent(filter)}`]),
    ...(isDelta || pageSizes.length > 0 ? ['$top=1'] : []),
  ];
  const query = options.length === 0 ? '' : `?${options.join('&')}`;
  return async (run) => {
    await ask(run, {
      doing: 'probing',
      path: `/${api === 'graph' ? version : 'api'}${path}${query}`,
      permission: { api, role: permissions.map(({ role }) => role).join(', ') },
      limits,
      ...(headers === undefined ? {} : { headers }),
      ...(units === undefined ? {} : { units }),
    });
  };
}
