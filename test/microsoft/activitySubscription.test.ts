import { ConnectorError } from '../../src/domain/failure';
import type { SourceMemory } from '../../src/domain/source';
import { feed, now, refusal, root, runWith } from './activityRun';
import type { Reply } from './fakes';
import { failure, provider } from './fakes';

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
    expect((await prepare([{ body: [] }, refusal('AF20024')])).result).toEqual({ startedAt: readyAt, readyAt });
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
    ['audit log off', refusal('AF20011'), 'auditOff', true],
    ['switched off by an administrator', refusal('AF20023'), 'subscriptionDisabled', true],
    ['an error inside a 200', { ...refusal('AF50000'), status: 200 }, 'unavailable', false],
    ['a fault', { status: 503 }, 'unavailable', false],
  ] as const)(
    'a start refused for %s is told, and counts for the 15 minutes unless it is a plain no',
    async (_, reply: Reply, kind, plainNo) => {
      const { result, remembered } = await prepare([{ body: [] }, reply]);

      expect(result).toMatchObject({ kind });
      expect(remembered).toEqual(plainNo ? [{ startedAt: readyAt }, {}] : [{ startedAt: readyAt }]);
    },
  );

  it('does not take a start that was throttled, or not even sent, for one', async () => {
    const listed = runWith(() => ({ body: [] }));
    const throttled = new ConnectorError('starting', { kind: 'throttled', code: 'AF429', retryAfterMs: 60_000 });
    const run: typeof listed = {
      ...listed,
      send: async (request) => (request.method === 'POST' ? Promise.reject(throttled) : listed.send(request)),
    };
    const remembered: SourceMemory[] = [];

    const outcome = feed.prepare(run, {}, async (what) => {
      remembered.push(what);
      return Promise.resolve();
    });

    await expect(outcome).rejects.toBe(throttled);
    expect(remembered).toEqual([{ startedAt: readyAt }, {}]);
  });

  it.each([
    ['an error', refusal('AF20010', 403), 'tenantMismatch'],
    ['null', { body: null }, 'unexpectedResponse'],
    ['an object', { body: {} }, 'unexpectedResponse'],
    ['HTML', { body: '<html>' }, 'unavailable'],
    ['an error inside a 200', { ...refusal('AF20011'), status: 200 }, 'auditOff'],
  ])('starts nothing when the list of subscriptions is %s', async (_, reply: Reply, kind) => {
    expect(await prepare([reply])).toMatchObject({ result: { kind }, asked: [list] });
  });
});
