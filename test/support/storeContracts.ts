import type { Gap, HourCoverage } from '../../src/domain/coverage';
import { failureOf } from '../../src/domain/failure';
import type { CoverageStore, ProfileStore, ScheduleIndex, SourceStore } from '../../src/domain/ports';
import type { ScheduleEntry } from '../../src/domain/schedule';
import { glanceOf, newSourceRow } from '../../src/domain/sourceState';
import type { SourceRow } from '../../src/domain/sourceState';
import type { TenantProfile } from '../../src/domain/verdict';

const signal = new AbortController().signal;
const now = new Date('2026-11-22T10:00:00Z');
const tenant = (number: number): string => `11111111-2222-3333-4444-${String(number).padStart(12, '0')}`;
const kindOf = async (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => 'done',
    (error: unknown) => failureOf(error)?.kind,
  );

/** A row with everything set that can be, so that a store that forgets a column is found out. */
const full: Omit<SourceRow, 'etag'> = {
  ...newSourceRow(tenant(1), 'activity.exchange', now),
  epoch: 5_000_000_000,
  leaseOwner: 'host-1',
  leaseUntil: '2026-11-22T10:03:00.000Z',
  unclean: true,
  cursor: {
    listedTo: '2026-11-22T09:59:00.000Z',
    dayRelistedAt: '2026-11-22T09:00:00.000Z',
    weekRelistedAt: '2026-11-22T01:00:00.000Z',
    weekRelistedTo: '2026-11-20T00:00:00.000Z',
  },
  openDays: ['2026-11-20', 'undated'],
  memory: { readyAt: '2026-11-22T08:00:00.000Z', startedAt: '2026-11-21T08:00:00.000Z' },
  state: {
    name: 'degraded',
    since: '2026-11-22T07:00:00.000Z',
    failure: { kind: 'throttled', code: 'AF429', retryAfterMs: 61_000 },
    silence: 'quiet',
  },
  idleRuns: 3,
  failedRuns: 4,
  dueAt: '2026-11-22T10:15:00.000Z',
  ticket: 4_999_999_999,
  pendingUnits: 6,
  reportedTo: '2026-11-22T07',
  firstRunAt: '2026-11-01T00:00:00.000Z',
  lastRunAt: '2026-11-22T09:58:00.000Z',
  lastSuccessAt: '2026-11-22T09:57:00.000Z',
  lastRecordAt: '2026-11-22T09:56:00.000Z',
  recordsTotal: 5_000_000_001,
  bytesTotal: 9_007_199_254_740_991,
  gapsTotal: 2,
};

/** What every store of source rows has to do. */
export function sourceStoreContract(makeStore: () => SourceStore): void {
  it('keeps everything there is about a source', async () => {
    const store = makeStore();

    const created = await store.create(full, signal);

    expect(created).toEqual({ ...full, etag: created.etag });
    expect(await store.find(full.tenantId, full.sourceId, signal)).toEqual(created);
    expect(await store.ofTenant(full.tenantId, signal)).toEqual([created]);
    expect(await store.find(full.tenantId, 'activity.general', signal)).toBeUndefined();
    expect(await store.find(tenant(9), full.sourceId, signal)).toBeUndefined();
  });

  it('creates a row once', async () => {
    const store = makeStore();
    const row = { ...full, tenantId: tenant(2) };

    const creations = await Promise.all([kindOf(store.create(row, signal)), kindOf(store.create(row, signal))]);

    expect(creations.sort()).toEqual(['conflict', 'done']);
  });

  it('lets a writer through only from the version it read', async () => {
    const store = makeStore();
    const first = await store.create({ ...full, tenantId: tenant(3) }, signal);

    const second = await store.save({ ...first, epoch: 7, unclean: false }, signal);

    expect(await kindOf(store.save({ ...first, epoch: 8 }, signal))).toBe('conflict');
    expect(await store.find(tenant(3), full.sourceId, signal)).toEqual({ ...first, epoch: 7, unclean: false, etag: second.etag });
    const { leaseOwner: _owner, leaseUntil: _until, ...released } = second;
    expect(_owner).toBe(full.leaseOwner);
    expect(_until).toBe(full.leaseUntil);
    const third = await store.save(released, signal);
    expect(await store.find(tenant(3), full.sourceId, signal)).toEqual({ ...released, etag: third.etag });
    expect(await store.find(tenant(3), full.sourceId, signal)).not.toHaveProperty('leaseOwner');
  });

  it('shows in lists what the last run of each source left, and the first run while it goes on', async () => {
    const store = makeStore();
    const shown = async (tenantId: string) =>
      (await Array.fromAsync(store.glances(signal))).find((one) => one.tenantId === tenantId)?.sources;
    const { leaseOwner: _owner, leaseUntil: _until, ...released } = full;
    expect([_owner, _until]).not.toContain(undefined);
    const first = await store.create(newSourceRow(tenant(6), 'activity.first', now), signal);
    const other = await store.create({ ...released, tenantId: tenant(6) }, signal);
    expect(await shown(tenant(6))).toBeUndefined();

    await store.save({ ...first, leaseOwner: 'host-1', leaseUntil: now.toISOString(), epoch: 1 }, signal);
    const done = await store.save({ ...other, recordsTotal: 9, memory: { ...other.memory, recent: '7|8|9' } }, signal);
    await store.save({ ...done, leaseOwner: 'host-2', leaseUntil: now.toISOString(), epoch: 2, recordsTotal: 10 }, signal);
    const further = await store.create({ ...full, tenantId: tenant(7), sourceId: 'odd_name-1' }, signal);
    await store.renewGlance(tenant(7), [further], signal);

    expect((await shown(tenant(6)))?.map(({ sourceId }) => sourceId).sort()).toEqual([full.sourceId, 'activity.first']);
    expect(await shown(tenant(6))).toEqual(
      expect.arrayContaining([
        { ...glanceOf(first), leaseOwner: 'host-1' },
        { ...glanceOf(other), recordsTotal: 9, memory: { recent: '7|8|9' } },
      ]),
    );
    expect(await shown(tenant(7))).toEqual([glanceOf(further)]);
    expect(glanceOf(further)).toMatchObject({
      leaseOwner: 'host-1',
      state: full.state,
      cursor: { listedTo: full.cursor.listedTo },
    });
    await store.remove(tenant(6), signal);
    expect(await shown(tenant(6))).toBeUndefined();
    expect(await shown(tenant(7))).toBeDefined();
  });

  it('removes a tenant with all its rows, and nothing of others', async () => {
    const store = makeStore();
    for (const sourceId of ['one.a', 'two.b', 'three.c']) await store.create({ ...full, tenantId: tenant(4), sourceId }, signal);
    const other = await store.create({ ...full, tenantId: tenant(5) }, signal);
    const stale = (await store.ofTenant(tenant(4), signal))[0];

    await store.remove(tenant(4), signal);

    expect(await store.ofTenant(tenant(4), signal)).toEqual([]);
    expect(await store.ofTenant(tenant(5), signal)).toEqual([other]);
    // A run that still works for the tenant must not bring its row back.
    expect(await kindOf(store.save(stale ?? other, signal))).toBe('conflict');
    await store.remove(tenant(4), signal);
  });
}

const entryOf = (seconds: number, number = 1, more: Partial<ScheduleEntry> = {}): ScheduleEntry => ({
  shard: 3,
  dueAt: new Date(now.getTime() + seconds * 1_000),
  tenantId: tenant(number),
  sourceId: 'activity.exchange',
  ticket: 5_000_000_000,
  backlog: true,
  ...more,
});

async function entriesOf(index: ScheduleIndex, shard = 3): Promise<ScheduleEntry[]> {
  const found: ScheduleEntry[] = [];
  for await (const entry of index.all(shard, signal)) found.push(entry);
  return found;
}

/** What every schedule index has to do. Each test needs an index of its own. */
export function scheduleIndexContract(makeIndex: () => ScheduleIndex): void {
  it('gives what is due, earliest first, of one shard', async () => {
    const index = makeIndex();
    await index.put([entryOf(5), entryOf(-9, 2), entryOf(0, 3), entryOf(-1, 4), entryOf(-5, 5, { shard: 4 })], signal);

    expect(await index.due(3, now, { atMost: 10 }, signal)).toEqual([entryOf(-9, 2), entryOf(-1, 4), entryOf(0, 3)]);
    expect(await index.due(3, now, { atMost: 2 }, signal)).toEqual([entryOf(-9, 2), entryOf(-1, 4)]);
    expect(await index.due(5, now, { atMost: 2 }, signal)).toEqual([]);
    expect(await entriesOf(index)).toHaveLength(4);
  });

  it('finds what is wanted behind any number of others', async () => {
    const index = makeIndex();
    const others = Array.from({ length: 60 }, (_, number) => entryOf(-100 + number, number));
    await index.put(
      [...others, entryOf(-9, 70, { sourceId: 'wanted.one' }), entryOf(-1, 71, { sourceId: 'wanted.two' })],
      signal,
    );
    const isWanted = ({ sourceId }: ScheduleEntry): boolean => sourceId.startsWith('wanted');

    const found = await index.due(3, now, { atMost: 1, isWanted }, signal);
    const all = await index.due(3, now, { atMost: 10, isWanted }, signal);

    expect(found.map(({ sourceId }) => sourceId)).toEqual(['wanted.one']);
    expect(all.map(({ sourceId }) => sourceId)).toEqual(['wanted.one', 'wanted.two']);
  });

  it('keeps one entry of a source for a time and ticket, as it was put last', async () => {
    const index = makeIndex();
    await index.put([entryOf(-1, 1, { ticket: 7, backlog: true })], signal);
    await index.put([entryOf(-1, 1, { ticket: 7, backlog: false }), entryOf(-1, 1, { ticket: 7, backlog: false })], signal);

    expect(await entriesOf(index)).toEqual([entryOf(-1, 1, { ticket: 7, backlog: false })]);
  });

  it('does not let an older entry that is moved to the same time take the place of a newer one', async () => {
    const index = makeIndex();
    const until = new Date(now.getTime() + 900_000);
    const newer = entryOf(0, 1, { ticket: 8, dueAt: until });
    await index.put([entryOf(-1, 1, { ticket: 7 }), newer], signal);

    await index.claim([entryOf(-1, 1, { ticket: 7 })], until, signal);

    expect(await entriesOf(index)).toContainEqual(newer);
  });

  it('gives each entry to one of two that claim it, moved', async () => {
    const index = makeIndex();
    const due = Array.from({ length: 120 }, (_, number) => entryOf(-number - 1, number));
    await index.put(due, signal);
    const until = new Date(now.getTime() + 900_000);

    const [one, other] = await Promise.all([
      index.claim(due.slice(0, 100), until, signal),
      index.claim(due.slice(20), until, signal),
    ]);

    const claimed = [...one, ...other];
    expect(claimed).toHaveLength(120);
    expect(new Set(claimed.map(({ tenantId }) => tenantId)).size).toBe(120);
    expect(claimed.every(({ dueAt }) => dueAt.getTime() === until.getTime())).toBe(true);
    expect(await index.due(3, now, { atMost: 10 }, signal)).toEqual([]);
    expect(await index.due(3, until, { atMost: 200 }, signal)).toHaveLength(120);
    expect(await index.claim(due, until, signal)).toEqual([]);
  });

  it('removes exactly the entry that is named, and does not mind one that is gone', async () => {
    const index = makeIndex();
    await index.put([entryOf(1), entryOf(2)], signal);

    await index.remove([entryOf(1), entryOf(3), entryOf(1)], signal);

    expect(await entriesOf(index)).toEqual([entryOf(2)]);
  });
}

/** What every store of coverage and gaps has to do. Each test needs a store of its own. */
export function coverageStoreContract(makeStore: () => CoverageStore): void {
  const scope = { tenantId: tenant(1), sourceId: 'activity.exchange' };
  const hourOf = (hour: string, listed = 3): HourCoverage => ({
    scope,
    hour,
    listed,
    fetched: 2,
    delivered: 1,
    pending: 1,
    gaps: 1,
    records: 5_000_000_000,
    bytes: 9_007_199_254_740_991,
    lateness: [0, 1, 5_000_000_000],
  });
  const gapOf = (more: Partial<Gap> = {}): Gap => ({
    scope,
    from: now,
    to: new Date(now.getTime() + 1_000),
    unitId: `blob'1"|#?/\\%é`,
    cause: 'contentExpired [AF20051]',
    explanation: 'Microsoft has dropped it.',
    recordedAt: now,
    ...more,
  });

  it('gives hours from and to, oldest first, as they were written last', async () => {
    const store = makeStore();
    await store.saveHours(
      [hourOf('2026-11-22T11'), hourOf('2026-11-22T09'), hourOf('undated'), hourOf('2026-11-22T10', 1)],
      signal,
    );
    await store.saveHours(
      [hourOf('2026-11-22T10', 4), { ...hourOf('2026-11-22T10', 9), scope: { ...scope, sourceId: 'activity.general' } }],
      signal,
    );

    expect(await store.hours(scope, '2026-11-22T09', '2026-11-22T11', signal)).toEqual([
      hourOf('2026-11-22T09'),
      hourOf('2026-11-22T10', 4),
    ]);
    expect((await store.hours(scope, '2026-11-22', '2026-11-22~', signal)).map(({ hour }) => hour)).toEqual([
      '2026-11-22T09',
      '2026-11-22T10',
      '2026-11-22T11',
    ]);
    expect(await store.hours(scope, 'undated', 'undated~', signal)).toEqual([hourOf('undated')]);
    await store.saveHours([], signal);
  });

  it('records a gap once, says whether it was new, and keeps it as it was first', async () => {
    const store = makeStore();

    expect(await store.recordGap(gapOf(), signal)).toBe(true);
    expect(await store.recordGap(gapOf({ recordedAt: new Date(now.getTime() + 5_000), cause: 'other [1]' }), signal)).toBe(false);

    expect(await store.gaps(scope, signal)).toEqual([gapOf()]);
    expect(await store.gaps({ ...scope, sourceId: 'activity.general' }, signal)).toEqual([]);
  });

  it('tells spans that begin together apart', async () => {
    const store = makeStore();
    const { unitId: _unit, ...span } = gapOf({ cause: 'notListedInTime' });
    expect(_unit).toBeDefined();

    expect(await store.recordGap(span, signal)).toBe(true);
    expect(await store.recordGap({ ...span, to: new Date(now.getTime() + 9_000) }, signal)).toBe(true);

    expect(await store.gaps(scope, signal)).toHaveLength(2);
    expect((await store.gaps(scope, signal))[0]).not.toHaveProperty('unitId');
  });

  it('remembers which gaps were sent', async () => {
    const store = makeStore();
    await store.recordGap(gapOf(), signal);
    await store.recordGap(gapOf({ unitId: 'other' }), signal);

    await store.markGapsSent([gapOf()], signal);

    expect((await store.unsentGaps(scope, signal)).map(({ unitId }) => unitId)).toEqual(['other']);
    expect(await store.gaps(scope, signal)).toHaveLength(2);
    expect(await store.recordGap(gapOf(), signal)).toBe(false);
    expect(await store.unsentGaps(scope, signal)).toHaveLength(1);
  });
}

/** What every store of what the probe found out has to do. Each test needs a store of its own. */
export function profileStoreContract(makeStore: () => ProfileStore): void {
  const at = now.toISOString();
  const profile: TenantProfile = {
    tenantId: tenant(1),
    epoch: 5_000_000_000,
    probedAt: at,
    roles: { management: ['ActivityFeed.Read'], graph: [] },
    servicePlans: ['AAD_PREMIUM', 'MTP'],
    verdicts: {
      'graph.alertsV2': { name: 'ok', evidence: 'The API answers.', at, since: '2026-11-01T00:00:00.000Z' },
      'graph.signIns': {
        name: 'permissionMissing',
        missing: ['AuditLog.Read.All'],
        evidence: 'It lacks "it".',
        code: '',
        at,
        since: at,
      },
    },
    alertFlows: { microsoftDefenderForEndpoint: { at, lastAlertAt: at }, microsoftSentinel: { at } },
  };

  it('keeps all that was found out, and the last probe wins', async () => {
    const store = makeStore();
    expect(await store.find(tenant(1), signal)).toBeUndefined();

    await store.save(profile, signal);
    expect(await store.find(tenant(1), signal)).toEqual(profile);

    const { servicePlans: _plans, ...unreadable } = profile;
    expect(_plans).toBeDefined();
    await store.save({ ...unreadable, epoch: 6, verdicts: {} }, signal);
    expect(await store.find(tenant(1), signal)).toEqual({ ...unreadable, epoch: 6, verdicts: {} });
  });

  it('forgets one tenant, and does not mind one it does not know', async () => {
    const store = makeStore();
    await store.save(profile, signal);
    await store.save({ ...profile, tenantId: tenant(2) }, signal);

    await store.remove(tenant(1), signal);
    await store.remove(tenant(9), signal);

    expect(await store.find(tenant(1), signal)).toBeUndefined();
    expect(await store.find(tenant(2), signal)).toEqual({ ...profile, tenantId: tenant(2) });
  });
}
