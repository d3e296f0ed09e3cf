import type { ActionWarning, TargetReport } from '../domain/action';
import type { ActionRow, ActionState, ApprovalCause, StoryKind, StoryLine } from '../domain/actionRow';
import { describeFailure } from './describe';

/** The states of an action in words. */
export const actionStateTitles: Readonly<Record<ActionState, string>> = {
  approval: 'Waiting for approval',
  queued: 'Waiting for its turn',
  running: 'Running',
  waiting: 'Waiting for the device',
  verified: 'Verified',
  partlyDone: 'Partly done',
  failed: 'Failed',
  timedOut: 'Timed out',
  cancelled: 'Cancelled',
  refused: 'Not approved',
};

/** Why another person has to agree. */
export const approvalTexts: Readonly<Record<ApprovalCause, string>> = {
  highImpact: 'this action always needs a second person',
  privileged: 'the user is an administrator, or may become one',
  manyTargets: 'there were many targets within the last hour',
};

/** What a person should know before going on. */
export const warningTexts: Readonly<Record<ActionWarning, string>> = {
  synced:
    'This account is synced from on premises: the next directory sync switches it back unless it is changed in Active Directory as well. The connector looks for 45 minutes whether it holds.',
  privileged:
    'This user holds an administrator role, or may activate one: Microsoft may refuse, unless the response application has a directory role that outranks it.',
  licence:
    'No licence of this tenant is known that contains what this action needs: Microsoft may refuse. What was bought for servers in an Azure subscription is not seen here.',
  offline: 'This machine does not report at the moment: the action waits until it does.',
};

/** What is about to be known of a target, in one sentence. */
export function targetText({ target, state, roles }: TargetReport): string {
  return `${target.name}: ${state}${roles.length === 0 ? '' : `, ${roles.join(', ')}`}.`;
}

const storyTexts: Readonly<Record<StoryKind, string>> = {
  requested: 'Asked for',
  approvalNeeded: 'Another person has to agree',
  approved: 'Approved',
  declined: 'Declined',
  approvalExpired: 'Nobody agreed in time',
  started: 'Its turn has come',
  blocked: 'Waits until something opposite has ended',
  adopted: 'Taken over: it is so already, or somebody else has asked for it',
  intended: 'About to be sent',
  sent: 'Sent, and taken by Microsoft',
  unanswered: 'No answer: what came of it is read before anything is sent again',
  delayed: 'Not now: it is tried again',
  waiting: 'Waits for the device',
  stepDone: 'Seen at Microsoft',
  stepFailed: 'Failed',
  stopped: 'Held: actions are switched off',
  cancelRequested: 'Asked to stop',
  retried: 'Tried again from the step that failed',
  verified: 'Verified',
  partlyDone: 'Partly done',
  failed: 'Failed',
  timedOut: 'Time is up: what Microsoft has taken may still happen',
  cancelled: 'Cancelled',
};

/** A line of a story in words, without who and when. */
export function storyText({ kind, step, seen, answer, requestId, failure }: StoryLine): string {
  const words = failure === undefined ? undefined : describeFailure(failure);
  const details = [step, seen, answer, requestId === undefined ? undefined : `request ${requestId}`].filter(
    (part) => part !== undefined,
  );
  const more = details.length === 0 ? '' : ` (${details.join(', ')})`;
  return `${storyTexts[kind]}${more}.${words === undefined ? '' : ` ${words.title} ${words.nextStep}`}`;
}

/** How an action stands, and what a person may do now. */
export function actionNextStep(row: ActionRow): string {
  switch (row.state) {
    case 'approval':
      return `Another person with the role Approver has to agree, because ${(row.approval?.causes ?? []).map((cause) => approvalTexts[cause]).join(', and ')}.`;
    case 'queued':
      return 'Nothing to do: it begins when what was asked for before it on the same target has ended.';
    case 'running':
      return row.watchUntil === undefined
        ? 'Nothing to do: it is under way.'
        : 'Done. It is looked at again for a while, because the directory sync may undo it.';
    case 'waiting':
      return 'Microsoft has taken it; the device has not reported yet. It can be cancelled.';
    case 'verified':
      return 'Nothing to do: the effect was seen at Microsoft.';
    case 'partlyDone':
    case 'failed':
    case 'timedOut':
      return 'Read why in its story; what is done stays done, and the rest can be tried again.';
    case 'cancelled':
    case 'refused':
      return 'Nothing to do.';
  }
}
