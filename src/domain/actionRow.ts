import type { ActionTarget } from './action';
import type { Failure } from './failure';
import type { RowStore } from './ports';
import type { TenantId } from './tenant';

/**
 * `approval`: another person has to agree first. `queued`: its turn has not come. `running`: at work. `waiting`: Microsoft has taken it, the device has not.
 * The others are ends. `verified`: the effect was seen at Microsoft. `partlyDone`: some steps are, one is not. `refused`: nobody agreed.
 */
export const actionStates = [
  ...(['approval', 'queued', 'running', 'waiting'] as const),
  ...(['verified', 'partlyDone', 'failed', 'timedOut', 'cancelled', 'refused'] as const),
] as const;
export type ActionState = (typeof actionStates)[number];

const ends: readonly ActionState[] = ['verified', 'partlyDone', 'failed', 'timedOut', 'cancelled', 'refused'];

/** True for the states in which nothing more happens by itself. */
export function isEnd(state: ActionState): boolean {
  return ends.includes(state);
}

/** `intended`: about to be sent, or sent without an answer; nobody knows which. `sent`: Microsoft has taken it. */
export const stepStates = ['pending', 'intended', 'sent', 'done', 'failed'] as const;
type StepState = (typeof stepStates)[number];

/** One step of an action as it stands. Times are ISO texts. */
export interface StepRow {
  readonly id: string;
  readonly state: StepState;
  /** Counts the calls that a person let us make: part of the marker. */
  readonly attempt: number;
  readonly intendedAt?: string;
  readonly sentAt?: string;
  readonly doneAt?: string;
  readonly baseline?: string;
  readonly operationId?: string;
  /** It was so already, or somebody else had asked for it. */
  readonly adopted?: true;
  readonly failure?: Failure;
}

export const storyKinds = [
  ...([
    'requested',
    'approvalNeeded',
    'approved',
    'declined',
    'approvalExpired',
    'started',
    'blocked',
    'adopted',
    'intended',
  ] as const),
  ...(['sent', 'unanswered', 'delayed', 'waiting', 'stepDone', 'stepFailed', 'stopped', 'cancelRequested', 'retried'] as const),
  ...(['verified', 'partlyDone', 'failed', 'timedOut', 'cancelled'] as const),
] as const;
export type StoryKind = (typeof storyKinds)[number];

/** One line of the story of an action. Lines are only ever added, in the same write as the change that they tell of. */
export interface StoryLine {
  /** From 1, without a gap. */
  readonly number: number;
  readonly at: string;
  readonly kind: StoryKind;
  /** A person as `tid/oid`; absent for what the connector does. */
  readonly who?: string;
  readonly role?: string;
  readonly step?: string;
  /** How it is at Microsoft, in words. */
  readonly seen?: string;
  readonly answer?: string;
  readonly requestId?: string;
  readonly failure?: Failure;
}

/** Why another person has to agree. */
export type ApprovalCause = 'highImpact' | 'privileged' | 'manyTargets';
export const approvalCauses: readonly ApprovalCause[] = ['highImpact', 'privileged', 'manyTargets'];

/** One action on one target, from the request to its end. */
export interface ActionRow {
  /** SHA-256 of tenant and idempotency key, the first 32 hex digits: the same key is the same row. */
  readonly id: string;
  readonly key: string;
  /** SHA-256 of what was asked for: the same key with another body is refused. */
  readonly body: string;
  readonly tenantId: TenantId;
  readonly action: string;
  readonly target: ActionTarget;
  readonly choice: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly state: ActionState;
  readonly since: string;
  readonly approval?: {
    readonly causes: readonly ApprovalCause[];
    readonly expiresAt: string;
    readonly by?: string;
    readonly at?: string;
  };
  readonly steps: readonly StepRow[];
  /** When it ends as timed out; counted from when it may run. */
  readonly deadline?: string;
  readonly cancel?: { readonly by: string; readonly at: string };
  /** Set while the effect that is there is looked at again. */
  readonly watchUntil?: string;
  readonly story: readonly StoryLine[];
  /** Up to which line the story stands in the audit table and in the operations hub. */
  readonly told: number;
  /** It has left the line of its target. */
  readonly left?: true;
  /** When to look at it next. */
  readonly dueAt: string;
  /** How often it was looked at since it last changed: looks become rarer. */
  readonly looks: number;
  /** Rises with each lease. */
  readonly epoch: number;
  readonly leaseOwner?: string;
  readonly leaseUntil?: string;
}

/** True while something is left to do: its steps, its place in the line, or its story. */
export function hasWork(row: ActionRow): boolean {
  return !isEnd(row.state) || row.left !== true || row.told < row.story.length;
}

/** The rows of actions. Every write is conditional: on the row being new without an etag, else on the etag. Rejects with `conflict`. */
export interface ActionStore extends Pick<RowStore<ActionRow>, 'find' | 'save'> {
  /** Rows with something left to do whose time has come. */
  readonly due: (now: Date, signal: AbortSignal) => AsyncIterable<ActionRow>;
  /** The newest actions of a tenant, or of all, newest first. */
  readonly newest: (tenantId: TenantId | undefined, limit: number, signal: AbortSignal) => Promise<readonly ActionRow[]>;
  /** Deletes the actions that ended before, as far as nothing is left to do about them, and says how many. What dies in between is made up for by the next. */
  readonly forget: (endedBefore: Date, signal: AbortSignal) => Promise<number>;
}

/** The queue of actions to go on with. Messages are hints. */
export interface ActionQueue {
  readonly send: (actionId: string, delayMs: number, signal: AbortSignal) => Promise<void>;
}
