import { diagnose } from '../../src/app/doctor';
import { explainTenant } from '../../src/app/explain';
import { emptyCoverage } from '../../src/domain/coverage';
import type { HourCoverage } from '../../src/domain/coverage';
import type { Failure } from '../../src/domain/failure';
import { newSourceRow } from '../../src/domain/sourceState';
import type { Silence, SourceRow, StateName } from '../../src/domain/sourceState';
import type { Polling, Tenant } from '../../src/domain/tenant';
import { sources } from '../../src/sources';
import { MemoryStores } from '../support/memoryStores';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

const now = new Date('2026-11-22T10:30:00Z');
const minutesAgo = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString();
const tenant = tenantNamed('doctor');
const feed = 'activity.exchange';
const { signal } = new AbortController();

type Changes = Partial<Omit<SourceRow, 'state'>> & {
  readonly name?: StateName;
  readonly failure?: Failure;
  readonly silence?: Silence;
};

function rowOf(sourceId: string, { name = 'collecting', failure, silence, ...changes }: Changes = {}): SourceRow {
  const state = { name, since: minutesAgo(30), ...(failure && { failure }), ...(silence && { silence }) };
  const ran = { firstRunAt: minutesAgo(90), lastRunAt: minutesAgo(1), dueAt: minutesAgo(0) };
  return { ...newSourceRow(tenant.id, sourceId, now), ...ran, state, etag: '1', ...changes };
}

async function diagnosed(
  rows: readonly SourceRow[],
  { of = tenant, hours = [] }: { readonly of?: Tenant; readonly hours?: readonly Partial<HourCoverage>[] } = {},
) {
  const clock = new VirtualClock(now);
  const { sourceRows, profiles, coverage } = new MemoryStores(clock);
  for (const row of rows) await sourceRows.create(row, signal);
  const scope = { tenantId: tenant.id, sourceId: feed };
  await coverage.saveHours(
    hours.map((hour) => ({ ...emptyCoverage(scope, '2026-11-22T09'), ...hour })),
    signal,
  );
  const ports = { clock, sourceRows, profiles, coverage, sources: new Map(sources.map((source) => [source.id, source])) };
  const found = (await diagnose(ports, of, signal)).find(({ source }) => source === feed);
  if (found === undefined) throw new Error('The source was not looked at.');
  return { ...found, ports };
}

const failed = async (failure: Failure, name: StateName = 'needsAttention') => diagnosed([rowOf(feed, { name, failure })]);

describe('diagnose', () => {
  it('counts what was delivered and says that nothing is missing', async () => {
    const found = await diagnosed([rowOf(feed, { lastRecordAt: minutesAgo(2) })], {
      hours: [
        { listed: 300, delivered: 300, records: 4_000 },
        { hour: '2026-11-22T10', listed: 1_012, delivered: 1_012, records: 9_000 },
        { hour: '2026-11-21T09', listed: 5, pending: 5 },
      ],
    });

    expect(found).toMatchObject({
      state: 'collecting',
      stateTitle: 'Collecting',
      since: minutesAgo(30),
      why: '1,312 of 1,312 content blobs of the last 24 hours delivered. Nothing missing.',
      nextStep: 'Nothing to do.',
      lastDay: { units: 1_312, delivered: 1_312, pending: 0, lost: 0, records: 13_000 },
      nextRunAt: now.toISOString(),
      overdueSince: undefined,
    });
  });

  it('never says that nothing is missing while something is', async () => {
    const found = await diagnosed([rowOf(feed)], { hours: [{ listed: 3, delivered: 2, gaps: 1 }] });

    expect(found.why).toBe('2 of 3 content blobs of the last 24 hours delivered.');
    expect(found.lastDay.lost).toBe(1);
  });

  it.each<[Failure, string, string]>([
    [
      { kind: 'auditOff', code: 'AF20011' },
      'Unified audit logging is off, or was turned on less than a few hours ago',
      'Turn it on in the Purview portal',
    ],
    [{ kind: 'consentMissing', code: 'AADSTS65001' }, 'has not given consent to the application', 'grant'],
    [
      { kind: 'permissionMissing', code: 'AF10001', permission: 'ActivityFeed.Read' },
      'lacks the permission ActivityFeed.Read',
      'Grant it',
    ],
    [
      { kind: 'credentialRejected', code: 'AADSTS7000222', detail: '' },
      'the client secret: it has expired',
      'Create a new client secret',
    ],
    [
      { kind: 'subscriptionDisabled', code: 'AF20023', by: 'an administrator' },
      'switched off by an administrator',
      'Find out why',
    ],
  ])('explains what a person has to do about %j', async (failure, why, nextStep) => {
    const found = await failed(failure);

    expect(found.stateTitle).toBe('Needs attention');
    expect(found.why).toContain(why);
    expect(found.why).toContain(`[${failure.code}]`);
    expect(found.nextStep).toContain(nextStep);
  });

  it('says until when Microsoft asked us to wait', async () => {
    const found = await failed({ kind: 'throttled', code: 'AF429', retryAfterMs: 240_000 }, 'waiting');

    expect([found.stateTitle, found.why, found.nextStep]).toEqual([
      'Waiting for Microsoft',
      'Microsoft asks us to slow down: too many requests for this tenant. [AF429]',
      'Nothing to do: it goes on by itself in about 4 minutes.',
    ]);
  });

  it('says how much is still to come while catching up', async () => {
    const row = rowOf(feed, { name: 'catchingUp', pendingUnits: 1_200, cursor: { listedTo: '2026-11-20T08:15:00.000Z' } });

    const found = await diagnosed([row], { hours: [{ listed: 20, delivered: 5, pending: 15 }] });

    expect(found.why).toBe(
      '5 of 20 content blobs of the last 24 hours delivered. 1,200 are waiting. Listed up to 2026-11-20 08:15 UTC.',
    );
  });

  it('gives the reason for silence', async () => {
    const waiting = await diagnosed([rowOf(feed, { name: 'waiting', silence: 'awaitingFirstContent' })]);
    const silent = await diagnosed([rowOf(feed, { name: 'degraded', silence: 'silentSinceStart' })]);
    const others = rowOf('activity.general', { lastRecordAt: minutesAgo(5) });
    const silentAlone = await diagnosed([rowOf(feed, { name: 'degraded', silence: 'silentSinceStart' }), others]);
    const quiet = await diagnosed([rowOf(feed, { silence: 'quiet', lastRecordAt: minutesAgo(3_000) })]);

    expect(waiting.why).toContain('within 12 hours of the first start');
    expect(silent.nextStep).toContain('Unified audit logging is off, or was turned on less than a few hours ago');
    expect(silentAlone.nextStep).toContain('Other feeds of this tenant deliver');
    expect(quiet.why).toContain('Nothing new for more than 24 hours');
  });

  it('says that content that cannot be fetched yet is not given up', async () => {
    const found = await diagnosed([
      rowOf(feed, { name: 'degraded', failure: { kind: 'contentMissing', code: 'unitsResting' }, pendingUnits: 3 }),
    ]);

    expect(found.why).toContain('3 content blobs could not be fetched yet. They are tried again');
  });

  it('knows sources that never ran, disabled polling and paused tenants', async () => {
    const disabled = tenantNamed('doctor', { polling: { kind: 'disabled' } satisfies Polling });
    const paused = tenantNamed('doctor', { status: 'paused', statusSince: minutesAgo(100) });

    const fresh = await diagnosed([]);
    const never = await diagnosed([], { of: disabled });
    const asked = await diagnosed([rowOf(feed)], { of: disabled, hours: [{ listed: 2, delivered: 2 }] });
    const asleep = await diagnosed([rowOf(feed, { name: 'needsAttention', failure: { kind: 'auditOff', code: 'AF20011' } })], {
      of: paused,
    });

    expect([fresh.stateTitle, never.stateTitle, asked.stateTitle, asleep.stateTitle]).toEqual([
      'Not run yet',
      'Disabled',
      'Disabled',
      'Paused',
    ]);
    expect(never.nextStep).toBe(`Collect now: npm run tenant -- sync ${tenant.id}`);
    expect(asked).toMatchObject({
      why: 'Polling is disabled. 2 of 2 content blobs of the last 24 hours delivered.',
      nextRunAt: undefined,
    });
    expect(asleep).toMatchObject({ since: minutesAgo(100), nextRunAt: undefined, overdueSince: undefined });
    expect(asleep.nextStep).toContain(`npm run tenant -- resume ${tenant.id}`);
  });

  it('notices that nothing runs', async () => {
    const dueAt = minutesAgo(180);

    const stopped = await diagnosed([rowOf(feed, { dueAt })]);
    const running = await diagnosed([rowOf(feed, { dueAt, leaseUntil: minutesAgo(-1) })]);
    const died = await diagnosed([rowOf(feed, { dueAt, leaseUntil: minutesAgo(170) })]);
    const soon = await diagnosed([rowOf(feed, { dueAt: minutesAgo(3) })]);

    expect([stopped, running, died, soon].map(({ overdueSince }) => overdueSince)).toEqual([dueAt, undefined, dueAt, undefined]);
  });

  it('lists gaps even when the row of the source was lost', async () => {
    const { ports } = await diagnosed([]);
    const gap = {
      scope: { tenantId: tenant.id, sourceId: feed },
      from: new Date(minutesAgo(500)),
      to: new Date(minutesAgo(400)),
      cause: 'contentExpired',
      explanation: 'Microsoft no longer holds it.',
      recordedAt: now,
    };
    await ports.coverage.recordGap(gap, signal);

    const found = (await diagnose(ports, tenant, signal)).find(({ source }) => source === feed);

    expect(found?.gaps).toEqual([gap]);
  });
});

describe('explainTenant', () => {
  const explained = (rows: readonly SourceRow[], of = tenant) => explainTenant(of, rows, sources);
  const well = rowOf('activity.general', { lastRecordAt: minutesAgo(1) });

  it('shows the worst source, and which others share its state', () => {
    const failure: Failure = { kind: 'auditOff', code: 'AF20011' };
    const off = ['activity.exchange', 'activity.sharePoint'].map((id) => rowOf(id, { name: 'needsAttention', failure }));

    const found = explained([well, rowOf('activity.dlp', { name: 'degraded' }), ...off]);

    expect(found.stateTitle).toBe('Needs attention');
    expect(found.why).toContain('[AF20011]');
    expect(found.sources).toEqual(['activity.exchange', 'activity.sharePoint']);
  });

  it('does not let a feed that waits for its first content outweigh those that deliver', () => {
    const waiting = rowOf('activity.dlp', { name: 'waiting', silence: 'awaitingFirstContent' });

    expect(explained([well, waiting]).state).toBe('collecting');
    expect(explained([waiting]).state).toBe('waiting');
  });

  it('shows a tenant that waits for a throttled feed as waiting', () => {
    const throttled = rowOf('activity.dlp', { name: 'waiting', failure: { kind: 'throttled', code: 'AF429' } });

    expect(explained([well, throttled]).state).toBe('waiting');
  });

  it('knows tenants that are new, paused, or collected only on request', () => {
    expect(explained([]).state).toBe('notRunYet');
    expect(explained([well], { ...tenant, status: 'paused' }).state).toBe('paused');
    expect(explained([well], tenantNamed('doctor', { polling: { kind: 'disabled' } })).state).toBe('disabled');
    expect(explained([well], { ...tenant, integrations: [] }).sources).toEqual([]);
  });

  it('leaves out sources that are not collected any more', () => {
    const left = { ...rowOf('graph.alerts'), state: { name: 'needsAttention' as const, since: minutesAgo(9) } };

    expect(explained([well, left]).state).toBe('collecting');
  });
});
