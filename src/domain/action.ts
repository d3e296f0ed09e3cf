import type { CloudId } from './cloud';
import type { Failure } from './failure';
import type { ServicePlan } from './licence';
import type { LimitId } from './limit';
import type { Permission, Run } from './source';

/** What an action is done to. */
export const targetKinds = ['user', 'device'] as const;
export type TargetKind = (typeof targetKinds)[number];

/** A user by object id, or a machine by its id in Defender for Endpoint (40 hex digits). `name` is for people only. */
export interface ActionTarget {
  readonly kind: TargetKind;
  readonly id: string;
  readonly name: string;
  /** The account is mastered on premises: the next directory sync may undo what is done to it. */
  readonly synced?: boolean;
}

/** What was found out about a target in its own tenant before anything is sent. */
export interface TargetReport {
  readonly target: ActionTarget;
  /** Administrator roles that the target holds. */
  readonly roles: readonly string[];
  /** What a person should know before going on, as codes with words of their own. */
  readonly warnings: readonly ActionWarning[];
  /** Why the action cannot be done to this target; absent when nothing is known against it. */
  readonly refusal?: Failure;
  /** How it is now, in words. */
  readonly state: string;
}

export type ActionWarning = 'synced' | 'privileged' | 'offline' | 'licence';

/** What an action may use while it works for a tenant, in the name of the response application. */
export type ActionRun = Pick<Run, 'tenant' | 'now' | 'signal' | 'send'>;

/** What a step knows when it looks or sends. */
export interface StepContext {
  readonly run: ActionRun;
  readonly target: ActionTarget;
  /** One of the action's choices (`Full`, `Quick`); empty for actions without. */
  readonly choice: string;
  /** Stands in what is sent, where the API has room for it, so that what was asked for here is found again. */
  readonly marker: string;
  readonly reason: string;
  /** What `look` saw before the call was made; undefined as long as none was. */
  readonly baseline?: string;
  /** Microsoft's id of what was started. */
  readonly operationId?: string;
}

/**
 * What a step sees at Microsoft. `needed`: not so yet, and nothing is on its way. `underway`: asked for already, by whomever: it is adopted. `blocked`: something
 * opposite is on its way and has to end first. `ended`: what was asked for came to an end without the effect. `foreign`: it is certain that another call did it.
 */
export type Seen =
  | { readonly kind: 'done'; readonly state: string; readonly operationId?: string; readonly foreign?: true }
  | { readonly kind: 'needed'; readonly state: string; readonly baseline?: string }
  | { readonly kind: 'underway'; readonly state: string; readonly operationId: string; readonly waitsFor: 'device' | 'microsoft' }
  | { readonly kind: 'blocked'; readonly state: string }
  | { readonly kind: 'ended'; readonly failure: Failure; readonly cancelled?: true };

/** How Microsoft took a call. */
export interface Sent {
  /** The HTTP status, or Microsoft's word for it. */
  readonly answer: string;
  readonly requestId?: string;
  readonly operationId?: string;
}

/** One step of an action: looks, and makes one call with an effect. May be repeated by whoever finds it. */
export interface ActionStep {
  readonly id: string;
  readonly title: string;
  /** Reads how things are. Throws the failure of a read. */
  readonly look: (context: StepContext) => Promise<Seen>;
  /** The one call with an effect. Throws the failure of a refusal; `unavailable` means that nobody knows what came of it. */
  readonly send: (context: StepContext) => Promise<Sent>;
  /** Asks Microsoft to drop what has not begun yet. */
  readonly cancel?: (context: StepContext) => Promise<void>;
  /** How long the effect is looked at again once it is there, in ms: something may undo it. */
  readonly watchMs?: (target: ActionTarget) => number;
}

/** What is known about an action without running it. The id is part of stored rows: never renamed. */
interface ActionFacts {
  readonly id: string;
  readonly title: string;
  readonly docs: `https://learn.microsoft.com/${string}`;
  readonly targetKind: TargetKind;
  /** Granted to the response application, never to the one that collects. */
  readonly permissions: readonly Permission[];
  readonly anyLicenceOf: readonly ServicePlan[];
  readonly clouds: readonly CloudId[];
  readonly limits: readonly LimitId[];
  /** What may be chosen, the default first; empty when there is nothing to choose. */
  readonly choices: readonly string[];
  /** Always needs another person's approval. */
  readonly highImpact: boolean;
  /** The action that undoes it; undefined when nothing does. */
  readonly reversibleBy: string | undefined;
  /** What "done" means. */
  readonly done: string;
  /** How that is verified. */
  readonly verified: string;
  /** What it cannot promise. */
  readonly cannot: string;
  /** How long it may take at most, in ms: then it ends as timed out. */
  readonly longestMs: number;
}

/** A response action: facts, and functions. It proposes; only the engine moves state. */
export interface Action extends ActionFacts {
  /** Reads the target in its tenant, and says what is known for and against. Throws the failure of a read; one that is not there is a refusal. */
  readonly inspect: (run: ActionRun, id: string, choice: string) => Promise<TargetReport>;
  readonly steps: readonly ActionStep[];
}

/** A machine in Defender for Endpoint: 40 hex digits. https://learn.microsoft.com/defender-endpoint/api/machine */
const machineId = /^[0-9a-f]{40}$/;
const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id in lower case, or undefined when the text is no id of such a target: nothing else ever becomes a part of a path. */
export function parseTargetId(kind: TargetKind, text: string): string | undefined {
  const id = text.toLowerCase();
  return (kind === 'user' ? guid : machineId).test(id) ? id : undefined;
}
