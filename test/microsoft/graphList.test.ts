import { failureOf } from '../../src/domain/failure';
import { sha256Of } from '../../src/domain/evidence';
import type { GraphQuery } from '../../src/domain/evidence';
import type { Run, TenantRequest } from '../../src/domain/source';
import { readGraphList } from '../../src/microsoft/graphList';
import { answerWith, contoso, madeUpCloud, noAbort, provider } from './fakes';
import type { Reply } from './fakes';

const query: GraphQuery = {
  path: '/security/alerts_v2',
  query: { $filter: "status ne 'resolved'", $top: '2' },
  headers: { prefer: 'include-unknown-enum-members' },
  limits: ['security'],
  permission: 'SecurityAlert.Read.All',
  most: 10,
};
const next = 'https://graph.example/v1.0/security/alerts_v2?$skiptoken=1';

function asking(...replies: readonly Reply[]): { readonly run: Run; readonly requests: TenantRequest[] } {
  const requests: TenantRequest[] = [];
  const send: Run['send'] = async (request) => {
    requests.push(request);
    return Promise.resolve(answerWith(replies[requests.length - 1] ?? { status: 500 }));
  };
  return {
    requests,
    run: {
      tenant: { id: contoso.id, cloud: madeUpCloud },
      publisherId: provider,
      now: () => new Date(0),
      signal: noAbort(),
      send,
    },
  };
}

const kindOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => failureOf(error)?.kind,
  );

describe('readGraphList', () => {
  it('asks for the path with its query, and hashes each object as it came', async () => {
    const { run, requests } = asking({ body: '{"value":[ {"id" : "ü", "n":1.0},{"id":"2"}]}' });

    const { objects, complete } = await readGraphList(run, query);

    expect(requests.map(({ url }) => url)).toEqual([
      "https://graph.example/v1.0/security/alerts_v2?$filter=status%20ne%20'resolved'&$top=2",
    ]);
    expect(requests[0]).toMatchObject({ api: 'graph', headers: query.headers, limits: ['security'] });
    expect(objects).toEqual([
      { value: { id: 'ü', n: 1 }, sha256: sha256Of('{"id" : "ü", "n":1.0}') },
      { value: { id: '2' }, sha256: sha256Of('{"id":"2"}') },
    ]);
    expect(complete).toBe(true);
  });

  it('follows the pages to the end', async () => {
    const { run } = asking({ body: { value: [{ id: '1' }], '@odata.nextLink': next } }, { body: { value: [{ id: '2' }] } });

    const { objects, complete } = await readGraphList(run, query);

    expect([objects.map(({ value }) => value), complete]).toEqual([[{ id: '1' }, { id: '2' }], true]);
  });

  it.each<[string, Reply, number, boolean]>([
    ['just as many', { body: { value: [1, 2, 3] } }, 3, true],
    ['more on the page', { body: { value: [1, 2, 3, 4] } }, 3, false],
    ['more on another page', { body: { value: [1, 2, 3], '@odata.nextLink': next } }, 3, false],
  ])('stops at so many objects, and says whether there is more: %s', async (_, reply, count, isComplete) => {
    const { run, requests } = asking(reply);

    const { objects, complete } = await readGraphList(run, { ...query, most: 3 });

    expect([objects.length, complete, requests.length]).toEqual([count, isComplete, 1]);
  });

  it('is not complete when Microsoft says that a part is missing', async () => {
    const { run } = asking({ status: 206, headers: { warning: '199 - "provider"' }, body: { value: [{ id: '1' }] } });

    expect(await readGraphList(run, query)).toMatchObject({ complete: false });
  });

  it.each<[string, Reply[], string]>([
    [
      'a page that leads back to itself',
      [{ body: { value: [], '@odata.nextLink': next } }, { body: { value: [], '@odata.nextLink': next } }],
      'unexpectedResponse',
    ],
    ['a page on another host', [{ body: { value: [], '@odata.nextLink': 'https://evil.example/v1.0/x' } }], 'unexpectedResponse'],
    ['no list', [{ body: { values: [] } }], 'unexpectedResponse'],
    ['an HTML page', [{ body: '<html></html>' }], 'unavailable'],
    [
      'a missing licence',
      [{ status: 403, body: { error: { code: 'Forbidden', message: 'Your tenant is not licensed for this feature.' } } }],
      'notLicensed',
    ],
    [
      'a missing permission',
      [{ status: 403, body: { error: { code: 'AccessDenied', message: 'required scopes are missing' } } }],
      'permissionMissing',
    ],
  ])('is a failure and never an empty list: %s', async (_, replies, kind) => {
    expect(await kindOf(readGraphList(asking(...replies).run, query))).toBe(kind);
  });
});
