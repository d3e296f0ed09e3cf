import type { SourceRecord, Unit } from '../../src/domain/source';
import { feed, now, refusal, root, runWith } from './activityRun';
import type { Reply } from './fakes';
import { contoso, failure, provider } from './fakes';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('activityFeed.read', () => {
  const unit: Unit = { id: 'a', at: now, expires: now, ref: `${root}/audit/a` };
  const read = async (reply: Reply, of: Unit = unit) => {
    const run = runWith(() => reply);
    const records: SourceRecord[] = [];
    const outcome = (async () => {
      for await (const page of feed.read(run, of, { attempts: 0 })) records.push(...page.records);
    })();
    const failed = await outcome.then(
      () => undefined,
      (reason: unknown) => failure(Promise.reject(reason as Error)),
    );
    return { records, refusal: failed, asked: run.requests.map(({ url }) => url) };
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
        { attempts: 0 },
      ),
    );

    expect(batches.length).toBeGreaterThan(3);
    expect(batches.flatMap(({ records }) => records.map(({ id }) => id))).toEqual(many.map(({ Id }) => Id));
  });

  it('never fetches a unit that was refused', async () => {
    const refused = { kind: 'refusedUrl', code: 'origin', detail: 'x' } as const;

    expect(await read({ body: '[]' }, { ...unit, refused })).toEqual({ records: [], refusal: refused, asked: [] });
  });

  it.each<[string, Reply, object]>([
    ['404', { status: 404 }, { kind: 'contentMissing', code: 'HTTP 404' }],
    ['AF20050', refusal('AF20050', 404), { kind: 'contentMissing', code: 'AF20050' }],
    ['AF20050 with 400', refusal('AF20050'), { kind: 'contentMissing', code: 'AF20050' }],
    ['AF20051', refusal('AF20051'), { kind: 'contentExpired', code: 'AF20051' }],
    ['AF20052', refusal('AF20052'), { kind: 'rejectedRequest', code: 'AF20052' }],
    ['AF50000', refusal('AF50000', 500), { kind: 'unavailable', code: 'AF50000' }],
    ['an error with 200', { ...refusal('AF20051'), status: 200 }, { kind: 'contentExpired', code: 'AF20051' }],
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
