import type { CredentialRing, RingCredential, RingFact, Rotation, RotationReason } from './credential';
import { daysLeft, isStored } from './credential';
import type { Failure } from './failure';
import { without } from './without';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The times a rotation keeps, in ms. Entra ID's replicas follow within seconds to minutes, which is what most of them allow for. */
export const rotationTimes = {
  /**
   * How long a credential that was asked for may take to show up in the list before it is asked for again: longer than it takes Entra ID's replicas, so
   * that one whose value was lost is found, and removed, before there are more.
   */
  shows: 4 * minuteMs,
  verifyEvery: 30_000,
  /** Logins in a row have to work over this span before the pointer moves. */
  verifySpan: minuteMs,
  verifyPatience: 15 * minuteMs,
  /** How long the credential before stays good after the switch: many times what an instance keeps the pointer for. */
  grace: dayMs,
  watchEvery: hourMs,
  /** An unused credential of ours is removed at this age, and looked for this long after one was asked for. */
  orphanAge: 10 * minuteMs,
  reapAfter: 20 * minuteMs,
  retryAfter: 6 * hourMs,
  retryWithoutPermission: dayMs,
  compareEvery: dayMs,
} as const;

const verifyTimes = 3;
const mostAttempts = 5;
const overdueMs = 7 * dayMs;
const halfOfUnknownLifeMs = 90 * dayMs;
/** How long a new credential lives, in days: the first that no policy of the tenant refuses. */
export const lifeDays = [180, 90, 30] as const;
/** Days before the end at which a person is warned. */
const warningDays = [45, 30, 14, 7, 1] as const;

/** What is to be done about a ring now. */
export type RingAction =
  | { readonly kind: 'wait'; readonly until: Date }
  | { readonly kind: 'compare' | 'add' | 'verify' | 'switch' | 'watch' | 'retire' | 'abort' | 'reap' }
  | { readonly kind: 'plan'; readonly reason: RotationReason };

/** Decides, from what is stored alone, what is to be done about a ring now. */
export function nextAction(ring: CredentialRing, now: Date): RingAction {
  const { rotation, current } = ring;
  if (!isStored(ring.kind) || current === undefined) return waitUntil(now.getTime() + 30 * dayMs);
  if (ring.reapAt !== undefined && now.getTime() >= Date.parse(ring.reapAt)) return { kind: 'reap' };
  const action = rotation === undefined ? restingAction(ring, now) : rotatingAction(rotation, now);
  if (action.kind !== 'wait' || ring.reapAt === undefined) return action;
  return waitUntil(Math.min(action.until.getTime(), Date.parse(ring.reapAt)));
}

function restingAction(ring: CredentialRing, now: Date): RingAction {
  const at = now.getTime();
  const compareAt = ring.comparedAt === undefined ? at : Date.parse(ring.comparedAt) + rotationTimes.compareEvery;
  if (at >= compareAt) return { kind: 'compare' };
  const dueAt = rotationDueAt(ring);
  if (dueAt === undefined || ring.unseen !== undefined) return waitUntil(compareAt);
  const startAt = Math.max(dueAt, ring.failing === undefined ? 0 : Date.parse(ring.failing.retryAt));
  if (at < startAt) return waitUntil(Math.min(compareAt, startAt));
  return { kind: 'plan', reason: ring.current?.removed === true ? 'broken' : 'due' };
}

/** When half of the life is over, in ms since 1970; a credential that was removed is due at once; undefined when the end is not known. */
export function rotationDueAt({ current }: Pick<CredentialRing, 'current'>): number | undefined {
  if (current?.removed === true) return 0;
  if (current?.expiresAt === undefined) return undefined;
  const end = Date.parse(current.expiresAt);
  return current.startsAt === undefined ? end - halfOfUnknownLifeMs : (Date.parse(current.startsAt) + end) / 2;
}

function rotatingAction(rotation: Rotation, now: Date): RingAction {
  switch (rotation.step) {
    case 'adding':
      return rotation.attempt > mostAttempts ? { kind: 'abort' } : { kind: 'add' };
    case 'verifying':
      return verifyingAction(rotation, now);
    case 'grace':
      return graceAction(rotation, now);
    case 'retiring':
      return { kind: 'retire' };
    case 'aborting':
      return { kind: 'abort' };
  }
}

function verifyingAction({ verifiedAt, refusedAt, since }: Rotation, now: Date): RingAction {
  if (verifiedAt.length >= verifyTimes && spanOf(verifiedAt) >= rotationTimes.verifySpan) return { kind: 'switch' };
  const last = refusedAt.at(-1) ?? verifiedAt.at(-1);
  const patienceEnds = Date.parse(since) + rotationTimes.verifyPatience;
  if (refusedAt.length > 0 && now.getTime() >= patienceEnds) return { kind: 'abort' };
  const nextAt = last === undefined ? now.getTime() : Date.parse(last) + rotationTimes.verifyEvery;
  return now.getTime() >= nextAt ? { kind: 'verify' } : waitUntil(nextAt);
}

function graceAction({ verifiedAt, refusedAt, since }: Rotation, now: Date): RingAction {
  const at = now.getTime();
  const endsAt = Date.parse(since) + rotationTimes.grace;
  const ok = verifiedAt.at(-1) ?? since;
  const refused = refusedAt.at(-1);
  const watchAt =
    refused === undefined ? Date.parse(ok) + rotationTimes.watchEvery : Date.parse(refused) + rotationTimes.verifyEvery;
  if (at >= watchAt) return { kind: 'watch' };
  // The last watch was less than an hour ago, and well.
  if (at >= endsAt && refused === undefined && verifiedAt.length > 0) return { kind: 'retire' };
  return waitUntil(at < endsAt ? Math.min(watchAt, endsAt) : watchAt);
}

/** Refused so often, over so long, that it is not a replica that lags. */
export function isRefusedForGood({ refusedAt }: Rotation): boolean {
  return refusedAt.length >= verifyTimes && spanOf(refusedAt) >= rotationTimes.verifySpan;
}

function spanOf(times: readonly string[]): number {
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined ? 0 : Date.parse(last) - Date.parse(first);
}

function waitUntil(at: number): RingAction {
  return { kind: 'wait', until: new Date(at) };
}

/** Begins a rotation. */
export function planned(ring: CredentialRing, id: string, reason: RotationReason, now: Date): CredentialRing {
  const at = now.toISOString();
  const rotation: Rotation = {
    ...{ id, reason, step: 'adding', since: at, startedAt: at, attempt: 1 },
    ...{ lifeDays: lifeDays[0], verifiedAt: [], refusedAt: [] },
  };
  return { ...ring, rotation };
}

/** Notes that a credential is about to be asked for; from here on one may exist that nobody has read. */
export function asking(ring: CredentialRing, rotation: Rotation, now: Date): CredentialRing {
  const reapAt = new Date(now.getTime() + rotationTimes.reapAfter).toISOString();
  return { ...ring, rotation: { ...rotation, askedAt: now.toISOString() }, reapAt };
}

/** Goes on to the next attempt, under another name. */
export function anotherAttempt(ring: CredentialRing, rotation: Rotation, changes: Partial<Rotation> = {}): CredentialRing {
  return { ...ring, rotation: { ...without(rotation, 'askedAt'), attempt: rotation.attempt + 1, ...changes } };
}

/** Has the new credential, in the key vault and at the application, and begins to try it. */
export function staged(ring: CredentialRing, rotation: Rotation, credential: RingCredential, now: Date): CredentialRing {
  const step = { step: 'verifying', since: now.toISOString(), verifiedAt: [], refusedAt: [] } as const;
  return { ...ring, staged: credential, rotation: { ...rotation, ...step } };
}

/** Notes a login with the credential that is tried or watched; one that worked counts only in a row. */
export function tried(ring: CredentialRing, rotation: Rotation, refusal: Failure | undefined, now: Date): CredentialRing {
  const at = now.toISOString();
  const [verifiedAt, refusedAt] =
    refusal === undefined
      ? [[...rotation.verifiedAt, at].slice(rotation.step === 'grace' ? -1 : -10), []]
      : [[], [...rotation.refusedAt, at].slice(-10)];
  const failure = refusal === undefined ? {} : { failure: refusal };
  return { ...ring, rotation: { ...without(rotation, 'failure'), verifiedAt, refusedAt, ...failure } };
}

/** Moves the pointer to the credential that was seen to work; the one before stays usable for the grace period. */
export function switched(ring: CredentialRing, rotation: Rotation, credential: RingCredential, now: Date): CredentialRing {
  const { current } = ring;
  const step = { step: 'grace', since: now.toISOString(), verifiedAt: [], refusedAt: [] } as const;
  const fact = factOf('rotated', rotation.id, now, credential);
  const base = without(ring, 'staged', 'warnedDays', 'failing');
  return {
    ...{ ...base, current: credential, rotation: { ...without(rotation, 'failure'), ...step }, facts: [...ring.facts, fact] },
    ...(current === undefined ? {} : { previous: current }),
  };
}

/** Takes the credential a person gave, which was seen to work, as the one in use. What was being tried is left to the reaper. */
export function given(ring: CredentialRing, id: string, credential: RingCredential, now: Date): CredentialRing {
  const { current } = ring;
  const at = now.toISOString();
  const left = leftBehind(ring);
  const base = without(left, 'staged', 'rotation', 'previous', 'warnedDays', 'failing', 'comparedAt', 'unseen');
  const fact = factOf('given', id, now, credential);
  const reapAt = { reapAt: new Date(now.getTime() + rotationTimes.reapAfter).toISOString() };
  if (current === undefined) return { ...base, current: credential, facts: [...ring.facts, fact] };
  const rotation: Rotation = {
    ...{ id, reason: 'given', step: 'grace', since: at, startedAt: at, attempt: 0, lifeDays: lifeDays[0] },
    ...{ verifiedAt: [], refusedAt: [] },
  };
  return { ...base, ...reapAt, current: credential, previous: current, rotation, facts: [...ring.facts, fact] };
}

/** Decides to remove the credential before; from here on there is no way back to it. */
export function retiring(ring: CredentialRing, rotation: Rotation, now: Date): CredentialRing {
  return { ...ring, rotation: { ...rotation, step: 'retiring', since: now.toISOString() } };
}

/** The credential before is gone; the rotation is over. */
export function retired(ring: CredentialRing): CredentialRing {
  return without(leftBehind(ring), 'previous', 'rotation');
}

/** A credential before that is not ours stays at the application; nobody needs to be told of it as of a strange one. */
function leftBehind(ring: CredentialRing): CredentialRing {
  const { previous, foreign } = ring;
  if (foreign === undefined || previous?.keyId === undefined || previous.ours) return ring;
  return { ...ring, foreign: [...foreign, previous.keyId] };
}

/** Goes back to the credential before, because the new one stopped working; the new one is then removed. */
export function rolledBack(ring: CredentialRing, rotation: Rotation, failure: Failure, now: Date): CredentialRing {
  const { current, previous } = ring;
  if (current === undefined || previous === undefined) return ring;
  const fact = { ...factOf('rolledBack', rotation.id, now, previous), failure };
  const back = { ...without(ring, 'previous'), current: previous, staged: current, facts: [...ring.facts, fact] };
  return aborting(back, rotation, failure, now);
}

/** Decides to give the rotation up; the credential in use is not touched. */
export function aborting(ring: CredentialRing, rotation: Rotation, failure: Failure, now: Date): CredentialRing {
  return { ...ring, rotation: { ...rotation, step: 'aborting', since: now.toISOString(), failure } };
}

/** What was tried is gone; the rotation is begun again later. */
export function aborted(ring: CredentialRing, rotation: Rotation, now: Date): CredentialRing {
  const failure: Failure = rotation.failure ?? { kind: 'unexpectedResponse', code: 'neverListed', detail: '' };
  const waitMs =
    failure.kind === 'permissionMissing' || failure.kind === 'blockedByPolicy'
      ? rotationTimes.retryWithoutPermission
      : rotationTimes.retryAfter;
  const failing = {
    since: ring.failing?.since ?? now.toISOString(),
    times: (ring.failing?.times ?? 0) + 1,
    failure,
    retryAt: new Date(now.getTime() + waitMs).toISOString(),
  };
  const fact = { ...factOf('rotationFailing', rotation.id, now, ring.current), failure };
  return { ...without(ring, 'staged', 'rotation'), failing, facts: [...ring.facts, fact] };
}

/** Adds a warning when the end has come nearer than at the last one, unless the rotation that will see to it has only just become due. */
export function warned(ring: CredentialRing, now: Date): CredentialRing {
  const dueAt = rotationDueAt(ring);
  const handled = ring.unseen === undefined && ring.failing === undefined && dueAt !== undefined;
  if (handled && now.getTime() < dueAt + overdueMs) return ring;
  const left = daysLeft(ring.current, now);
  const threshold = left === undefined ? undefined : warningDays.findLast((days) => left <= days);
  if (threshold === undefined || (ring.warnedDays !== undefined && ring.warnedDays <= threshold)) return ring;
  const fact = factOf('nearExpiry', `${ring.current?.version ?? ''}-${threshold}`, now, ring.current);
  return { ...ring, warnedDays: threshold, facts: [...ring.facts, fact] };
}

/** A fact to tell about a credential of the ring. */
export function factOf(kind: RingFact['kind'], id: string, now: Date, about: RingCredential | undefined): RingFact {
  const left = daysLeft(about, now);
  return {
    ...{ kind, id, at: now.toISOString() },
    ...(left === undefined ? {} : { daysLeft: left }),
    ...(about?.expiresAt === undefined ? {} : { expiresAt: about.expiresAt }),
    ...(about?.keyId === undefined ? {} : { keyId: about.keyId }),
  };
}
