import fc from 'fast-check';
import type { CredentialRing, RingCredential } from '../../src/domain/credential';
import * as machine from '../../src/domain/rotation';
import { nextAction, rotationTimes, warned } from '../../src/domain/rotation';
import { without } from '../../src/domain/without';

const start = Date.parse('2026-11-22T12:00:00Z');
const dayMs = 86_400_000;

function credential(number: number, at: number, days = 180): RingCredential {
  const times = { startsAt: new Date(at).toISOString(), expiresAt: new Date(at + days * dayMs).toISOString() };
  return { version: `v${number}`, keyId: `k${number}`, ours: true, ...times };
}

function ringAt(at: number): CredentialRing {
  return {
    ...{ name: 'ring', kind: 'clientSecret', cloud: 'commercial', clientId: 'c', tenantId: 't', foreign: [] },
    ...{ current: credential(0, at), dueAt: new Date(at).toISOString(), facts: [], etag: '"1"' },
  };
}

/** What the world does to each step: it works, is refused, is refused for good, or nothing answers. */
const luck = fc.constantFrom('works', 'refused', 'silent');
const moves = fc.array(fc.record({ luck, waitMinutes: fc.integer({ min: 0, max: 36 * 60 }), given: fc.nat({ max: 40 }) }), {
  minLength: 1,
  maxLength: 120,
});

/** Plays a step of the machine as the executor would, with that luck. */
function played(
  ring: CredentialRing,
  now: Date,
  how: 'works' | 'refused' | 'silent',
  next: () => RingCredential,
): CredentialRing {
  const action = nextAction(ring, now);
  const { rotation, current, staged } = ring;
  const refusal = { kind: 'credentialRejected', code: 'AADSTS7000215', detail: '' } as const;
  if (how === 'silent' || action.kind === 'wait') return ring;
  if (action.kind === 'compare') return warned({ ...ring, comparedAt: now.toISOString() }, now);
  if (action.kind === 'reap') return without(ring, 'reapAt');
  if (action.kind === 'plan') return machine.planned(ring, 'id', action.reason, now);
  if (rotation === undefined || current === undefined) throw new Error('no rotation');
  switch (action.kind) {
    case 'add':
      if (how === 'refused') return machine.anotherAttempt(ring, rotation);
      return machine.staged(machine.asking(ring, rotation, now), rotation, next(), now);
    case 'verify':
      return machine.tried(ring, rotation, how === 'works' ? undefined : refusal, now);
    case 'switch':
      if (staged === undefined) throw new Error('nothing staged');
      return machine.switched(ring, rotation, staged, now);
    case 'watch': {
      const after = machine.tried(ring, rotation, how === 'works' ? undefined : refusal, now);
      if (after.rotation === undefined || !machine.isRefusedForGood(after.rotation)) return after;
      return machine.rolledBack(after, after.rotation, refusal, now);
    }
    case 'retire':
      if (rotation.step !== 'retiring') return machine.retiring(ring, rotation, now);
      return machine.retired(ring);
    case 'abort':
      if (rotation.step !== 'aborting') return machine.aborting(ring, rotation, refusal, now);
      return machine.aborted(ring, rotation, now);
  }
}

describe('the ring', () => {
  it('whatever happens points at a credential that was seen to work, knows at most three, and never loses the one in use', () => {
    fc.assert(
      fc.property(moves, (all) => {
        let now = start;
        let ring = ringAt(now);
        let count = 0;
        const next = () => credential((count += 1), now);
        const seen = new Set(['v0']);
        for (const move of all) {
          now += move.waitMinutes * 60_000;
          const before = ring;
          if (move.given === 0) {
            const given = next();
            seen.add(given.version);
            ring = machine.given(ring, 'given', given, new Date(now));
          } else ring = played(ring, new Date(now), move.luck, next);
          const oks = ring.rotation?.step === 'verifying' ? ring.rotation.verifiedAt : [];
          const spanMs = Date.parse(oks.at(-1) ?? '') - Date.parse(oks[0] ?? '');
          if (oks.length >= 3 && spanMs >= 60_000 && ring.staged !== undefined) seen.add(ring.staged.version);
          const known = [ring.current, ring.previous, ring.staged].flatMap((one) => one?.version ?? []);
          expect(ring.current).toBeDefined();
          expect(seen).toContain(ring.current?.version);
          expect(known.length).toBeLessThanOrEqual(3);
          expect(new Set(known).size).toBe(known.length);
          // The way back is there until the step from which there is none was made durable.
          if (before.previous !== undefined && ring.previous === undefined && move.given !== 0)
            expect(before.rotation?.step === 'retiring' || ring.current?.version === before.previous.version).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('rotates at half of its life, not before', () => {
    const ring = { ...ringAt(start), comparedAt: new Date(start + 89.5 * dayMs).toISOString() };

    expect(nextAction(ring, new Date(start + 90 * dayMs - 1))).toEqual({ kind: 'wait', until: new Date(start + 90 * dayMs) });
    expect(nextAction(ring, new Date(start + 90 * dayMs))).toEqual({ kind: 'plan', reason: 'due' });
  });

  it('does not rotate what it may not look at, and warns at 45, 30, 14, 7 and 1 days, once each', () => {
    const failure = { kind: 'permissionMissing', code: '403', permission: 'x' } as const;
    let ring: CredentialRing = { ...ringAt(start), unseen: failure };
    for (let day = 0; day <= 185; day += 0.5) {
      const now = new Date(start + day * dayMs);
      const action = nextAction(ring, now);
      expect(['compare', 'wait']).toContain(action.kind);
      if (action.kind === 'compare') ring = warned({ ...ring, comparedAt: now.toISOString() }, now);
    }

    expect(ring.facts.map(({ kind, daysLeft }) => [kind, daysLeft])).toEqual(
      [45, 30, 14, 7, 1].map((days) => ['nearExpiry', days]),
    );
  });

  it('waits for a login in a row over a minute, and gives up after a quarter of an hour of refusals', () => {
    const refusal = { kind: 'credentialRejected', code: 'AADSTS7000215', detail: '' } as const;
    const at = (seconds: number) => new Date(start + seconds * 1_000);
    const begun = machine.planned(ringAt(start), 'id', 'asked', at(0));
    if (begun.rotation === undefined) throw new Error('no rotation');
    let ring = machine.staged(begun, begun.rotation, credential(1, start), at(0));
    const tryAt = (seconds: number, ok: boolean): string => {
      if (ring.rotation === undefined) throw new Error('no rotation');
      ring = machine.tried(ring, ring.rotation, ok ? undefined : refusal, at(seconds));
      return nextAction(ring, at(seconds)).kind;
    };

    expect([tryAt(0, true), tryAt(30, true), tryAt(60, false), tryAt(90, true)]).toEqual(['wait', 'wait', 'wait', 'wait']);
    expect(tryAt(120, true)).toBe('wait');
    expect(tryAt(150, true)).toBe('switch');
    expect(tryAt(rotationTimes.verifyPatience / 1_000 - 1, false)).toBe('wait');
    expect(tryAt(rotationTimes.verifyPatience / 1_000, false)).toBe('abort');
  });
});
