import type { Listing, TenantRequest } from '../../src/domain/source';
import type { Window } from '../../src/domain/window';
import { feed, refusal, root, runWith } from './activityRun';
import type { Reply } from './fakes';
import { contoso, failure, provider } from './fakes';

const window: Window = { from: new Date('2026-11-22T08:00:00.900Z'), to: new Date('2026-11-22T10:00:00Z') };

describe('activityFeed.list', () => {
  const item = (id: string, more: object = {}) => ({
    contentType: 'Audit.Exchange',
    contentId: id,
    contentUri: `${root}/audit/${encodeURIComponent(id)}`,
    contentCreated: '2026-11-22T09:02:11.000Z',
    contentExpiration: '2026-11-29T09:02:11.000Z',
    ...more,
  });
  const first = `${root}/subscriptions/content?contentType=Audit.Exchange&startTime=2026-11-22T08%3A00%3A00&endTime=2026-11-22T10%3A00%3A00&PublisherIdentifier=${provider}`;
  const page = (number: number) =>
    `https://manage.example/api/v1/${contoso.id}/activity/feed/subscriptions/content?nextPage=${number}`;

  const listAll = async (replies: readonly Reply[] | ((request: TenantRequest, index: number) => Reply), windows = [window]) => {
    const run = runWith(typeof replies === 'function' ? replies : (_, index) => replies[index] ?? { status: 500 });
    const listings: Listing[] = [];
    const outcome = (async () => {
      for await (const listing of feed.list(run, windows, {})) listings.push(listing);
    })();
    const failed = await outcome.then(
      () => undefined,
      (reason: unknown) => failure(Promise.reject(reason as Error)),
    );
    return { listings, refusal: failed, asked: run.requests.map(({ url }) => url) };
  };
  it('asks for each window in whole seconds, and completes it with its only page', async () => {
    const second = { from: window.to, to: new Date('2026-11-22T10:30:00Z') };
    const { listings, asked } = await listAll([{ body: [item('a')] }, { body: [] }], [window, second]);

    expect(asked).toEqual([first, first.replace('T08', 'T10').replace(/T10%3A00%3A00(?=&Pub)/, 'T10%3A30%3A00')]);
    expect(listings).toEqual([
      {
        units: [
          { id: 'a', at: new Date('2026-11-22T09:02:11Z'), expires: new Date('2026-11-29T09:02:11Z'), ref: `${root}/audit/a` },
        ],
        completes: window,
      },
      { units: [], completes: second },
    ]);
  });

  it.each(['nextpageuri', 'nextpageurl'])(
    'follows %s, also after an empty page, and completes the window with the last page only',
    async (header) => {
      const { listings, asked } = await listAll([
        { body: [], headers: { [header]: page(2) } },
        { body: [item('b')], headers: { [header]: `${page(3)}&publisheridentifier=already` } },
        { body: [item('c')] },
      ]);

      expect(asked).toEqual([first, `${page(2)}&PublisherIdentifier=${provider}`, `${page(3)}&publisheridentifier=already`]);
      expect(listings.map(({ units: some, completes }) => [some.map(({ id }) => id).join(), completes])).toEqual([
        ['', undefined],
        ['b', undefined],
        ['c', window],
      ]);
    },
  );

  it.each([
    ['another host', page(2).replace('manage.example', 'evil.example'), 'origin'],
    ['another tenant', page(2).replace(contoso.id, provider), 'tenant'],
    ['ten kilobytes', `${page(2)}${'a'.repeat(10_000)}`, 'tooLong'],
    ['two addresses', `${page(2)}, ${page(3)}`, 'characters'],
  ])(
    'does not follow a next page of %s; what came before it counts, the window is not complete',
    async (_, nextpageuri, code) => {
      const { listings, refusal, asked } = await listAll([{ body: [item('a')], headers: { nextpageuri } }]);

      expect(refusal).toMatchObject({ kind: 'refusedUrl', code });
      expect(listings).toMatchObject([{ units: [{ id: 'a' }] }]);
      expect(listings[0]?.completes).toBeUndefined();
      expect(asked).toHaveLength(1);
    },
  );

  it('stops when the pages go in a circle', async () => {
    const { refusal, asked, listings } = await listAll((_, index) => ({ body: [], headers: { nextpageuri: page(index % 2) } }));

    expect(refusal).toMatchObject({ kind: 'unexpectedResponse', code: 'repeatedPage' });
    expect(asked).toHaveLength(3);
    expect(listings.every(({ completes }) => completes === undefined)).toBe(true);
  });

  it('stops when the pages never end', async () => {
    const { refusal, asked } = await listAll((_, index) => ({ body: [], headers: { nextpageuri: page(index) } }));

    expect(refusal).toMatchObject({ kind: 'unexpectedResponse', code: 'tooManyPages' });
    expect(asked).toHaveLength(10_000);
  });

  it('starts the window again when a page is no longer known, twice at most', async () => {
    const next = { headers: { nextpageuri: page(2) } };
    const healed = await listAll([
      { body: [item('a')], ...next },
      refusal('AF20031'),
      { body: [item('a')], ...next },
      { body: [item('b')] },
    ]);
    const lasting = await listAll((_, index) => (index % 2 === 0 ? { body: [], ...next } : refusal('AF20031')));

    expect(healed.refusal).toBeUndefined();
    expect(healed.asked.filter((url) => url === first)).toHaveLength(2);
    expect(healed.listings.at(-1)).toMatchObject({ units: [{ id: 'b' }], completes: window });
    expect(lasting.refusal).toEqual({ kind: 'pageRefused', code: 'AF20031' });
    expect(lasting.asked.filter((url) => url === first)).toHaveLength(3);
  });

  it.each<[string, Reply, object]>([
    ['AF20030', refusal('AF20030'), { kind: 'windowRefused', code: 'AF20030' }],
    ['AF20055', refusal('AF20055'), { kind: 'windowRefused', code: 'AF20055' }],
    ['AF20022', refusal('AF20022'), { kind: 'subscriptionMissing' }],
    ['AF20023', refusal('AF20023'), { kind: 'subscriptionDisabled' }],
    ['AF50000', refusal('AF50000', 500), { kind: 'unavailable', code: 'AF50000' }],
    ['HTML', { status: 502, body: '<html>' }, { kind: 'unavailable', code: 'HTTP 502' }],
    ['401 twice', { status: 401 }, { kind: 'unauthorized', api: 'management' }],
    ['an empty 200', { body: '' }, { kind: 'unavailable', code: 'HTTP 200' }],
    ['HTML with 200', { body: '<html>' }, { kind: 'unavailable', code: 'HTTP 200' }],
    ['null', { body: null }, { kind: 'unexpectedResponse', code: 'notAnArray' }],
    ['an object', { body: {} }, { kind: 'unexpectedResponse', code: 'notAnArray' }],
    ['an error with 200', { ...refusal('AF429'), status: 200 }, { kind: 'throttled', code: 'AF429' }],
    ['204', { status: 204 }, { kind: 'unavailable', code: 'HTTP 204' }],
    ['half a list', { body: '[{"contentId":"a"' }, { kind: 'unexpectedResponse' }],
  ])('fails on %s without completing the window', async (_, reply, expected) => {
    const { listings, refusal } = await listAll([reply]);

    expect(refusal).toMatchObject(expected);
    expect(listings).toEqual([]);
  });
});
