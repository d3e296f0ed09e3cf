import type { Run, TenantRequest } from '../../src/domain/source';
import { activityFeed } from '../../src/microsoft/activityFeed';
import type { Reply } from './fakes';
import { answerWith, contoso, madeUpCloud, noAbort, provider } from './fakes';

/** A feed of one content type. */
export const feed = activityFeed({
  id: 'activity.exchange',
  title: 'Exchange',
  contentType: 'Audit.Exchange',
  category: 'Office365.Audit.Exchange',
  docs: 'https://learn.microsoft.com/x',
  why: 'x',
});

/** The root of its addresses. */
export const root = `https://manage.example/api/v1.0/${contoso.id}/activity/feed`;

/** When the runs of the tests are. */
export const now = new Date('2026-11-22T10:00:00Z');

/** An answer with an AF code. */
export const refusal = (code: string, status = 400): Reply => ({ status, body: { error: { code, message: 'x' } } });

/** A run that asks a function, and remembers what it was asked. */
export function runWith(reply: (request: TenantRequest, index: number) => Reply): Run & { readonly requests: TenantRequest[] } {
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
