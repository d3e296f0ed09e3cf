import type { ContentItem } from './activityContent';
import { contoso, fabrikam, publisherIdentifier, startTestBed, type Answered, type TestBed } from './client';
import type { TenantMood } from './tenant';

function code(answer: Answered): string {
  return `${answer.status} ${(answer.json() as { error: { code: string } }).error.code}`;
}

describe('Management Activity API of the simulated Microsoft 365', () => {
  let bed: TestBed;
  beforeEach(async () => {
    bed = await startTestBed();
  });
  afterEach(() => bed.stop());

  const rules = () => bed.microsoft.violations.map(({ rule }) => rule);
  const start = (contentType: string) => bed.client.feed(fabrikam, 'POST', 'subscriptions/start', { contentType });

  it('starts, lists and stops a subscription', async () => {
    const started = await start('Audit.Exchange');
    const listed = await bed.client.feed(fabrikam, 'GET', 'subscriptions/list');
    const stopped = await bed.client.feed(fabrikam, 'POST', 'subscriptions/stop', { contentType: 'Audit.Exchange' });
    const after = await bed.client.list(fabrikam, 'Audit.Exchange', '2026-11-22T11:00:00', '2026-11-22T12:00:00');

    expect(started.json()).toEqual({ contentType: 'Audit.Exchange', status: 'enabled', webhook: null });
    expect(listed.json()).toEqual([{ contentType: 'Audit.Exchange', status: 'enabled', webhook: null }]);
    expect([stopped.status, stopped.body.length]).toEqual([200, 0]);
    expect(code(after)).toBe('400 AF20022');
    expect(rules()).toEqual([]);
  });

  it('answers AF20024 to a start of what is enabled, and notes one within 15 minutes', async () => {
    await start('Audit.Exchange');
    bed.clock.advance(14 * 60_000);
    const soon = await start('Audit.Exchange');
    bed.clock.advance(15 * 60_000);
    const later = await start('Audit.Exchange');

    expect([code(soon), code(later)]).toEqual(['400 AF20024', '400 AF20024']);
    expect(rules()).toEqual(['startWithin15Minutes']);
  });

  it('shows content only after the first start when the tenant says so', async () => {
    bed.microsoft.addTenant({ ...fabrikam, firstContentAfterMs: 120_000 });
    bed.microsoft.publish(fabrikam.tenantId, 'Audit.General', ['{}'], { contentCreated: new Date('2026-11-22T11:30:00Z') });
    await start('Audit.General');

    const lengths: number[] = [];
    for (const wait of [0, 120_000]) {
      bed.clock.advance(wait);
      const answer = await bed.client.list(fabrikam, 'Audit.General', '2026-11-22T11:00:00', '2026-11-22T12:00:00');
      lengths.push((answer.json() as unknown[]).length);
    }

    expect(lengths).toEqual([0, 1]);
  });

  it.each<[string, string, 'GET' | 'POST', string, Record<string, string>, string | undefined]>([
    ['400 AF20001', 'no content type', 'POST', 'subscriptions/start', {}, 'contentType'],
    ['400 AF20020', 'a wrong content type', 'POST', 'subscriptions/start', { contentType: 'Audit.Teams' }, 'contentType'],
    ['400 AF20022', 'a feed not started', 'GET', 'subscriptions/content', { contentType: 'DLP.All' }, undefined],
    ['400 AF20050', 'unknown content', 'GET', 'audit/2026$2026$audit_general$Audit_General', {}, undefined],
    ['400 AF20052', 'malformed content id', 'GET', 'audit/%E0%A4%A', {}, undefined],
  ])('answers %s to %s', async (expected, _, method, rest, query, rule) => {
    const answer = await bed.client.feed(fabrikam, method, rest, query);

    expect(code(answer)).toBe(expected);
    expect(rules()).toEqual(rule === undefined ? [] : [rule]);
  });

  it.each([
    ['windowIncomplete', '400 AF20030', { startTime: '2026-11-22T11:00' }],
    ['timeFormat', '400 AF20002', { startTime: '2026-11-22T11:00:00Z', endTime: '2026-11-22T12:00:00' }],
    ['timeFormat', '400 AF20002', { startTime: '2026-11-22T11:00:00', endTime: '2026-13-22T12:00:00' }],
    ['windowBackwards', '400 AF20055', { startTime: '2026-11-22T11:00:00', endTime: '2026-11-22T11:00:00' }],
    ['windowInFuture', '400 AF20055', { startTime: '2026-11-22T12:00:01', endTime: '2026-11-22T13:00:00' }],
    ['windowTooWide', '400 AF20030', { startTime: '2026-11-21T11:00:00', endTime: '2026-11-22T11:00:01' }],
    ['windowTooOld', '400 AF20030', { startTime: '2026-11-15T11:59:59', endTime: '2026-11-15T13:00:00' }],
  ])('notes %s and answers %s', async (rule, expected, times) => {
    const answer = await bed.client.feed(contoso, 'GET', 'subscriptions/content', { contentType: 'Audit.General', ...times });

    expect(code(answer)).toBe(expected);
    expect(rules()).toEqual([rule]);
  });

  it('judges windows by its own clock, which may be off', async () => {
    bed.microsoft.settings.serverClockOffsetMs = 2 * 3_600_000;

    const answer = await bed.client.list(contoso, 'Audit.General', '2026-11-15T13:00:00', '2026-11-15T14:00:00');

    expect(code(answer)).toBe('400 AF20030');
    expect(answer.headers.date).toBe('Sun, 22 Nov 2026 14:00:00 GMT');
  });

  it.each<[TenantMood, string]>([
    ['auditOff', '400 AF20011'],
    ['noPermission', '401 AF10001'],
    ['subscriptionDisabled', '400 AF20023'],
  ])('answers a tenant of mood %s with %s', async (mood, expected) => {
    bed.microsoft.tenant(contoso.tenantId).setMood(mood);

    const answer = await bed.client.list(contoso, 'Audit.General', '2026-11-22T11:00:00', '2026-11-22T12:00:00');

    expect(code(answer)).toBe(expected);
  });

  it('answers the start of a tenant without audit log with a dump cut at 200 characters', async () => {
    bed.microsoft.tenant(contoso.tenantId).setMood('auditOff');

    const answer = await bed.client.feed(contoso, 'POST', 'subscriptions/start', { contentType: 'Audit.General' });
    const { error } = answer.json() as { error: { code: string; message: string } };

    expect(error.code).toHaveLength(200);
    expect(error.code + error.message).toContain(`Tenant ${contoso.tenantId} does not exist.`);
  });

  it('refuses DLP alone to a tenant without that permission', async () => {
    bed.microsoft.tenant(fabrikam.tenantId).setMood('dlpWithoutPermission');

    expect(code(await start('DLP.All'))).toBe('401 AF10001');
    expect((await start('Audit.Exchange')).status).toBe(200);
  });

  it('refuses what is not a token of this tenant for this service', async () => {
    const url = `${bed.microsoft.urls.management}/api/v1.0/${contoso.tenantId}/activity/feed/subscriptions/list?PublisherIdentifier=${publisherIdentifier}`;
    const own = await bed.client.token(contoso);
    const other = await bed.client.token(fabrikam);
    const graph = (await bed.client.askToken(contoso, { scope: `${bed.microsoft.urls.graph}/.default` })).json() as {
      access_token: string;
    };

    const statuses: number[] = [];
    for (const token of [undefined, 'x.y.z', graph.access_token, own, other]) {
      const answer = await bed.client.send('GET', url, token === undefined ? {} : { Authorization: `Bearer ${token}` });
      statuses.push(answer.status);
    }
    bed.clock.advance(3_600_000);
    const expired = await bed.client.send('GET', url, { Authorization: `Bearer ${own}` });

    expect(statuses).toEqual([401, 401, 401, 200, 403]);
    expect(expired.status).toBe(401);
    expect(rules()).toEqual(['tokenMissing', 'tokenForAnotherService', 'tokenOfAnotherTenant']);
  });

  it('wants a GUID in the path and a tenant it knows', async () => {
    const unknown = { ...contoso, tenantId: 'c0a10c0a-0000-4000-8000-00000000dead' };
    const token = await bed.client.token(contoso);
    const url = (tenantId: string) => `${bed.microsoft.urls.management}/api/v1.0/${tenantId}/activity/feed/subscriptions/list`;

    const named = await bed.client.send('GET', url('contoso.onmicrosoft.com'), { Authorization: `Bearer ${token}` });
    const foreign = await bed.client.send('GET', url(unknown.tenantId), { Authorization: `Bearer ${token}` });

    expect([code(named), code(foreign)]).toEqual(['400 AF20013', '403 AF20010']);
  });

  it.each([{}, { PublisherIdentifier: '00000000-0000-0000-0000-000000000000' }])(
    'counts and refuses the publisher %j',
    async (query) => {
      const url = `${bed.microsoft.urls.management}/api/v1.0/${contoso.tenantId}/activity/feed/subscriptions/list?${new URLSearchParams(query).toString()}`;
      const headers = { Authorization: `Bearer ${await bed.client.token(contoso)}` };

      const tolerated = await bed.client.send('GET', url, headers);
      bed.microsoft.settings.requirePublisherIdentifier = true;
      const refused = await bed.client.send('GET', url, headers);

      expect(tolerated.status).toBe(200);
      expect(code(refused)).toBe('403 AF429');
      expect(refused.body.toString()).toContain('PublisherId=00000000-0000-0000-0000-000000000000');
      expect(rules()).toEqual(['publisherIdentifierMissing', 'publisherIdentifierMissing']);
    },
  );

  it('refuses webhooks and wrong methods', async () => {
    const url = `${bed.microsoft.urls.management}/api/v1.0/${fabrikam.tenantId}/activity/feed/subscriptions/start?contentType=DLP.All&PublisherIdentifier=${publisherIdentifier}`;
    const headers = { Authorization: `Bearer ${await bed.client.token(fabrikam)}` };

    const webhook = await bed.client.send('POST', url, headers, '{"webhook":{"address":"https://hook.example/"}}');
    const wrong = await bed.client.send('GET', url, headers);

    expect(code(webhook)).toBe('400 AF20021');
    expect(wrong.status).toBe(405);
    expect(rules()).toEqual(['wrongMethod']);
  });

  it('lists sensitive types in one language', async () => {
    const url = `${bed.microsoft.urls.management}/api/v1.0/${contoso.tenantId}/activity/feed/resources/dlpSensitiveTypes?PublisherIdentifier=${publisherIdentifier}`;
    const headers = { Authorization: `Bearer ${await bed.client.token(contoso)}` };

    const good = await bed.client.send('GET', url, { ...headers, 'Accept-Language': 'de-DE' });
    const two = await bed.client.send('GET', url, { ...headers, 'Accept-Language': 'de, en' });
    const bad = await bed.client.send('GET', url, { ...headers, 'Accept-Language': '*!' });

    expect((good.json() as unknown[]).length).toBeGreaterThan(0);
    expect([code(two), code(bad)]).toEqual(['400 AF20053', '400 AF20054']);
  });

  it('asks for a token behind the Graph and Defender addresses, and notes unknown routes of its own', async () => {
    const { urls } = bed.microsoft;

    const statuses: number[] = [];
    for (const url of [`${urls.graph}/v1.0/users`, `${urls.defender}/api/alerts`, `${urls.management}/api/v1.0/x`]) {
      statuses.push((await bed.client.send('GET', url)).status);
    }

    expect(statuses).toEqual([401, 401, 404]);
    expect(rules()).toEqual(['tokenMissing', 'tokenMissing', 'unknownRoute']);
  });

  it('keeps a log of requests and counts them', async () => {
    bed.microsoft.publish(contoso.tenantId, 'Audit.General', ['{"Id":"1"}']);
    bed.clock.advance(1000);
    const list = await bed.client.list(contoso, 'Audit.General', '2026-11-22T11:00:00', '2026-11-22T12:00:01');
    const [item] = list.json() as ContentItem[];
    await bed.client.follow(contoso, item?.contentUri ?? '');

    const { requests } = bed.microsoft;

    expect(requests.count({ tenantId: contoso.tenantId, operation: 'blob' })).toBe(1);
    expect(requests.count({ operation: 'token' })).toBe(2);
    expect(requests.entries({ operation: 'blob' })).toMatchObject([
      { contentType: 'Audit.General', contentId: item?.contentId, publisherIdentifier, status: 200, authorized: true },
    ]);
  });
});
