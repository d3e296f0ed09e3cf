import fc from 'fast-check';
import type { Seen } from '../../src/domain/action';
import * as life from '../../src/domain/actionLife';
import { isEnd } from '../../src/domain/actionRow';
import type { ActionRow } from '../../src/domain/actionRow';
import { joined, left, spent } from '../../src/domain/actionLimits';
import type { Failure } from '../../src/domain/failure';

const wanted: life.Wanted = {
  ...{ id: 'a'.repeat(32), key: 'key-00000001', body: 'b', tenantId: 't', action: 'containUser', choice: '', reason: 'an alert' },
  target: { kind: 'user', id: 'u', name: 'Person' },
  ...{ requestedBy: 'home/requester', steps: ['disable', 'revoke'], longestMs: 3_600_000 },
};
const start = Date.parse('2026-11-22T10:00:00Z');
const failure: Failure = { kind: 'unavailable', code: 'x' };
const refusal: Failure = { kind: 'actionRefused', code: 'x', detail: '' };

type Move = (row: ActionRow, now: Date) => ActionRow;

const onStep =
  (change: (row: ActionRow, step: ActionRow['steps'][number], now: Date) => ActionRow): Move =>
  (row, now) => {
    const step = life.presentStep(row);
    return step === undefined || isEnd(row.state) ? row : change(row, step, now);
  };
const sees = (what: Exclude<Seen, { kind: 'needed' | 'blocked' }>): Move =>
  onStep((row, step, now) => life.seen(row, step, what, now));

/** Everything that can happen to an action, in any order. */
const moves: Readonly<Record<string, Move>> = {
  started: life.started,
  intended: onStep((row, step, now) => life.intended(row, step, 'before', now)),
  sent: onStep((row, step, now) => life.sent(row, step, { answer: 'HTTP 204', requestId: 'r' }, now)),
  unanswered: onStep((row, step, now) => life.unanswered(row, step, failure, now)),
  delayed: onStep((row, step, now) => life.delayed(row, step, failure, now)),
  done: sees({ kind: 'done', state: 'so' }),
  underway: sees({ kind: 'underway', state: 'Pending', operationId: 'o', waitsFor: 'device' }),
  ended: sees({ kind: 'ended', failure: refusal }),
  blocked: onStep((row, step, now) => life.blocked(row, step, 'Unisolate is Pending', now)),
  stopped: (row, now) => (isEnd(row.state) ? row : life.stopped(row, now)),
  cancelRequested: (row, now) => life.cancelRequested(row, 'home/requester', 'Responder', now),
  timedOut: (row, now) => (isEnd(row.state) ? row : life.timedOut(row, now)),
  retried: (row, now) => (life.isRetryable(row) ? life.retried(row, 'home/requester', 3_600_000, now) : row),
};
const played = fc.array(fc.constantFrom(...Object.keys(moves)), { maxLength: 400 });

function play(
  names: readonly string[],
  from: ActionRow,
  check: (before: ActionRow, after: ActionRow, name: string) => void,
): ActionRow {
  let row = from;
  for (const [index, name] of names.entries()) {
    const next = moves[name]?.(row, new Date(start + (index + 1) * 1_000)) ?? row;
    check(row, next, name);
    row = next;
  }
  return row;
}

describe('the life of an action', () => {
  const fresh = life.requested(wanted, [], 60_000, new Date(start));

  it('has a story that only grows, numbered without a gap', () => {
    fc.assert(
      fc.property(played, (names) => {
        const last = play(names, fresh, (before, after) => {
          expect(after.story.slice(0, before.story.length)).toEqual(before.story);
        });
        expect(last.story.map(({ number }) => number)).toEqual(last.story.map((_, index) => index + 1));
      }),
    );
  });

  it('stays small enough for a row of the table, whatever happens to it', () => {
    fc.assert(
      fc.property(played, (names) => {
        expect(JSON.stringify(play(names, fresh, () => undefined)).length).toBeLessThan(30_000);
      }),
    );
  });

  it('leaves an end only by being tried again, and never undoes a step that is done', () => {
    fc.assert(
      fc.property(played, (names) => {
        play(names, fresh, (before, after, name) => {
          if (isEnd(before.state)) expect([name, after.state]).toEqual([name, name === 'retried' ? after.state : before.state]);
          for (const step of before.steps.filter(({ state }) => state === 'done'))
            expect(after.steps.find(({ id }) => id === step.id)?.state).toBe('done');
        });
      }),
    );
  });

  it('tells of every change of its state', () => {
    fc.assert(
      fc.property(played, (names) => {
        play(names, fresh, (before, after) => {
          if (before.state !== after.state && isEnd(after.state)) expect(after.story.length).toBeGreaterThan(before.story.length);
        });
      }),
    );
  });

  it('is partly done only when a step is done and another is not', () => {
    fc.assert(
      fc.property(played, (names) => {
        const row = play(names, fresh, () => undefined);
        if (row.state !== 'partlyDone') return;
        expect(row.steps.some(({ state }) => state === 'done') && row.steps.some(({ state }) => state !== 'done')).toBe(true);
      }),
    );
  });

  it('takes an approval once, in time, and from another person', () => {
    const asked = life.requested(wanted, ['highImpact'], 60_000, new Date(start));
    const at = (ms: number): Date => new Date(start + ms);

    expect(life.wrongApproval(asked, 'home/requester', at(1))).toBe('self');
    expect(life.wrongApproval(asked, 'home/approver', at(60_000))).toBe('expired');
    expect(life.wrongApproval(asked, 'home/approver', at(59_999))).toBeUndefined();
    const approved = life.approved(asked, 'home/approver', 3_600_000, at(1_000));
    expect(approved.state).toBe('queued');
    expect(life.wrongApproval(approved, 'home/approver', at(2_000))).toBe('notAsked');
    expect(() => life.approved(asked, 'home/requester', 1, at(1))).toThrow('must not be taken');
  });
});

describe('the line of a target', () => {
  it('keeps the order in which actions joined it, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5 }))), (changes) => {
        let line = { id: 'line', actions: [] as readonly string[] };
        const order: string[] = [];
        for (const [isJoining, number] of changes) {
          const id = String(number);
          line = isJoining ? joined(line, id) : left(line, id);
          if (isJoining && !order.includes(id)) order.push(id);
          if (!isJoining && order.includes(id)) order.splice(order.indexOf(id), 1);
        }
        expect(line.actions).toEqual(order);
      }),
    );
  });
});

describe('the budget of an hour', () => {
  it('never has more actions in any hour than it may, and counts each once', () => {
    const event = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 40 * 60_000 }));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (events, most) => {
        let budget: Parameters<typeof spent>[0] = { id: 't', spent: [] };
        let now = start;
        const taken = new Map<string, number>();
        for (const [number, later] of events) {
          now += later;
          const next = spent(budget, String(number), 'target', most, new Date(now));
          if (next === undefined) continue;
          budget = next;
          if (!taken.has(String(number)) || now - (taken.get(String(number)) ?? 0) >= 3_600_000) taken.set(String(number), now);
          const recent = budget.spent.filter(({ at }) => now - Date.parse(at) < 3_600_000);
          expect(recent.length).toBeLessThanOrEqual(most);
          expect(new Set(recent.map(({ action }) => action)).size).toBe(recent.length);
        }
      }),
    );
  });
});
