import type { Seen, Sent } from './action';
import { isEnd } from './actionRow';
import type { ActionRow, ApprovalCause, StepRow, StoryLine } from './actionRow';
import type { Failure } from './failure';
import { without } from './without';

type Telling = Omit<StoryLine, 'number' | 'at'>;

/** The row with lines added to its story, due now. */
function told(row: ActionRow, now: Date, ...lines: readonly Telling[]): ActionRow {
  const at = now.toISOString();
  const added = lines.map((line, index) => ({ number: row.story.length + index + 1, at, ...line }));
  return { ...row, story: [...row.story, ...added], dueAt: at, looks: 0 };
}

function moved(row: ActionRow, state: ActionRow['state'], now: Date): ActionRow {
  return row.state === state ? row : { ...row, state, since: now.toISOString() };
}

/** What a new action is made from. */
export type Wanted = Pick<
  ActionRow,
  'id' | 'key' | 'body' | 'tenantId' | 'action' | 'target' | 'choice' | 'reason' | 'requestedBy'
> & { readonly steps: readonly string[]; readonly longestMs: number };

/** A new action: waiting for approval when there is a cause for it, else for its turn. */
export function requested(wanted: Wanted, causes: readonly ApprovalCause[], approvalMs: number, now: Date): ActionRow {
  const { steps, longestMs, ...rest } = wanted;
  const at = now.toISOString();
  const row: ActionRow = {
    ...rest,
    ...{ requestedAt: at, state: 'queued', since: at, story: [], told: 0, dueAt: at, looks: 0, epoch: 0 },
    deadline: after(now, longestMs),
    steps: steps.map((id) => ({ id, state: 'pending', attempt: 1 })),
  };
  const asked = told(row, now, { kind: 'requested', who: row.requestedBy, role: 'Responder' });
  if (causes.length === 0) return asked;
  const waiting = told(asked, now, { kind: 'approvalNeeded', seen: causes.join(', ') });
  return { ...waiting, state: 'approval', approval: { causes, expiresAt: after(now, approvalMs) } };
}

/** Why an approval is not taken; undefined when it is. */
export function wrongApproval(row: ActionRow, who: string, now: Date): 'notAsked' | 'expired' | 'self' | undefined {
  if (row.state !== 'approval' || row.approval === undefined) return 'notAsked';
  if (now.getTime() >= Date.parse(row.approval.expiresAt)) return 'expired';
  return who === row.requestedBy ? 'self' : undefined;
}

/** Another person agrees. Throws for an approval that `wrongApproval` speaks against: that is a bug of the caller. */
export function approved(row: ActionRow, who: string, longestMs: number, now: Date): ActionRow {
  const { approval } = row;
  if (approval === undefined || wrongApproval(row, who, now) !== undefined) throw new Error('This approval must not be taken.');
  const agreed = { ...row, approval: { ...approval, by: who, at: now.toISOString() }, deadline: after(now, longestMs) };
  return told(moved(agreed, 'queued', now), now, { kind: 'approved', who, role: 'Approver' });
}

/** Another person, or the one who asked, says no. */
export function declined(row: ActionRow, who: string, role: string, now: Date): ActionRow {
  return told(moved(row, 'refused', now), now, { kind: 'declined', who, role });
}

/** Nobody agreed in time. */
export function approvalExpired(row: ActionRow, now: Date): ActionRow {
  return told(moved(row, 'refused', now), now, { kind: 'approvalExpired' });
}

/** Its turn has come. */
export function started(row: ActionRow, now: Date): ActionRow {
  return row.state === 'queued' ? told(moved(row, 'running', now), now, { kind: 'started' }) : row;
}

/** The step that is next; undefined when all are done. */
export function presentStep(row: ActionRow): StepRow | undefined {
  return row.steps.find(({ state }) => state !== 'done');
}

function withStep(row: ActionRow, step: StepRow): ActionRow {
  return { ...row, steps: row.steps.map((one) => (one.id === step.id ? step : one)) };
}

/** True when the same was told of the step since a person last had it tried again: a story stays short, however long Microsoft does not answer. */
function isTold(row: ActionRow, kind: StoryLine['kind'], step: string, code?: string): boolean {
  const since = row.story.findLastIndex((line) => line.kind === 'retried') + 1;
  return row.story.slice(since).some((line) => line.kind === kind && line.step === step && line.failure?.code === code);
}

/** The row with a line about the step, unless the same was told already; due now in any case. */
function toldOnce(row: ActionRow, now: Date, line: Telling & { readonly step: string }): ActionRow {
  return isTold(row, line.kind, line.step, line.failure?.code) ? { ...row, dueAt: now.toISOString() } : told(row, now, line);
}

/** A call is about to be made: written before it is. */
export function intended(row: ActionRow, step: StepRow, baseline: string | undefined, now: Date): ActionRow {
  const next: StepRow = {
    ...step,
    state: 'intended',
    intendedAt: now.toISOString(),
    ...(step.baseline !== undefined || baseline === undefined ? {} : { baseline }),
  };
  return toldOnce(withStep(moved(row, 'running', now), next), now, { kind: 'intended', step: step.id });
}

/** Microsoft has taken the call. */
export function sent(row: ActionRow, step: StepRow, { answer, requestId, operationId }: Sent, now: Date): ActionRow {
  const next: StepRow = {
    ...step,
    state: 'sent',
    sentAt: now.toISOString(),
    ...(operationId === undefined ? {} : { operationId }),
  };
  const ids = requestId === undefined ? {} : { requestId };
  return told(withStep(row, next), now, { kind: 'sent', step: step.id, answer, ...ids });
}

/** No answer came: the step stays intended, and what came of it has to be read. */
export function unanswered(row: ActionRow, step: StepRow, failure: Failure, now: Date): ActionRow {
  return toldOnce(row, now, { kind: 'unanswered', step: step.id, failure });
}

/** Microsoft was not even asked, or said to come back later: the call may be made again. */
export function delayed(row: ActionRow, step: StepRow, failure: Failure, now: Date): ActionRow {
  const next: StepRow = { ...without(step, 'intendedAt'), state: 'pending' };
  return toldOnce(withStep(row, next), now, { kind: 'delayed', step: step.id, failure });
}

/** What a look at Microsoft changes: an effect that is there, something on its way that is adopted, or an end without the effect. */
export function seen(row: ActionRow, step: StepRow, what: Exclude<Seen, { kind: 'needed' | 'blocked' }>, now: Date): ActionRow {
  // What nobody here asked for, and is so or on its way, is taken over as it is.
  const isElsewhere = what.kind === 'done' && what.foreign === true && step.state === 'intended';
  const foreign = (step.state === 'pending' && step.sentAt === undefined) || isElsewhere;
  switch (what.kind) {
    case 'done': {
      const next: StepRow = {
        ...without(step, 'failure'),
        ...{ state: 'done', doneAt: now.toISOString() },
        ...(what.operationId === undefined ? {} : { operationId: what.operationId }),
        ...(foreign ? { adopted: true } : {}),
      };
      const lines: Telling[] = [{ kind: foreign ? 'adopted' : 'stepDone', step: step.id, seen: what.state }];
      return told(withStep(moved(row, 'running', now), next), now, ...lines);
    }
    case 'underway': {
      const waits = what.waitsFor === 'device' ? 'waiting' : 'running';
      if (step.state === 'sent' && step.operationId === what.operationId && row.state === waits) return row;
      const next: StepRow = {
        ...step,
        ...{ state: 'sent', sentAt: step.sentAt ?? now.toISOString(), operationId: what.operationId },
        ...(foreign ? { adopted: true } : {}),
      };
      const lines: Telling[] = [
        ...(foreign ? [{ kind: 'adopted', step: step.id, seen: what.state } as const] : []),
        ...(waits === 'waiting' && row.state !== 'waiting'
          ? [{ kind: 'waiting', step: step.id, seen: what.state } as const]
          : []),
      ];
      return told(withStep(moved(row, waits, now), next), now, ...lines);
    }
    case 'ended':
      return what.cancelled === true && row.cancel !== undefined ? cancelled(row, now) : stepFailed(row, step, what.failure, now);
  }
}

/** Something opposite is on its way: told once. */
export function blocked(row: ActionRow, step: StepRow, state: string, now: Date): ActionRow {
  const last = row.story.at(-1);
  return last?.kind === 'blocked' ? row : told(row, now, { kind: 'blocked', step: step.id, seen: state });
}

/** A step cannot be done: the action ends, as partly done when an earlier step is. */
export function stepFailed(row: ActionRow, step: StepRow, failure: Failure, now: Date): ActionRow {
  const next: StepRow = { ...step, state: 'failed', failure };
  const some = row.steps.some(({ id, state }) => id !== step.id && state === 'done');
  const kind = some ? 'partlyDone' : 'failed';
  return told(moved(withStep(row, next), kind, now), now, { kind: 'stepFailed', step: step.id, failure }, { kind });
}

/** The effect of every step was seen. */
export function verified(row: ActionRow, now: Date): ActionRow {
  return told(moved(without(row, 'watchUntil'), 'verified', now), now, { kind: 'verified' });
}

/** From when to when the effect is looked at again. */
export function watching(row: ActionRow, until: Date): ActionRow {
  return { ...row, watchUntil: until.toISOString(), looks: 0 };
}

/** Time is up; what Microsoft has taken may still happen. With an earlier step done it is partly done; with all of them it is not late. */
export function timedOut(row: ActionRow, now: Date): ActionRow {
  const step = presentStep(row)?.id;
  if (step === undefined) return row;
  const line: Telling = { kind: 'timedOut', step };
  const some = row.steps.some(({ state }) => state === 'done');
  return some
    ? told(moved(row, 'partlyDone', now), now, line, { kind: 'partlyDone' })
    : told(moved(row, 'timedOut', now), now, line);
}

/** A person wants it stopped. Nothing changes for one that has ended. */
export function cancelRequested(row: ActionRow, who: string, role: string, now: Date): ActionRow {
  if (isEnd(row.state) || row.cancel !== undefined) return row;
  const asked = { ...row, cancel: { by: who, at: now.toISOString() } };
  const line: Telling = { kind: 'cancelRequested', who, role };
  return told(asked, now, line);
}

/** It was stopped before its effect. */
export function cancelled(row: ActionRow, now: Date): ActionRow {
  return told(moved(row, 'cancelled', now), now, { kind: 'cancelled' });
}

/** The kill switch is on: told once, and nothing is sent. */
export function stopped(row: ActionRow, now: Date): ActionRow {
  return row.story.at(-1)?.kind === 'stopped' ? row : told(row, now, { kind: 'stopped' });
}

/** A person wants the failed step tried again: what is done stays done. */
export function retried(row: ActionRow, who: string, longestMs: number, now: Date): ActionRow {
  const steps = row.steps.map((step): StepRow => {
    if (step.state === 'done') return step;
    return { id: step.id, state: 'pending', attempt: step.attempt + 1 };
  });
  const fresh = { ...without(row, 'cancel', 'watchUntil', 'left'), steps, deadline: after(now, longestMs) };
  return told(moved(fresh, 'queued', now), now, { kind: 'retried', who, role: 'Responder' });
}

/** How often a step may be tried, the first time included. */
const mostAttempts = 5;

/** True for an action whose failed step a person may have tried again. */
export function isRetryable({ state, steps }: ActionRow): boolean {
  const ended = state === 'failed' || state === 'partlyDone' || state === 'timedOut';
  return ended && steps.every(({ attempt }) => attempt < mostAttempts);
}

function after(now: Date, ms: number): string {
  return new Date(now.getTime() + ms).toISOString();
}
