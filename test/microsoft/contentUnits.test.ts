import type { Unit } from '../../src/domain/source';
import { toUnits } from '../../src/microsoft/contentUnits';
import { now, root } from './activityRun';
import { contoso, madeUpCloud, provider } from './fakes';

describe('items of the content list', () => {
  const item = (id: string, more: object = {}) => ({
    contentType: 'Audit.Exchange',
    contentId: id,
    contentUri: `${root}/audit/${encodeURIComponent(id)}`,
    contentCreated: '2026-11-22T09:02:11.000Z',
    contentExpiration: '2026-11-29T09:02:11.000Z',
    ...more,
  });
  const units = (...items: unknown[]): readonly Unit[] =>
    toUnits(JSON.parse(JSON.stringify(items)) as unknown[], {
      expected: { origin: madeUpCloud.hosts.management, tenantId: contoso.id },
      now,
    });

  it('without an id are kept, each by what it says, and never fetched', () => {
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
    const once = units(...odd);
    const again = units(...odd);

    expect(once).toHaveLength(odd.length);
    for (const unit of once) {
      expect(unit.id).toMatch(/^missing:[0-9a-f]{32}$/);
      expect(unit).toMatchObject({ ref: '', refused: { kind: 'unexpectedResponse', code: 'contentIdMissing' } });
    }
    expect(again).toEqual(once);
  });

  it('keep ids as they are, whatever they contain, unless they are too long or no text', () => {
    const ids = ['a/b\\c#d?e%f$g', 'tab\there', 'ü€😀', "'; drop table"];
    const long = 'x'.repeat(100_000);

    expect(units(...ids.map((id) => item('x', { contentId: id }))).map(({ id }) => id)).toEqual(ids);
    const [tooLong, broken, other] = units(
      item('x', { contentId: long }),
      item('x', { contentId: 'a\ud800' }),
      item('x', { contentId: 'a\ud801' }),
    );
    expect(tooLong).toMatchObject({ id: expect.stringMatching(/^hash:[0-9a-f]{32}$/) as unknown, ref: `${root}/audit/x` });
    expect(broken?.id).toMatch(/^hash:/);
    expect(broken?.id).not.toBe(other?.id);
  });

  it('that come twice on a page are taken as they came first', () => {
    expect(units(item('a'), item('a', { contentUri: 'https://evil.example/' }))).toMatchObject([
      { id: 'a', ref: `${root}/audit/a` },
    ]);
  });

  it('are listed once a page', () => {
    expect(units(item('a'), item('b'), item('a'))).toHaveLength(2);
  });

  it.each([
    ['another host', { contentUri: `https://evil.example/api/v1.0/${contoso.id}/activity/feed/audit/x` }, 'origin'],
    ['another tenant', { contentUri: `${root.replace(contoso.id, provider)}/audit/x` }, 'tenant'],
    ['http', { contentUri: `${root.replace('https', 'http')}/audit/x` }, 'scheme'],
  ])('with an address of %s are kept as refused; their neighbours are not touched', (_, more, code) => {
    const [bad, good] = units(item('bad', more), item('good'));

    expect(bad).toMatchObject({ id: 'bad', ref: '', refused: { kind: 'refusedUrl', code } });
    expect(good?.refused).toBeUndefined();
  });

  it.each([[undefined], [null], [7]])('with the address %s are kept as refused', (contentUri) => {
    expect(units(item('a', { contentUri }))).toMatchObject([{ id: 'a', ref: '', refused: { code: 'contentUriMissing' } }]);
  });

  it.each([
    ['2026-11-22T09:02:11', '2026-11-22T09:02:11.000Z'],
    ['2026-11-22T09:02:11Z', '2026-11-22T09:02:11.000Z'],
    ['2026-11-22T09:02:11.1234567Z', '2026-11-22T09:02:11.123Z'],
    ['2026-11-22T09:02:11.9999999', '2026-11-22T09:02:11.999Z'],
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z'],
  ])('created at %s are dated', (contentCreated, at) => {
    const [unit] = units(item('a', { contentCreated }));

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
  ])('created at %s are undated, still fetched, and kept until Microsoft says or for a week', (contentCreated) => {
    expect(units(item('a', { contentCreated }), item('b', { contentCreated, contentExpiration: undefined }))).toEqual([
      { id: 'a', at: new Date(0), undated: true, expires: new Date('2026-11-29T09:02:11Z'), ref: `${root}/audit/a` },
      { id: 'b', at: new Date(0), undated: true, expires: new Date('2026-11-29T10:00:00Z'), ref: `${root}/audit/b` },
    ]);
  });

  it.each([[undefined], ['nonsense'], ['2026-11-22T09:02:11Z'], ['2026-11-21T00:00:00Z'], ['9999-01-01T00:00:00Z']])(
    'that expire at %s expire a week after they were created',
    (contentExpiration) => {
      expect(units(item('a', { contentExpiration }))[0]?.expires).toEqual(new Date('2026-11-29T09:02:11Z'));
    },
  );

  it('expire when Microsoft says, be it after twenty days', () => {
    const [unit] = units(item('a', { contentExpiration: '2026-12-12T09:02:11Z' }));

    expect(unit?.expires).toEqual(new Date('2026-12-12T09:02:11Z'));
  });
});
