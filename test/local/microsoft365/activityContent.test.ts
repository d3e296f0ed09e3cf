import type { ContentItem } from './activityContent';
import { contoso, fabrikam, startTestBed, type Answered, type TestBed } from './client';

const hourMs = 3_600_000;

describe('content of the simulated Microsoft 365', () => {
  let bed: TestBed;
  beforeEach(async () => {
    bed = await startTestBed();
  });
  afterEach(() => bed.stop());

  const publish = (at: string, records: (string | Buffer)[] = ['{"Id":"1"}'], more = {}) =>
    bed.microsoft.publish(contoso.tenantId, 'Audit.General', records, { contentCreated: new Date(at), ...more });
  const list = (start: string, end: string) => bed.client.list(contoso, 'Audit.General', start, end);
  const idsOf = (answer: Answered) => (answer.json() as ContentItem[]).map(({ contentId }) => contentId);

  it('describes a blob in the documented form', async () => {
    const contentId = publish('2026-11-22T11:00:00.123Z');

    const answer = await list('2026-11-22T11:00:00', '2026-11-22T12:00:00');

    expect(answer.json()).toEqual([
      {
        contentType: 'Audit.General',
        contentId,
        contentUri: `${bed.microsoft.urls.management}/api/v1.0/${contoso.tenantId}/activity/feed/audit/${contentId}`,
        contentCreated: '2026-11-22T11:00:00.123Z',
        contentExpiration: '2026-11-29T11:00:00.123Z',
      },
    ]);
    expect(contentId).toMatch(/^\d{23}\$\d{23}\$audit_general\$Audit_General\$/);
  });

  it('includes the start of a window and excludes its end', async () => {
    publish('2026-11-22T09:59:59.999Z');
    const first = publish('2026-11-22T10:00:00.000Z');
    const last = publish('2026-11-22T10:59:59.999Z');
    const next = publish('2026-11-22T11:00:00.000Z');

    expect(idsOf(await list('2026-11-22T10:00:00', '2026-11-22T11:00:00'))).toEqual([first, last]);
    expect(idsOf(await list('2026-11-22T11:00', '2026-11-22T11:00:01'))).toEqual([next]);
  });

  it('pages with an opaque NextPageUri until all is listed, also when blobs share a millisecond', async () => {
    bed.microsoft.settings.pageSize = 2;
    const published = Array.from({ length: 5 }, () => publish('2026-11-22T11:00:00Z'));

    let answer = await list('2026-11-22T10:00:00', '2026-11-22T12:00:00');
    const listed = idsOf(answer);
    const pages: string[] = [];
    while (typeof answer.headers['nextpageuri'] === 'string') {
      pages.push(answer.headers['nextpageuri']);
      answer = await bed.client.follow(contoso, answer.headers['nextpageuri']);
      listed.push(...idsOf(answer));
    }

    expect(listed).toEqual(published);
    expect(pages).toHaveLength(2);
    expect(pages[0]).toContain(`/api/v1/${contoso.tenantId}/activity/feed/subscriptions/content?contentType=Audit.General&`);
    expect(bed.microsoft.violations).toEqual([]);
  });

  it('refuses a nextPage it did not give', async () => {
    const answer = await bed.client.feed(contoso, 'GET', 'subscriptions/content', {
      contentType: 'Audit.General',
      startTime: '2026-11-22T10:00:00',
      endTime: '2026-11-22T11:00:00',
      nextPage: 'nonsense',
    });

    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'AF20031' } });
  });

  it('lists a late blob at its place in the past', async () => {
    const late = publish('2026-11-22T09:00:00Z', ['{"Id":"late"}'], { visibleFrom: new Date('2026-11-22T12:30:00Z') });

    const before = idsOf(await list('2026-11-22T08:00:00', '2026-11-22T10:00:00'));
    const knownBefore = [...bed.microsoft.truth.available()].length;
    bed.clock.advance(hourMs);
    const after = idsOf(await list('2026-11-22T08:00:00', '2026-11-22T10:00:00'));

    expect([before, after]).toEqual([[], [late]]);
    expect([knownBefore, [...bed.microsoft.truth.available()].length]).toEqual([0, 1]);
  });

  it('serves the exact bytes of records, also of those that are not JSON', async () => {
    const records = ['{"Id":"a","x":9007199254740993}', Buffer.from('{ "no id" : "\\u0000\\/é" }'), '{broken'];
    publish('2026-11-22T11:00:00Z', records);
    const [item] = (await list('2026-11-22T11:00:00', '2026-11-22T12:00:00')).json() as ContentItem[];

    const answer = await bed.client.follow(contoso, item?.contentUri ?? '');

    expect(answer.body).toEqual(Buffer.from(`[${records.map(String).join(',')}]`));
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
    expect([...bed.microsoft.truth.available()].map(({ id, index }) => [id, index])).toEqual([
      ['a', 0],
      [undefined, 1],
      [undefined, 2],
    ]);
  });

  it('serves a raw body and any content id', async () => {
    const contentId = publish('2026-11-22T11:00:00Z', [], { contentId: 'a/b\\c#d?e$f g', rawBody: Buffer.from('\ufeff[]') });
    const [item] = (await list('2026-11-22T11:00:00', '2026-11-22T12:00:00')).json() as ContentItem[];

    expect(item?.contentId).toBe(contentId);
    expect((await bed.client.follow(contoso, item?.contentUri ?? '')).body.toString()).toBe('\ufeff[]');
  });

  it('answers AF20051 for expired content and AF20050 for that of another tenant', async () => {
    const contentId = publish('2026-11-22T11:00:00Z', ['{}'], { contentExpiration: new Date('2026-11-22T12:30:00Z') });
    const path = `audit/${contentId}`;

    const foreign = await bed.client.feed(fabrikam, 'GET', path);
    const good = await bed.client.feed(contoso, 'GET', path);
    bed.clock.advance(hourMs / 2);
    const expired = await bed.client.feed(contoso, 'GET', path);

    expect(foreign.json()).toMatchObject({ error: { code: 'AF20050' } });
    expect(good.status).toBe(200);
    expect(expired.json()).toMatchObject({ error: { code: 'AF20051' } });
  });

  it('lists notifications', async () => {
    const contentId = publish('2026-11-22T11:00:00Z');

    const answer = await bed.client.feed(contoso, 'GET', 'subscriptions/notifications', {
      contentType: 'Audit.General',
      startTime: '2026-11-22T11:00:00',
      endTime: '2026-11-22T12:00:00',
    });

    expect(answer.json()).toMatchObject([{ contentId, notificationStatus: 'success' }]);
  });

  it('makes the bodies of publishMany only when they are asked for', async () => {
    let made = 0;
    const blobs = Array.from({ length: 300 }, (_, index) => ({
      contentCreated: new Date(Date.parse('2026-11-22T11:00:00Z') + index),
      records: 2,
      body: (contentId: string) => {
        made++;
        return Buffer.from(JSON.stringify([{ Id: contentId }, {}]));
      },
    }));

    const ids = bed.microsoft.publishMany(contoso.tenantId, 'Audit.General', blobs);
    const answer = await bed.client.feed(contoso, 'GET', `audit/${ids[7] ?? ''}`);

    expect(answer.json()).toEqual([{ Id: ids[7] }, {}]);
    expect(made).toBe(1);
    expect(bed.microsoft.truth.counts()).toMatchObject([{ blobs: 300, records: 600 }]);
    expect([...bed.microsoft.truth.available()]).toEqual([]);
  });
});
