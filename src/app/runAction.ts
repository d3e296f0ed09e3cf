import type { Action, ActionStep, Seen, StepContext } from '../domain/action';
import * as life from '../domain/actionLife';
import { hasWork, isEnd } from '../domain/actionRow';
import type { ActionRow, StepRow } from '../domain/actionRow';
import { disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { Tenant } from '../domain/tenant';
import { without } from '../domain/without';
import type { ActPorts } from './actPorts';
import { changeAction, joinLine, leaveLine } from './changeAction';
import { tellAction } from './tellAction';

const leaseMs = 180_000;
/** How long one message goes on with an action before it makes room for others. */
const budgetMs = 60_000;
/** Waits up to this are waited here; longer ones go back on the queue. */
const shortWaitMs = 10_000;
/** How long a call may be under way, and how late it may begin after it was written down. */
const callMs = 45_000;
const freshMs = 20_000;
/** After this, a call whose answer is not known has either had its effect or never will: more than the two above together. */
const settleMs = 120_000;
/** How long the effect of a call that Microsoft took may take to show. */
const showsWithinMs = 15 * 60_000;
const idleMs = 60_000;

/** Looks become rarer the longer nothing happens. In ms. */
const cadence = [1_000, 2_000, 3_000, 5_000, 10_000, 15_000, 30_000, 60_000, 60_000, 60_000, 120_000, 300_000];
const nextLookMs = (looks: number): number => cadence[Math.min(looks, cadence.length - 1)] ?? idleMs;

/** Somebody else has gone on with the action. */
class LeaseLost extends Error {}

/** An action while it is at work: its row under a lease. */
interface Work {
  readonly ports: ActPorts;
  readonly signal: AbortSignal;
  readonly row: () => ActionRow;
  /** Makes a change durable; repeated on the row as it is when a person changed it meanwhile. Throws LeaseLost. */
  readonly apply: (change: (row: ActionRow, now: Date) => ActionRow, lease?: 'keep' | 'end') => Promise<ActionRow>;
}

/** What to do after a piece of work: go on at once, or look again after a while; `over` when nothing is left. */
type Next = 'now' | 'over' | { readonly waitMs: number };

/**
 * Goes on with an action until it has ended, has to wait, or time is up. Each change is made durable before what follows from it, under a lease, so that a
 * process that dies anywhere is followed by one that goes on: it reads what is so at Microsoft before it sends anything.
 */
export async function runAction(ports: ActPorts, id: string, signal: AbortSignal): Promise<void> {
  const work = await lease(ports, id, signal);
  if (work === undefined) return;
  const endsAt = ports.clock.now().getTime() + budgetMs;
  try {
    for (let looks = work.row().looks; ; looks += 1) {
      const before = work.row().story.length;
      const next = await advance(work);
      if (work.row().story.length > before) looks = 0;
      if (next === 'now') continue;
      const isTold = await tell(work);
      if (next === 'over' && isTold) {
        await park(work, undefined, 0);
        return;
      }
      const waitMs = next === 'over' ? idleMs : Math.max(next.waitMs, next.waitMs === 0 ? nextLookMs(looks) : 0);
      if (waitMs > shortWaitMs || ports.clock.now().getTime() + waitMs > endsAt) {
        await park(work, waitMs, looks + 1);
        return;
      }
      await ports.clock.sleep(waitMs, signal);
    }
  } catch (error) {
    if (error instanceof LeaseLost) return;
    throw error;
  }
}

/** Takes the lease; undefined when somebody has it, or there is nothing to do. */
async function lease(ports: ActPorts, id: string, signal: AbortSignal): Promise<Work | undefined> {
  const { actions, clock, actOptions } = ports;
  const found = await actions.find(id, signal);
  if (found === undefined || !hasWork(found.row)) return undefined;
  const now = clock.now();
  if (found.row.leaseUntil !== undefined && Date.parse(found.row.leaseUntil) > now.getTime()) return undefined;
  const epoch = found.row.epoch + 1;
  const leased = (row: ActionRow): ActionRow => ({
    ...row,
    ...{ epoch, leaseOwner: actOptions.owner, leaseUntil: new Date(clock.now().getTime() + leaseMs).toISOString() },
  });
  let { row, etag } = found;
  const save = async (next: ActionRow): Promise<void> => {
    etag = await actions.save(next, etag, signal);
    row = next;
  };
  try {
    await save(leased(row));
  } catch (error) {
    if (failureOf(error)?.kind === 'conflict') return undefined;
    throw error;
  }
  return {
    ...{ ports, signal, row: () => row },
    apply: async (change, how = 'keep') => {
      for (let attempt = 1; ; attempt += 1) {
        const next = change(row, clock.now());
        try {
          if (next !== row) await save(how === 'keep' ? leased(next) : without(next, 'leaseOwner', 'leaseUntil'));
          return row;
        } catch (error) {
          if (failureOf(error)?.kind !== 'conflict' || attempt > 8) throw error;
          const present = await actions.find(id, signal);
          if (present?.row.epoch !== epoch) throw new LeaseLost();
          ({ row, etag } = present);
        }
      }
    },
  };
}

/** Gives the lease back, and has the action looked at again after a while; without one, nothing is left. */
async function park({ ports, apply, row, signal }: Work, waitMs: number | undefined, looks: number): Promise<void> {
  const known = row().story.length;
  // What a person did meanwhile is looked at at once: their own message found the lease taken.
  const waitOf = ({ story }: ActionRow): number => (story.length > known ? 0 : (waitMs ?? 0));
  const parked = (present: ActionRow, now: Date): ActionRow => {
    const dueAt = new Date(now.getTime() + waitOf(present)).toISOString();
    return { ...present, looks, dueAt };
  };
  await apply(parked, 'end');
  if (hasWork(row())) await ports.actionQueue.send(row().id, waitOf(row()), signal);
}

/** Tells what is not told yet; false when it has to be tried again. */
async function tell(work: Work): Promise<boolean> {
  const { ports, signal, row, apply } = work;
  const upTo = row().story.length;
  if (row().told >= upTo) return true;
  try {
    await tellAction(ports, row(), signal);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'cancelled') throw error;
    ports.telemetry.event('actionNotTold', 'warning', { tenant: row().tenantId, failure: failure.kind, code: failure.code });
    return false;
  }
  await apply((present) => ({ ...present, told: Math.max(present.told, upTo) }));
  return true;
}

async function advance(work: Work): Promise<Next> {
  const { ports, signal, row, apply } = work;
  const now = ports.clock.now();
  const present = row();
  if (isEnd(present.state)) return leave(work);
  if (present.state === 'approval') {
    const { approval } = present;
    if (present.cancel !== undefined) return after(apply(life.cancelled));
    const leftMs = approval === undefined ? 0 : Date.parse(approval.expiresAt) - now.getTime();
    if (leftMs > 0) return { waitMs: leftMs };
    return after(apply((one, at) => (one.state === 'approval' ? life.approvalExpired(one, at) : one)));
  }
  const { actions: order } = await joinLine(ports, present, signal);
  const [head] = order;
  if (head !== undefined && head !== present.id) {
    if (present.cancel !== undefined) return after(apply(life.cancelled));
    return behind(work, head);
  }
  const found = await ports.tenants.find(present.tenantId, signal);
  const action = ports.registry.get(present.action);
  const responder = found === undefined ? undefined : ports.responder(found.tenant);
  if (action === undefined || responder === undefined) return giveUp(work, 'responseNotSetUp');
  await apply((one, at) => life.started(one, at));
  return act(work, action, responder);
}

async function after(change: Promise<unknown>): Promise<'now'> {
  await change;
  return 'now';
}

/** Waits for those before it; helps one that ended and died before it made room, or that a process which stood still put back in line. */
async function behind({ ports, signal, row }: Work, head: string): Promise<Next> {
  const first = await ports.actions.find(head, signal);
  if (first === undefined) {
    // Only an action that ended is ever deleted.
    await leaveLine(ports, { ...row(), id: head }, signal);
    return 'now';
  }
  if (!isEnd(first.row.state)) return { waitMs: idleMs };
  // It leaves by its own worker, which nobody who tries it again can cross.
  const dueAt = ports.clock.now().toISOString();
  const leaveAgain = (one: ActionRow): ActionRow | undefined =>
    isEnd(one.state) && one.left === true ? { ...without(one, 'left'), dueAt } : undefined;
  await changeAction(ports, head, leaveAgain, signal);
  await ports.actionQueue.send(head, 0, signal);
  return { waitMs: idleMs };
}

/** Makes room for the next in line, and wakes it. */
async function leave({ ports, row, apply, signal }: Work): Promise<Next> {
  if (row().left === true) return 'over';
  const { actions } = await leaveLine(ports, row(), signal);
  const [next] = actions;
  if (next !== undefined) await ports.actionQueue.send(next, 0, signal);
  await apply((one) => ({ ...one, left: true }));
  return 'over';
}

/** The tenant, the action or the response application is gone: nothing can be done or seen any more. */
async function giveUp({ apply }: Work, code: string): Promise<Next> {
  const failure: Failure = { kind: 'actionRefused', code, detail: '' };
  return after(
    apply((one, now) => {
      const step = life.presentStep(one);
      return step === undefined ? life.verified(one, now) : life.stepFailed(one, step, failure, now);
    }),
  );
}

async function act(work: Work, action: Action, responder: Tenant): Promise<Next> {
  const { row, apply, ports } = work;
  const present = row();
  const step = life.presentStep(present);
  if (step === undefined) return watch(work, action, responder);
  const how = action.steps.find(({ id }) => id === step.id);
  if (how === undefined) return giveUp(work, 'responseNotSetUp');
  const context = contextOf(work, responder, step);
  const late = present.deadline !== undefined && ports.clock.now().getTime() >= Date.parse(present.deadline);
  if (present.cancel !== undefined && step.state === 'pending') return after(apply(life.cancelled));
  if (late && step.state !== 'sent') return after(apply(life.timedOut));
  const dropped = (present.cancel !== undefined || late) && step.state === 'sent' ? await drop(how, context) : undefined;
  if (dropped !== undefined && !late) return waitFor(dropped);
  const what = await look(work, how, context, step);
  if ('next' in what) return what.next;
  const isOver = what.kind === 'done' || (what.kind === 'ended' && what.cancelled !== true);
  if (late && !isOver) return after(apply(life.timedOut));
  switch (what.kind) {
    case 'done': {
      // Ours may have had its effect as well, and not show yet.
      const settlesInMs = what.foreign === true ? unsettledMs(step, ports.clock.now().getTime()) : 0;
      if (settlesInMs > 0) return { waitMs: Math.min(settlesInMs, Math.max(nextLookMs(row().looks), 5_000)) };
      return after(apply((one, now) => life.seen(one, step, what, now)));
    }
    case 'ended':
      return after(apply((one, now) => life.seen(one, step, what, now)));
    case 'underway':
      await apply((one, now) => life.seen(one, step, what, now));
      return { waitMs: 0 };
    case 'blocked':
      await apply((one, now) => life.blocked(one, step, what.state, now));
      return { waitMs: 0 };
    case 'needed':
      return needed(work, { how, responder, step, what });
  }
}

/** How long it takes until what came of a call is sure to show; 0 for a step without a call of which the answer is not known. */
function unsettledMs(step: StepRow, now: number): number {
  return step.state === 'intended' ? Math.max(0, Date.parse(step.intendedAt ?? '') + settleMs - now) : 0;
}

function contextOf({ ports, signal: own, row }: Work, responder: Tenant, step: StepRow, signal = own): StepContext {
  const { id, target, choice, reason } = row();
  return {
    run: ports.actionRun(responder, signal),
    ...{ target, choice, reason, marker: `m365c:${id}.${step.id}.${step.attempt}` },
    ...(step.baseline === undefined ? {} : { baseline: step.baseline }),
    ...(step.operationId === undefined ? {} : { operationId: step.operationId }),
  };
}

/** Asks Microsoft to drop what has not begun; the failure when that could not be asked. */
async function drop(how: ActionStep, context: StepContext): Promise<Failure | undefined> {
  try {
    await how.cancel?.(context);
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'cancelled') throw error;
    return failure;
  }
}

async function look(
  { apply }: Work,
  how: ActionStep,
  context: StepContext,
  step: StepRow,
): Promise<Seen | { readonly next: Next }> {
  try {
    return await how.look(context);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'cancelled') throw error;
    // What was sent cannot be called failed because it cannot be seen.
    if (disposition(failure) !== 'person' || step.state !== 'pending') {
      if (disposition(failure) === 'person') await apply((one, now) => life.unanswered(one, step, failure, now));
      return { next: waitFor(failure) };
    }
    return { next: await after(apply((one, now) => life.stepFailed(one, step, failure, now))) };
  }
}

function waitFor(failure: Failure): Next {
  return { waitMs: failure.kind === 'throttled' ? (failure.retryAfterMs ?? 0) : 0 };
}

interface Needed {
  readonly how: ActionStep;
  readonly responder: Tenant;
  readonly step: StepRow;
  readonly what: Extract<Seen, { kind: 'needed' }>;
}

async function needed(work: Work, { how, responder, step, what }: Needed): Promise<Next> {
  const { ports, row, apply } = work;
  const now = ports.clock.now().getTime();
  if (step.state === 'sent') {
    if (now - Date.parse(step.sentAt ?? '') < showsWithinMs) return { waitMs: 0 };
    const failure: Failure = { kind: 'actionRefused', code: 'notSeen', detail: what.state };
    return after(apply((one, at) => life.stepFailed(one, step, failure, at)));
  }
  if (step.state === 'intended') {
    const settlesInMs = unsettledMs(step, now);
    if (settlesInMs > 0) return { waitMs: Math.min(settlesInMs, Math.max(nextLookMs(row().looks), 5_000)) };
    if (row().cancel !== undefined) return after(apply(life.cancelled));
  }
  if (ports.actOptions.mode !== 'on') {
    await apply(life.stopped);
    return { waitMs: idleMs };
  }
  return call(work, { how, responder, step, what });
}

/** The one place where something is sent: written down first, then sent, then written down how Microsoft took it. */
async function call(work: Work, { how, responder, step, what }: Needed): Promise<Next> {
  const { ports, apply, signal } = work;
  const present = await apply((one, now) => (one.cancel === undefined ? life.intended(one, step, what.baseline, now) : one));
  if (present.cancel !== undefined && step.state === 'pending') return 'now';
  const written = present.steps.find(({ id }) => id === step.id) ?? step;
  const delay = async (failure: Failure): Promise<Next> => {
    await apply((one, now) => life.delayed(one, written, failure, now));
    return waitFor(failure);
  };
  // A process that stood still is not to act on what it decided then: another may be at work.
  if (ports.clock.now().getTime() - Date.parse(written.intendedAt ?? '') > freshMs)
    return delay({ kind: 'unavailable', code: 'stoodStill' });
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(callMs)]);
  try {
    const answer = await how.send(contextOf(work, responder, written, inTime));
    return await after(apply((one, now) => life.sent(one, written, answer, now)));
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    const failure = failureOf(error);
    if (failure === undefined || signal.aborted) throw error;
    if (isUnknown(failure)) {
      await apply((one, now) => life.unanswered(one, written, failure, now));
      return { waitMs: 0 };
    }
    if (isLater(failure)) return delay(failure);
    return after(apply((one, now) => life.stepFailed(one, written, failure, now)));
  }
}

/** Nobody knows whether it had its effect. */
function isUnknown({ kind }: Failure): boolean {
  return kind === 'unavailable' || kind === 'unexpectedResponse' || kind === 'cancelled';
}

/** It had none, and may be sent again. */
function isLater({ kind }: Failure): boolean {
  return kind === 'throttled' || kind === 'replicating' || kind === 'unauthorized' || kind === 'storeUnavailable';
}

/** All steps are done: where something may undo them, they are looked at for a while before they count as verified. */
async function watch(work: Work, action: Action, responder: Tenant): Promise<Next> {
  const { ports, row, apply } = work;
  const { steps, target, watchUntil } = row();
  const watched = action.steps.flatMap((how) => {
    const step = steps.find(({ id }) => id === how.id);
    const forMs = how.watchMs?.(target) ?? 0;
    return step === undefined || forMs === 0 ? [] : [{ how, step, untilMs: Date.parse(step.doneAt ?? '') + forMs }];
  });
  if (watched.length === 0) return after(apply(life.verified));
  const untilMs = Math.max(...watched.map((one) => one.untilMs));
  if (watchUntil === undefined) return after(apply((one) => life.watching(one, new Date(untilMs))));
  for (const { how, step } of watched) {
    const what = await look(work, how, contextOf(work, responder, step), step);
    if ('next' in what) return what.next;
    if (what.kind === 'done') continue;
    const failure: Failure = { kind: 'actionRefused', code: 'reverted', detail: 'state' in what ? what.state : '' };
    return after(apply((one, now) => life.stepFailed(one, step, failure, now)));
  }
  const leftMs = untilMs - ports.clock.now().getTime();
  return leftMs <= 0 ? after(apply(life.verified)) : { waitMs: Math.min(leftMs, 5 * 60_000) };
}

/** Puts the actions that have stopped moving, because a message was lost or a process died, back on the queue. */
export async function resumeActions(ports: ActPorts, signal: AbortSignal): Promise<{ readonly actions: number }> {
  let count = 0;
  const now = ports.clock.now();
  for await (const row of ports.actions.due(now, signal)) {
    if (row.leaseUntil !== undefined && Date.parse(row.leaseUntil) > now.getTime()) continue;
    await ports.actionQueue.send(row.id, 0, signal);
    count += 1;
  }
  return { actions: count };
}
