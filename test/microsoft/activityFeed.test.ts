import type { Listing, Run, SourceMemory, SourceRecord, TenantRequest, Unit } from '../../src/domain/source';
import type { Window } from '../../src/domain/window';
import { activityFeed } from '../../src/microsoft/activityFeed';
import type { Reply } from './fakes';
import { answerWith, contoso, failure, madeUpCloud, noAbort, provider } from './fakes';

const feed = activityFeed({
  id: 'activity.exchange',
  title: 'Exchange',
  contentType: 'Audit.Exchange',
  category: 'Office365.Audit.Exchange',
  docs: 'https://learn.microsoft.com/x',
  why: 'x',
});
const root = `https://manage.example/api/v1.0/${contoso.id}/activity/feed`;
const now = new Date('2026-11-22T10:00:00Z');
const window: Window = { from: new Date('2026-11-22T08:00:00.900Z'), to: new Date('2026-11-22T10:00:00Z') };
const error = (code: string, status = 400): Reply => ({ status, body: { error: { code, message: 'x' } } });

function runWith(reply: (request: TenantRequest, index: number) => Reply): Run & { readonly requests: TenantRequest[] } {
  const requests: TenantRequest[] = [];
  return {
    requests,
    tenant: { id: contoso.id, cloud: madeUpCloud },
    publisherId: provider,
    now: () => now,
    signal: noAbort(),
    send: (request) => {
      requests.push(request);
      return Promise.resolve(answerWith(reply(request, requests.length - 1)));
    },
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('activityFeed.prepare', () => {
  const subscription = (status: string | undefined, contentType = 'Audit.Exchange') => ({ contentType, status, webhook: null });

  async function prepare(replies: readonly Reply[], memory: SourceMemory = {}) {
    const run = runWith((_, index) => replies[index] ?? { status: 500 });
    const remembered: SourceMemory[] = [];
    const outcome = feed.prepare(run, memory, (what) => {
      remembered.push(what);
      return Promise.resolve();
    });
    const result = await outcome.catch((reason: unknown) => failure(Promise.reject(reason as Error)));
    return {
      result,
      remembered,
      asked: run.requests.map(({ method, url, body }) => `${method} ${url}${body === undefined ? '' : ` ${body}`}`),
    };
  }

  const list = `GET ${root}/subscriptions/list?PublisherIdentifier=${provider}`;
  const start = `POST ${root}/subscriptions/start?contentType=Audit.Exchange&PublisherIdentifier=${provider} {}`;
  const readyAt = now.toISOString();

  it.each([['enabled'], ['Enabled'], [undefined], ['something new']])('is ready when the subscription is %s', async (status) => {
    const { result, asked } = await prepare([{ body: [subscription('disabled', 'Audit.General'), subscription(status)] }], {
      startedAt: 'x',
    });

    expect(result).toEqual({ startedAt: 'x', readyAt });
    expect(asked).toEqual([list]);
  });

  it('starts a subscription that is missing, and writes that down first', async () => {
    const { result, asked, remembered } = await prepare([{ body: [] }, { body: subscription('enabled') }]);

    expect(asked).toEqual([list, start]);
    expect(remembered).toEqual([{ startedAt: readyAt }]);
    expect(result).toEqual({ startedAt: readyAt, readyAt });
  });

  it('takes "already enabled" for success', async () => {
    expect((await prepare([{ body: [] }, error('AF20024')])).result).toEqual({ startedAt: readyAt, readyAt });
  });

  it('waits within 15 minutes of a start that does not show, and starts again after them', async () => {
    const at = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
    const replies = [{ body: [] }, { body: subscription('enabled') }];

    const early = await prepare(replies, { startedAt: at(14.9) });
    const late = await prepare(replies, { startedAt: at(15), readyAt: at(15) });
    const future = await prepare(replies, { startedAt: at(-60) });

    expect(early).toMatchObject({
      result: { kind: 'subscriptionMissing', code: 'startedRecently' },
      asked: [list],
      remembered: [],
    });
    expect(late.asked).toEqual([list, start]);
    expect(future.asked).toEqual([list, start]);
  });

  it('never switches on again what somebody switched off', async () => {
    for (const memory of [{ readyAt: '2026-11-20T00:00:00Z' }, { startedAt: '2026-11-20T00:00:00Z' }])
      expect(await prepare([{ body: [subscription('disabled')] }], memory)).toMatchObject({
        result: { kind: 'subscriptionDisabled', code: 'AF20023' },
        asked: [list],
      });
  });

  it('starts once what is off since before our time', async () => {
    const on = await prepare([{ body: [subscription('disabled')] }, { body: subscription('enabled') }]);
    const off = await prepare([{ body: [subscription('disabled')] }, { body: subscription('disabled') }]);

    expect(on).toMatchObject({ asked: [list, start], result: { readyAt } });
    expect(off).toMatchObject({ asked: [list, start], result: { kind: 'subscriptionDisabled' } });
  });

  it.each([
    ['audit log off', error('AF20011'), 'auditOff', true],
    ['switched off by an administrator', error('AF20023'), 'subscriptionDisabled', true],
    ['an error inside a 200', { ...error('AF50000'), status: 200 }, 'unavailable', false],
    ['a fault', { status: 503 }, 'unavailable', false],
  ] as const)(
    'a start refused for %s is told, and counts for the 15 minutes unless it is a plain no',
    async (_, reply: Reply, kind, plainNo) => {
      const { result, remembered } = await prepare([{ body: [] }, reply]);

      expect(result).toMatchObject({ kind });
      expect(remembered).toEqual(plainNo ? [{ startedAt: readyAt }, {}] : [{ startedAt: readyAt }]);
    },
  );

  it.each([
    ['an error', error('AF20010', 403), 'tenantMismatch'],
    ['null', { body: null }, 'unexpectedResponse'],
    ['an object', { body: {} }, 'unexpectedResponse'],
    ['HTML', { body: '<html>' }, 'unavailable'],
    ['an error inside a 200', { ...error('AF20011'), status: 200 }, 'auditOff'],
  ])('starts nothing when the list of subscriptions is %s', async (_, reply: Reply, kind) => {
    expect(await prepare([reply])).toMatchObject({ result: { kind }, asked: [list] });
  });
});

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
      for await (const listing of feed.list(run, windows)) listings.push(listing);
    })();
    const refusal = await outcome.then(
      () => undefined,
      (reason: unknown) => failure(Promise.reject(reason as Error)),
    );
    return { listings, refusal, asked: run.requests.map(({ url }) => url) };
  };
  const units = async (...items: unknown[]): Promise<readonly Unit[]> =>
    (await listAll([{ body: items }])).listings[0]?.units ?? [];

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
      error('AF20031'),
      { body: [item('a')], ...next },
      { body: [item('b')] },
    ]);
    const lasting = await listAll((_, index) => (index % 2 === 0 ? { body: [], ...next } : error('AF20031')));

    expect(healed.refusal).toBeUndefined();
    expect(healed.asked.filter((url) => url === first)).toHaveLength(2);
    expect(healed.listings.at(-1)).toMatchObject({ units: [{ id: 'b' }], completes: window });
    expect(lasting.refusal).toEqual({ kind: 'pageRefused', code: 'AF20031' });
    expect(lasting.asked.filter((url) => url === first)).toHaveLength(3);
  });

  it.each<[string, Reply, object]>([
    ['AF20030', error('AF20030'), { kind: 'windowRefused', code: 'AF20030' }],
    ['AF20055', error('AF20055'), { kind: 'windowRefused', code: 'AF20055' }],
    ['AF20022', error('AF20022'), { kind: 'subscriptionMissing' }],
    ['AF20023', error('AF20023'), { kind: 'subscriptionDisabled' }],
    ['AF50000', error('AF50000', 500), { kind: 'unavailable', code: 'AF50000' }],
    ['HTML', { status: 502, body: '<html>' }, { kind: 'unavailable', code: 'HTTP 502' }],
    ['401 twice', { status: 401 }, { kind: 'unauthorized', api: 'management' }],
    ['an empty 200', { body: '' }, { kind: 'unavailable', code: 'HTTP 200' }],
    ['HTML with 200', { body: '<html>' }, { kind: 'unavailable', code: 'HTTP 200' }],
    ['null', { body: null }, { kind: 'unexpectedResponse', code: 'notAnArray' }],
    ['an object', { body: {} }, { kind: 'unexpectedResponse', code: 'notAnArray' }],
    ['an error with 200', { ...error('AF429'), status: 200 }, { kind: 'throttled', code: 'AF429' }],
    ['204', { status: 204 }, { kind: 'unavailable', code: 'HTTP 204' }],
    ['half a list', { body: '[{"contentId":"a"' }, { kind: 'unexpectedResponse' }],
  ])('fails on %s without completing the window', async (_, reply, expected) => {
    const { listings, refusal } = await listAll([reply]);

    expect(refusal).toMatchObject(expected);
    expect(listings).toEqual([]);
  });

  describe('items', () => {
    it('without an id are kept, each by what it says, and never fetched', async () => {
      const odd = [
        item('x', { contentId: undefined }),
        item('x', { contentId: '' }),
        item('x', { contentId: 7 }),
        null,
        5,
        'text',
        [],
        {},
      ];
      const once = await units(...odd);
      const again = await units(...odd);

      expect(once).toHaveLength(odd.length);
      for (const unit of once) {
        expect(unit.id).toMatch(/^missing:[0-9a-f]{32}$/);
        expect(unit).toMatchObject({ ref: '', refused: { kind: 'unexpectedResponse', code: 'contentIdMissing' } });
      }
      expect(again).toEqual(once);
    });

    it('keep ids as they are, whatever they contain, unless they are too long or no text', async () => {
      const ids = ['a/b\\c#d?e%f$g', 'tab\there', 'ü€😀', "'; drop table"];
      const long = 'x'.repeat(100_000);

      expect((await units(...ids.map((id) => item('x', { contentId: id })))).map(({ id }) => id)).toEqual(ids);
      const [tooLong, broken, other] = await units(
        item('x', { contentId: long }),
        item('x', { contentId: 'a\ud800' }),
        item('x', { contentId: 'a\ud801' }),
      );
      expect(tooLong).toMatchObject({ id: expect.stringMatching(/^hash:[0-9a-f]{32}$/) as unknown, ref: `${root}/audit/x` });
      expect(broken?.id).toMatch(/^hash:/);
      expect(broken?.id).not.toBe(other?.id);
    });

    it('are listed once a page', async () => {
      expect(await units(item('a'), item('b'), item('a'))).toHaveLength(2);
    });

    it.each([
      ['another host', { contentUri: `https://evil.example/api/v1.0/${contoso.id}/activity/feed/audit/x` }, 'origin'],
      ['another tenant', { contentUri: `${root.replace(contoso.id, provider)}/audit/x` }, 'tenant'],
      ['http', { contentUri: `${root.replace('https', 'http')}/audit/x` }, 'scheme'],
    ])('with an address of %s are kept as refused; their neighbours are not touched', async (_, more, code) => {
      const [bad, good] = await units(item('bad', more), item('good'));

      expect(bad).toMatchObject({ id: 'bad', ref: '', refused: { kind: 'refusedUrl', code } });
      expect(good?.refused).toBeUndefined();
    });

    it.each([[undefined], [null], [7]])('with the address %s are kept as refused', async (contentUri) => {
      expect(await units(item('a', { contentUri }))).toMatchObject([
        { id: 'a', ref: '', refused: { code: 'contentUriMissing' } },
      ]);
    });

    it.each([
      ['2026-11-22T09:02:11', '2026-11-22T09:02:11.000Z'],
      ['2026-11-22T09:02:11Z', '2026-11-22T09:02:11.000Z'],
      ['2026-11-22T09:02:11.1234567Z', '2026-11-22T09:02:11.123Z'],
      ['2026-11-22T09:02:11.9999999', '2026-11-22T09:02:11.999Z'],
      ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z'],
    ])('created at %s are dated', async (contentCreated, at) => {
      const [unit] = await units(item('a', { contentCreated }));

      expect(unit?.at.toISOString()).toBe(at);
      expect(unit?.undated).toBeUndefined();
    });

    it.each([
      [undefined],
      [null],
      [1_700_000_000],
      [''],
      ['0001-01-01T00:00:00Z'],
      ['9999-12-31T23:59:59Z'],
      ['2026-11-23T10:00:01Z'],
      ['2026-02-30T00:00:00Z'],
      ['2026-13-01T00:00:00Z'],
      ['2026-11-22T25:00:00Z'],
      ['2026-11-22T24:00:00Z'],
      ['2026-11-22'],
      ['2026-11-22T09:02:11.12345678Z'],
      ['2026-11-22T09:02:11+02:00'],
      ['22.11.2026 09:02'],
      ['yesterday'],
    ])('created at %s are undated, still fetched, and kept until Microsoft says or for a week', async (contentCreated) => {
      expect(await units(item('a', { contentCreated }), item('b', { contentCreated, contentExpiration: undefined }))).toEqual([
        { id: 'a', at: new Date(0), undated: true, expires: new Date('2026-11-29T09:02:11Z'), ref: `${root}/audit/a` },
        { id: 'b', at: new Date(0), undated: true, expires: new Date('2026-11-29T10:00:00Z'), ref: `${root}/audit/b` },
      ]);
    });

    it.each([[undefined], ['nonsense'], ['2026-11-22T09:02:11Z'], ['2026-11-21T00:00:00Z'], ['9999-01-01T00:00:00Z']])(
      'that expire at %s expire a week after they were created',
      async (contentExpiration) => {
        expect((await units(item('a', { contentExpiration })))[0]?.expires).toEqual(new Date('2026-11-29T09:02:11Z'));
      },
    );

    it('expire when Microsoft says, be it after twenty days', async () => {
      const [unit] = await units(item('a', { contentExpiration: '2026-12-12T09:02:11Z' }));

      expect(unit?.expires).toEqual(new Date('2026-12-12T09:02:11Z'));
    });
  });
});

describe('activityFeed.read', () => {
  const unit: Unit = { id: 'a', at: now, expires: now, ref: `${root}/audit/a` };
  const read = async (reply: Reply, of: Unit = unit) => {
    const run = runWith(() => reply);
    const records: SourceRecord[] = [];
    const outcome = (async () => {
      for await (const batch of feed.read(run, of)) records.push(...batch);
    })();
    const refusal = await outcome.then(
      () => undefined,
      (reason: unknown) => failure(Promise.reject(reason as Error)),
    );
    return { records, refusal, asked: run.requests.map(({ url }) => url) };
  };

  it('reads the records byte for byte, with what they say of themselves', async () => {
    const record = `{"Id":"1","CreationTime":"2026-11-22T09:00:00","Operation":"Set-Mailbox","OrganizationId":"${contoso.id.toUpperCase()}","Big":12345678901234567890, "Id2":"\\u00fc"}`;

    const { records, asked } = await read({ body: `[ ${record} ,{"Id":"2"}]` });

    expect(asked).toEqual([`${root}/audit/a?PublisherIdentifier=${provider}`]);
    expect(records.map(({ json, ...rest }) => ({ ...rest, json: json.toString() }))).toEqual([
      { json: record, id: '1', time: '2026-11-22T09:00:00', operation: 'Set-Mailbox' },
      { json: '{"Id":"2"}', id: '2' },
    ]);
  });

  it('keeps the provider id that an address already has', async () => {
    const { asked } = await read({ body: '[]' }, { ...unit, ref: `${root}/audit/a?publisherIdentifier=x` });

    expect(asked).toEqual([`${root}/audit/a?publisherIdentifier=x`]);
  });

  it('flags what is odd, and goes on', async () => {
    const { records, refusal } = await read({
      body: `[{"Id":""},{"Id":"1","OrganizationId":"${provider}"},7,{"Id":tru},{"OrganizationId":"${provider}"},{"Id":"9"}]`,
    });

    expect(refusal).toBeUndefined();
    expect(records.map(({ id, flags }) => [id, flags])).toEqual([
      [undefined, ['withoutId']],
      ['1', ['otherOrganization']],
      [undefined, ['notAnObject']],
      [undefined, ['unreadable']],
      [undefined, ['withoutId', 'otherOrganization']],
      ['9', undefined],
    ]);
  });

  it('hands records out as they arrive, in more than one batch', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ Id: `${index}`, Text: 'x'.repeat(50) }));

    const batches = await collect(
      feed.read(
        runWith(() => ({ body: many })),
        unit,
      ),
    );

    expect(batches.length).toBeGreaterThan(3);
    expect(batches.flat().map(({ id }) => id)).toEqual(many.map(({ Id }) => Id));
  });

  it('never fetches a unit that was refused', async () => {
    const refused = { kind: 'refusedUrl', code: 'origin', detail: 'x' } as const;

    expect(await read({ body: '[]' }, { ...unit, refused })).toEqual({ records: [], refusal: refused, asked: [] });
  });

  it.each<[string, Reply, object]>([
    ['404', { status: 404 }, { kind: 'contentMissing', code: 'HTTP 404' }],
    ['AF20050', error('AF20050', 404), { kind: 'contentMissing', code: 'AF20050' }],
    ['AF20050 with 400', error('AF20050'), { kind: 'contentMissing', code: 'AF20050' }],
    ['AF20051', error('AF20051'), { kind: 'contentExpired', code: 'AF20051' }],
    ['AF20052', error('AF20052'), { kind: 'rejectedRequest', code: 'AF20052' }],
    ['AF50000', error('AF50000', 500), { kind: 'unavailable', code: 'AF50000' }],
    ['an error with 200', { ...error('AF20051'), status: 200 }, { kind: 'contentExpired', code: 'AF20051' }],
    [
      'a long error with 200',
      { body: { error: { code: 'AF429', message: 'x'.repeat(5_000) } } },
      { kind: 'throttled', code: 'AF429' },
    ],
    ['an object with 200', { body: {} }, { kind: 'unavailable' }],
    ['HTML with 200', { body: '<html>' }, { kind: 'unavailable', code: 'HTTP 200' }],
    ['an empty 200', { body: '' }, { kind: 'unavailable', code: 'emptyBody' }],
    ['null', { body: null }, { kind: 'unexpectedResponse', code: 'notAnArray' }],
    ['a redirect', { status: 302 }, { kind: 'unexpectedResponse', code: 'HTTP 302' }],
    ['a truncated list', { body: '[{"Id":"1"},{"Id' }, { kind: 'unexpectedResponse', code: 'truncated' }],
    ['something behind the list', { body: '[{"Id":"1"}]x' }, { kind: 'unexpectedResponse', code: 'trailing' }],
  ])('fails on %s', async (_, reply, expected) => {
    expect((await read(reply)).refusal).toMatchObject(expected);
  });
});
