import { ConnectorError, failureOf } from '../domain/failure';
import type { Answer, Listing, Run } from '../domain/source';
import { toSeconds } from '../domain/window';
import type { Window } from '../domain/window';
import { feedUrl, readArray, withPublisher } from './activityRequests';
import { checkUrl, isRefused } from './checkUrl';
import { toUnits } from './contentUnits';

const mostPages = 10_000;
const mostRestarts = 2;
const doing = 'listing content';

/** Lists one window page by page; the last page completes it. When Microsoft no longer knows a page (AF20031), the window starts again. */
export async function* listWindow(run: Run, contentType: string, window: Window): AsyncGenerator<Listing, void, undefined> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      yield* listPages(run, contentType, window);
      return;
    } catch (error) {
      if (failureOf(error)?.kind !== 'pageRefused' || restarts === mostRestarts) throw error;
    }
  }
}

async function* listPages(run: Run, contentType: string, window: Window): AsyncGenerator<Listing, void, undefined> {
  const expected = { origin: run.tenant.cloud.hosts.management, tenantId: run.tenant.id };
  const query = { contentType, startTime: toSeconds(window.from), endTime: toSeconds(window.to) };
  let url = feedUrl(run, 'subscriptions/content', query);
  const seen = new Set<string>();
  for (let page = 1; page <= mostPages; page += 1) {
    seen.add(url);
    const answer = await run.send({ api: 'management', operation: doing, method: 'GET', url });
    const units = toUnits(await readArray(answer, doing, run.now()), { expected, now: run.now() });
    const next = nextPage(answer);
    if (next === undefined) {
      yield { units, completes: window };
      return;
    }
    yield { units };
    const checked = checkUrl(next, expected);
    if (isRefused(checked)) throw new ConnectorError(doing, checked);
    url = withPublisher(next, run.publisherId);
    if (seen.has(url)) throw endless('repeatedPage', 'The list leads back to a page it has already given.');
  }
  throw endless('tooManyPages', `The list has more than ${mostPages} pages.`);
}

/** The troubleshooting page calls it NextPageUrl; names are in lower case here. https://learn.microsoft.com/office/office-365-management-api/troubleshooting-the-office-365-management-activity-api */
function nextPage({ headers }: Answer): string | undefined {
  return [headers['nextpageuri'], headers['nextpageurl']].find((value) => value !== undefined && value !== '');
}

function endless(code: string, detail: string): ConnectorError {
  return new ConnectorError(doing, { kind: 'unexpectedResponse', code, detail });
}
