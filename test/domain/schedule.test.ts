import fc from 'fast-check';
import { groupEntries, longestMessage, nextPollMs, shardOf } from '../../src/domain/schedule';
import type { ScheduleEntry } from '../../src/domain/schedule';

// The same cases each time: a test that fails only sometimes helps nobody.
// Long lists take for ever to shrink: the first counterexample has to do.
fc.configureGlobal({ seed: 20261122, endOnFailure: true });

const entriesOf = (tenants: number, most: number) =>
  fc.array(
    fc.record({
      shard: fc.constant(0),
      dueAt: fc.integer({ min: 0, max: 1e9 }).map((ms) => new Date(ms)),
      tenantId: fc.integer({ min: 0, max: tenants }).map((n) => `tenant-${n}`),
      sourceId: fc.integer({ min: 0, max: 200 }).map((n) => `source${n}`),
      ticket: fc.nat(9),
      backlog: fc.nat(150).map((n) => n === 0),
    }),
    { maxLength: most, size: 'max' },
  );
/** Many tenants with some sources each, or a few with more than a message holds. */
const entries = fc.oneof(entriesOf(12, 200), entriesOf(1, 260));
const tenantsPerMessage = fc.integer({ min: 1, max: 20 });
const plain = ({ tenantId, sourceId, ticket, dueAt }: ScheduleEntry): string =>
  [tenantId, sourceId, ticket, dueAt.toISOString()].join('|');

describe('groupEntries', () => {
  it('loses nothing and doubles nothing', () => {
    fc.assert(
      fc.property(entries, tenantsPerMessage, (due, most) => {
        const sent = groupEntries(due, most).flatMap((message) => message.entries);

        expect(sent.map(({ tenantId, sourceId, ticket, dueAt }) => [tenantId, sourceId, ticket, dueAt].join('|')).sort()).toEqual(
          due.map(plain).sort(),
        );
      }),
    );
  });

  it('makes messages that are neither empty nor too long, of few enough tenants', () => {
    fc.assert(
      fc.property(entries, tenantsPerMessage, (due, most) => {
        for (const message of groupEntries(due, most)) {
          expect(message.entries.length).toBeGreaterThan(0);
          expect(message.entries.length).toBeLessThanOrEqual(longestMessage);
          expect(new Set(message.entries.map(({ tenantId }) => tenantId)).size).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  it('keeps a tenant together as far as a message holds it, and one with a backlog alone', () => {
    fc.assert(
      fc.property(entries, tenantsPerMessage, (due, most) => {
        const messages = groupEntries(due, most);
        for (const [tenantId, ofTenant] of Map.groupBy(due, (entry) => entry.tenantId)) {
          const mine = messages.filter((message) => message.entries.some((entry) => entry.tenantId === tenantId));
          expect(mine.length).toBe(Math.ceil(ofTenant.length / longestMessage));
          if (ofTenant.some(({ backlog }) => backlog))
            for (const message of mine) expect(message.entries.every((entry) => entry.tenantId === tenantId)).toBe(true);
        }
      }),
    );
  });
});

describe('nextPollMs', () => {
  const bounds = { shortestSeconds: 60, longestSeconds: 900 };

  it('waits twice as long after each idle run, within its bounds', () => {
    expect([0, 1, 2, 3, 4, 1_000].map((idle) => nextPollMs({ kind: 'adaptive' }, idle, bounds))).toEqual([
      60_000, 120_000, 240_000, 480_000, 900_000, 900_000,
    ]);
  });

  it('does as the customer set it', () => {
    expect(nextPollMs({ kind: 'every', seconds: 300 }, 9, bounds)).toBe(300_000);
    expect(nextPollMs({ kind: 'disabled' }, 0, bounds)).toBeUndefined();
  });
});

describe('shardOf', () => {
  it('is the same for the same tenant, and spreads tenants evenly', () => {
    const ids = Array.from({ length: 4_000 }, (_, index) => `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`);
    const counts = [...Map.groupBy(ids, (id) => shardOf(id, 4)).values()].map((ofShard) => ofShard.length);

    expect(ids.map((id) => shardOf(id, 4))).toEqual(ids.map((id) => shardOf(id, 4)));
    expect(counts).toHaveLength(4);
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
