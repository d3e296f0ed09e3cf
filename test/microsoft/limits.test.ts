import fc from 'fast-check';
import { formatLimitUse, limitTitles, parseLimitUse } from '../../src/domain/limit';
import type { LimitId } from '../../src/domain/limit';
import { limits, paceOf } from '../../src/microsoft/limits';
import { LimitCounts } from '../../src/microsoft/limitUse';
import { RequestBudget } from '../../src/microsoft/requestBudget';
import { VirtualClock } from '../support/virtualClock';
import { noAbort } from './fakes';

fc.configureGlobal({ seed: 20261122 });

const limitIds = Object.keys(limitTitles) as LimitId[];
const start = Date.parse('2026-11-22T12:00:00Z');

/** When so many requests, asked for all at once, may leave. */
async function departures(count: number, pace: { spacingMs: number; burstMs: number }): Promise<number[]> {
  const clock = new VirtualClock(new Date(start));
  const budget = new RequestBudget({ clock, requestsPerMinute: 1, random: () => 0 });
  const left: number[] = [];
  const work = Promise.all(
    Array.from({ length: count }, async () => {
      await budget.turn('key', noAbort(), pace);
      left.push(clock.now().getTime());
    }),
  );
  await clock.run(work);
  return left;
}

describe('the limits of Microsoft', () => {
  it.each(limitIds)('%s is never passed, nor even our share of it, in any of its periods', async (id) => {
    const facts = limits[id];
    const cost = facts.counts === 'units' ? 100 : 1;
    const count = Math.min(400, Math.ceil((facts.most / cost) * 2));
    const left = await departures(count, paceOf(facts, 1, cost));

    const most = Math.max(1, facts.most * facts.share);
    for (const [index, from] of left.entries()) {
      const within = left.slice(index).filter((at) => at < from + facts.seconds * 1_000).length;
      // A limit below one a period is kept by the distance alone.
      expect(within * cost).toBeLessThanOrEqual(most + cost);
      expect(within * cost).toBeLessThanOrEqual(facts.most);
    }
  });

  it('leave half of what has no Retry-After to others, and are divided by the workers where all tenants share them', () => {
    expect(limits.identityProtection).toMatchObject({ most: 1, seconds: 1, share: 0.5, retryAfter: false });
    expect(paceOf(limits.identityProtection, 5)).toEqual({ spacingMs: 2_000, burstMs: 0 });
    const alone = paceOf(limits.reportsAllTenants, 1);
    const ofTen = paceOf(limits.reportsAllTenants, 10);
    expect(ofTen.spacingMs / alone.spacingMs).toBeGreaterThan(8);
    expect(paceOf(limits.reports, 10)).toEqual(paceOf(limits.reports, 1));
  });
});

describe('what is used of a limit', () => {
  it('is the busiest of its periods since it was last asked for', () => {
    const counts = new LimitCounts();
    for (let request = 0; request < 30; request += 1) counts.count('t', 'security', 1, start + request * 1_000);
    counts.count('t', 'security', 1, start + 200_000);
    counts.throttled('t', 'security', start + 201_000);

    expect(counts.take('t', ['security', 'reports'])).toEqual([{ limit: 'security', share: 30 / 150, throttled: 1 }]);
    expect(counts.take('t', ['security'])).toEqual([]);
  });

  it('is kept as text', () => {
    const uses = fc.array(
      fc.record({
        limit: fc.constantFrom(...limitIds),
        share: fc.integer({ min: 0, max: 20_000 }).map((share) => share / 10_000),
        throttled: fc.nat(),
      }),
    );
    fc.assert(fc.property(uses, (list) => expect(parseLimitUse(formatLimitUse(list))).toEqual(list)));
    expect(parseLimitUse('nonsense,unknown=1/2,security=x/1')).toEqual([]);
  });
});
