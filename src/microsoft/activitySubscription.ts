import { z } from 'zod';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Run, SourceMemory } from '../domain/source';
import { activityErrorCode } from './activityErrors';
import { activityError, feedUrl, readArray } from './activityRequests';
import { parseJson } from './parseJson';

// Microsoft wants this long between two starts. https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#start-a-subscription
const startEveryMs = 15 * 60_000;
const answerBytes = 64 * 1024;

const subscription = z.looseObject({ contentType: z.string(), status: z.string().optional().catch(undefined) });

/** Writes down what must not be forgotten should the process die now. */
export type Remember = (memory: SourceMemory) => Promise<void>;

/**
 * Makes sure that the subscription of a content type is on: looks first, starts what is missing, at most every 15 minutes.
 * One that is off although we saw it on or started it was switched off by somebody: it stays off until a person decides. One that is off and that
 * we know nothing of is left from an earlier onboarding, whose end we could not tell from an administrator's: consent was just given for it, so it is started once.
 */
export async function prepareSubscription(
  run: Run,
  contentType: string,
  memory: SourceMemory,
  remember: Remember,
): Promise<SourceMemory> {
  const now = run.now();
  const status = await readStatus(run, contentType, now);
  const ready = { ...memory, readyAt: now.toISOString() };
  switch (status) {
    case 'on':
      return ready;
    case 'off':
      if (memory.readyAt !== undefined || memory.startedAt !== undefined) throw switchedOff('AF20023');
      break;
    case 'missing':
      if (sinceMs(memory.startedAt, now) < startEveryMs)
        throw new ConnectorError('waiting for the subscription', { kind: 'subscriptionMissing', code: 'startedRecently' });
  }
  const started = { ...memory, startedAt: now.toISOString() };
  await remember(started);
  await start(run, contentType, now, () => remember(memory));
  return { ...started, readyAt: now.toISOString() };
}

async function readStatus(run: Run, contentType: string, now: Date): Promise<'on' | 'off' | 'missing'> {
  const doing = 'listing subscriptions';
  const answer = await run.send({
    api: 'management',
    operation: doing,
    method: 'GET',
    url: feedUrl(run, 'subscriptions/list', {}),
  });
  const items = await readArray(answer, doing, now);
  for (const item of items) {
    const { success, data } = subscription.safeParse(item);
    if (!success || data.contentType.toLowerCase() !== contentType.toLowerCase()) continue;
    // Microsoft's own sample has an element without a status; then listing content will tell.
    return data.status?.toLowerCase() === 'disabled' ? 'off' : 'on';
  }
  return 'missing';
}

async function start(run: Run, contentType: string, now: Date, undo: () => Promise<void>): Promise<void> {
  const doing = 'starting the subscription';
  const request = {
    api: 'management',
    operation: doing,
    method: 'POST',
    url: feedUrl(run, 'subscriptions/start', { contentType }),
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: '{}',
  } as const;
  const answer = await run.send(request).catch(async (error: unknown) => {
    // A throttled request started nothing; while the tenant keeps quiet it was not even sent.
    if (failureOf(error)?.kind === 'throttled') await undo();
    throw error;
  });
  const { status, headers } = answer;
  const text = await answer.text(answerBytes);
  const code = activityErrorCode(text);
  if (code === 'AF20024') return;
  if (status === 200 && code === undefined) {
    const { success, data } = subscription.safeParse(parseJson(text));
    if (success && data.status?.toLowerCase() === 'disabled') throw switchedOff('AF20023');
    return;
  }
  const error = activityError({ status, headers, text }, doing, now);
  // A plain no is no start; after anything less clear the 15 minutes count.
  if (status >= 400 && status < 500) await undo();
  throw error;
}

function switchedOff(code: string): ConnectorError {
  return new ConnectorError('checking the subscription', { kind: 'subscriptionDisabled', code, by: 'an administrator' });
}

function sinceMs(at: string | undefined, now: Date): number {
  const passed = at === undefined ? NaN : now.getTime() - Date.parse(at);
  // A time in the future is a clock that jumped; it must not hold the start up.
  return Number.isNaN(passed) || passed < 0 ? Infinity : passed;
}
