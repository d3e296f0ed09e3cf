import fc from 'fast-check';
import {
  activityListing,
  advanceWatermark,
  dayOf,
  hourOf,
  listableSince,
  overlapFor,
  planListing,
  planWhole,
  toSeconds,
} from '../../src/domain/window';
import type { ListingCursor, ListingPlan } from '../../src/domain/window';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const { maxSpanMs, retentionMs, overlapMs } = activityListing;
const epoch = Date.parse('2026-11-22T10:00:00Z');

const times = fc.integer({ min: epoch, max: epoch + 30 * day }).map((ms) => new Date(ms));
const agoOf = (now: Date, ms: number): string => new Date(now.getTime() - ms).toISOString();

/** A moment and a cursor as earlier runs may have left it: nothing, any age, even a little in the future. */
const situations = times.chain((now) => {
  const text = fc.option(
    fc.integer({ min: -minute + 1_000, max: 9 * day }).map((ms) => agoOf(now, ms)),
    { nil: undefined },
  );
  return fc.record({ listedTo: text, dayRelistedAt: text, weekRelistedAt: text, weekRelistedTo: text }).map((texts) => {
    const cursor: ListingCursor = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined));
    return { now, cursor };
  });
});

const planOf = ({ now, cursor }: { now: Date; cursor: ListingCursor }): ListingPlan => planListing(cursor, now);
const endOf = (now: Date): number => Math.floor(now.getTime() / 1_000) * 1_000;
/** The watermark after all windows were listed. */
const listAll = (plan: ListingPlan): Date => plan.windows.reduce(advanceWatermark, plan.watermark);

describe('planListing', () => {
  it('plans windows in whole seconds that are never empty, too long, too old or in the future', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        for (const { from, to } of planOf(situation).windows) {
          expect(from.getTime() % 1_000).toBe(0);
          expect(to.getTime() % 1_000).toBe(0);
          expect(to.getTime() - from.getTime()).toBeGreaterThan(0);
          expect(to.getTime() - from.getTime()).toBeLessThanOrEqual(maxSpanMs);
          expect(from.getTime()).toBeGreaterThanOrEqual(endOf(situation.now) - retentionMs);
          expect(to.getTime()).toBeLessThanOrEqual(situation.now.getTime());
        }
      }),
    );
  });

  it('leaves no gap between the watermark and now, whatever the cursor', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const reached = listAll(planOf(situation)).getTime();

        expect(reached).toBeGreaterThanOrEqual(endOf(situation.now));
        expect(reached).toBeLessThanOrEqual(situation.now.getTime() + minute);
      }),
    );
  });

  it('never moves the watermark over a window that was skipped', () => {
    fc.assert(
      fc.property(situations, fc.nat(20), (situation, skipped) => {
        const plan = planOf(situation);
        let watermark = plan.watermark;
        for (const window of plan.windows.filter((_, index) => index !== skipped))
          watermark = advanceWatermark(watermark, window);
        const covered = plan.windows.filter((_, index) => index !== skipped);

        for (let at = plan.watermark.getTime(); at < watermark.getTime(); at += 7 * minute)
          expect(covered.some(({ from, to }) => from.getTime() <= at && at < to.getTime())).toBe(true);
      }),
    );
  });

  it('never moves the watermark back, unless it lay in the future', () => {
    fc.assert(
      fc.property(situations, ({ now, cursor }) => {
        const plan = planListing(cursor, now);
        const saved = cursor.listedTo === undefined ? -Infinity : Date.parse(cursor.listedTo);

        expect(plan.watermark.getTime()).toBeGreaterThanOrEqual(saved);
        expect(plan.rewound).toBe(false);
      }),
    );
  });

  it('does not believe a watermark in the future: everything is listed again', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: minute + 1_000, max: 400 * day }), (now, ahead) => {
        const plan = planListing({ listedTo: agoOf(now, -ahead), weekRelistedAt: agoOf(now, -ahead) }, now);

        expect(plan.rewound).toBe(true);
        expect(plan.relists).toBe('week');
        expect(plan.watermark.getTime()).toBe(endOf(now) - retentionMs);
        expect(listAll(plan).getTime()).toBe(endOf(now));
      }),
    );
  });

  it('says exactly which span can no longer be listed', () => {
    fc.assert(
      fc.property(situations, ({ now, cursor }) => {
        const { lost, watermark } = planListing(cursor, now);
        const oldest = endOf(now) - retentionMs;
        const saved = cursor.listedTo === undefined ? Infinity : endOf(new Date(cursor.listedTo));

        expect(lost).toEqual(saved >= oldest ? undefined : { from: new Date(saved), to: new Date(oldest) });
        if (lost !== undefined) expect(watermark.getTime()).toBe(oldest);
      }),
    );
  });

  it('repeats the overlap before the watermark', () => {
    fc.assert(
      fc.property(situations, ({ now, cursor }) => {
        const plan = planListing(cursor, now);
        if (cursor.listedTo === undefined) return;
        const wanted = Math.max(Date.parse(cursor.listedTo) - overlapMs, endOf(now) - retentionMs);

        expect(Math.min(...plan.windows.map(({ from }) => from.getTime()))).toBeLessThanOrEqual(
          Math.max(wanted, endOf(now) - retentionMs),
        );
      }),
    );
  });

  it('lists the newest hour first when it is more than an hour behind', () => {
    fc.assert(
      fc.property(situations, ({ now, cursor }) => {
        const { windows } = planListing(cursor, now);
        const behind = cursor.listedTo === undefined || endOf(now) - Date.parse(cursor.listedTo) > hour;
        const first = windows[0];

        if (behind) expect(first).toEqual({ from: new Date(endOf(now) - hour), to: new Date(endOf(now)) });
      }),
    );
  });

  it('moves the watermark to now before it lists older content again', () => {
    fc.assert(
      fc.property(situations, ({ now, cursor }) => {
        const plan = planListing(cursor, now);
        let watermark = plan.watermark;
        for (const window of plan.windows) {
          if (watermark.getTime() >= endOf(now)) break;
          const isNewestHour = window.from.getTime() === endOf(now) - hour && window.to.getTime() === endOf(now);
          expect(isNewestHour || advanceWatermark(watermark, window) > watermark).toBe(true);
          watermark = advanceWatermark(watermark, window);
        }
      }),
    );
  });

  it('lists the last 24 hours again each hour, and all that Microsoft holds each day, however it is interrupted', () => {
    const polls = fc.array(fc.record({ wait: fc.integer({ min: 1_000, max: 40 * minute }), done: fc.nat(12) }), {
      minLength: 150,
      maxLength: 250,
    });
    fc.assert(
      fc.property(polls, (runs) => {
        const instants = Array.from({ length: 40 }, (_, index) => epoch - index * 4 * hour + 1_234_567);
        const last = new Map(instants.map((at) => [at, epoch]));
        let cursor: ListingCursor = {};
        let now = epoch;
        let interrupted = 0;
        for (const { wait, done } of runs) {
          now += wait;
          const plan = planListing(cursor, new Date(now));
          // Now and then a run ends early; how much longer the next re-list may take is how long it was held up.
          const windows = done === 0 ? plan.windows.slice(0, 2) : plan.windows;
          interrupted = done === 0 ? interrupted + wait : 0;
          for (const { from, to } of windows)
            for (const at of instants) if (from.getTime() <= at && at < to.getTime()) last.set(at, now);
          const reached = windows.reduce(advanceWatermark, plan.watermark).toISOString();
          const complete = windows.length === plan.windows.length;
          const noted = plan.at.toISOString();
          cursor = {
            ...cursor,
            listedTo: reached,
            ...(complete && plan.relists !== 'none' ? { dayRelistedAt: noted } : {}),
            ...(complete && plan.relists === 'week' ? { weekRelistedAt: noted } : {}),
          };
          for (const at of instants) {
            const age = now - at;
            const since = now - (last.get(at) ?? 0);
            if (age < day - 2 * hour) expect(since).toBeLessThanOrEqual(hour + wait + interrupted + 40 * minute);
            else if (age < retentionMs) expect(since).toBeLessThanOrEqual(day + wait + interrupted + 40 * minute);
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  it('takes an interrupted re-list up where it ended, but never leaves out what was not listed yet', () => {
    const now = new Date(epoch);
    const cursor = { listedTo: agoOf(now, minute), weekRelistedAt: agoOf(now, 25 * hour), weekRelistedTo: agoOf(now, 3 * day) };
    const relisted = planListing(cursor, now).windows.slice(1);

    expect(relisted[0]?.from).toEqual(new Date(epoch - 3 * day));
    expect(relisted.at(-1)?.to).toEqual(new Date(epoch - minute - overlapMs));
    expect(planListing({ ...cursor, weekRelistedTo: agoOf(now, 9 * day) }, now).windows[1]?.from).toEqual(
      new Date(epoch - retentionMs),
    );
  });
});

describe('advanceWatermark', () => {
  it('moves on only when the window joins what was listed before', () => {
    const window = { from: new Date(epoch), to: new Date(epoch + hour) };

    expect(advanceWatermark(new Date(epoch), window)).toEqual(window.to);
    expect(advanceWatermark(new Date(epoch + minute), window)).toEqual(window.to);
    expect(advanceWatermark(new Date(epoch - 1), window)).toEqual(new Date(epoch - 1));
    expect(advanceWatermark(new Date(epoch + 2 * hour), window)).toEqual(new Date(epoch + 2 * hour));
  });
});

describe('listableSince', () => {
  it('leaves a planned window some minutes of patience, within seven days', () => {
    const since = listableSince(new Date(epoch), activityListing).getTime();

    expect(since).toBeLessThan(epoch - retentionMs);
    expect(since).toBeGreaterThan(epoch - 7 * day);
  });
});

describe('the names of times', () => {
  it('are UTC, without zone and fractions', () => {
    const at = new Date('2026-11-22T23:59:59.999Z');

    expect([toSeconds(at), hourOf(at), dayOf(at)]).toEqual(['2026-11-22T23:59:59', '2026-11-22T23', '2026-11-22']);
  });
});

describe('a source of windows', () => {
  const rules = { maxSpanMs: day, retentionMs: 180 * day, firstMs: 30 * day, relistMs: 7 * day, overlapMs: hour };
  const plan = ({ now, cursor }: { now: Date; cursor: ListingCursor }): ListingPlan => planListing(cursor, now, rules);
  const earliest = ({ windows }: ListingPlan): number => Math.min(...windows.map(({ from }) => from.getTime()));

  it('begins as far back as it says, and goes further back only for what was never listed', () => {
    const now = new Date(epoch);
    expect(earliest(plan({ now, cursor: {} }))).toBe(epoch - 30 * day);
    expect(earliest(plan({ now, cursor: { listedTo: agoOf(now, 60 * day) } }))).toBe(epoch - 60 * day - hour);
    const caughtUp = { listedTo: agoOf(now, minute), dayRelistedAt: agoOf(now, minute), weekRelistedAt: agoOf(now, minute) };
    expect(earliest(plan({ now, cursor: caughtUp }))).toBe(epoch - hour - minute);
    expect(earliest(plan({ now, cursor: { ...caughtUp, dayRelistedAt: agoOf(now, hour) } }))).toBe(epoch - day);
    expect(earliest(plan({ now, cursor: { ...caughtUp, weekRelistedAt: agoOf(now, day) } }))).toBe(epoch - 7 * day);
    expect(plan({ now, cursor: { listedTo: agoOf(now, 181 * day) } }).lost).toBeDefined();
  });

  it('leaves no gap between the watermark and now, whatever the cursor', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        expect(listAll(plan(situation)).getTime()).toBeGreaterThanOrEqual(endOf(situation.now));
      }),
    );
  });

  it('overlaps by what was measured, within bounds, and as usual while little was', () => {
    const histograms = fc.array(fc.nat({ max: 5_000 }), { maxLength: 24 });
    fc.assert(
      fc.property(histograms, (lateness) => {
        const overlap = overlapFor(lateness, hour);
        expect(overlap).toBeGreaterThanOrEqual(15 * minute);
        expect(overlap).toBeLessThanOrEqual(6 * hour);
      }),
    );
    expect(overlapFor([0, 0, 50], 2 * hour)).toBe(2 * hour);
    expect(overlapFor([0, 0, 5_000], hour)).toBe(15 * minute);
    // Up to 4,096 seconds late: twice that.
    expect(overlapFor([0, 0, 5_000, ...Array<number>(9).fill(0), 500], hour)).toBe(2 * 4_096_000);
    expect(overlapFor([...Array<number>(20).fill(0), 5_000], hour)).toBe(6 * hour);
  });
});

describe('a source that is read as a whole', () => {
  it('is read up to now, from where it was read to before, and its watermark never moves back', () => {
    fc.assert(
      fc.property(situations, ({ now, cursor }) => {
        const plan = planWhole(cursor, now);
        const [window] = plan.windows;
        expect(plan.windows).toHaveLength(1);
        expect(window?.to.getTime()).toBe(endOf(now));
        expect(window?.from.getTime()).toBeLessThan(endOf(now));
        expect(plan.lost).toBeUndefined();
        if (!plan.rewound && cursor.listedTo !== undefined && Date.parse(cursor.listedTo) <= endOf(now))
          expect(listAll(plan).toISOString() >= cursor.listedTo).toBe(true);
      }),
    );
  });
});
