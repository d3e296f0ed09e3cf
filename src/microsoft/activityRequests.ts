import { ConnectorError } from '../domain/failure';
import type { Answer, Run } from '../domain/source';
import { classifyActivityError } from './activityErrors';
import type { ActivityRefusal } from './activityErrors';
import { parseJson } from './parseJson';

const errorBodyBytes = 64 * 1024;
/** Pages of the content list are some hundred KiB; this is a bound, not an expectation. */
const listBodyBytes = 64 * 1024 * 1024;

/** The permission that every content type needs. */
export const activityPermission = 'ActivityFeed.Read';

/** An address below the tenant's feed, with its query and the provider's id. */
export function feedUrl(run: Run, path: string, query: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams({ ...query, PublisherIdentifier: run.publisherId });
  return `${run.tenant.cloud.hosts.management}/api/v1.0/${run.tenant.id}/activity/feed/${path}?${search.toString()}`;
}

/** An address from Microsoft as it is, with the provider's id where it is missing. */
export function withPublisher(url: string, publisherId: string): string {
  if (/[?&]PublisherIdentifier=/i.test(url)) return url;
  return `${url}${url.includes('?') ? '&' : '?'}PublisherIdentifier=${encodeURIComponent(publisherId)}`;
}

/** The error an answer that is no success stands for. */
async function refusalOf(answer: Answer, doing: string, now: Date): Promise<ConnectorError> {
  const { status, headers } = answer;
  return activityError({ status, headers, text: await answer.text(errorBodyBytes) }, doing, now);
}

/** The error of a refusal whose text is known. */
export function activityError(refusal: ActivityRefusal, doing: string, now: Date): ConnectorError {
  return new ConnectorError(doing, classifyActivityError(refusal, { permission: activityPermission, now }));
}

/** The array an answer consists of. A 200 with an error inside is classified by its code; anything else is no answer of this API. */
export async function readArray(answer: Answer, doing: string, now: Date): Promise<readonly unknown[]> {
  const { status, headers } = answer;
  if (status !== 200) throw await refusalOf(answer, doing, now);
  const text = await answer.text(listBodyBytes);
  const json = parseJson(text);
  if (Array.isArray(json)) return json as readonly unknown[];
  if (json !== undefined && !isErrorObject(json))
    throw new ConnectorError(doing, {
      kind: 'unexpectedResponse',
      code: 'notAnArray',
      detail: 'The API answered with something else than a list.',
    });
  throw activityError({ status, headers, text: text.slice(0, errorBodyBytes) }, doing, now);
}

function isErrorObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'error' in json;
}
