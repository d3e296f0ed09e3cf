import { BodyPool } from '../domain/bodyPool';
import { fullBodyBytes } from '../domain/event';
import { disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { LedgerRow } from '../domain/ledger';
import type { Run, SourceMemory } from '../domain/source';
import type { SourceRow } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import type { CollectPorts } from './collectPorts';
import { deliver } from './deliver';
import { nothingYet } from './delivery';
import type { Delivery } from './delivery';
import { endWithoutRun, finishRun } from './finishRun';
import { isDue, listUnits, notListed } from './listUnits';
import type { Listed } from './listUnits';
import type { Outcome } from './outcome';
import { patiently } from './patiently';
import { heldBack } from './heldBack';
import { isRefusal, probeSoon } from './runProbe';
import { isUnclean, Resting } from './runContext';
import type { RunContext, RunSubject } from './runContext';
import { RunLimits } from './runLimits';
import { sentAsWhole, sentInWindows } from './sentRecords';
import type { SentRecords } from './sentRecords';
import { WorkList } from './workList';

/** How often a subscription that works is looked at again. */
const readyForMs = 24 * 60 * 60 * 1_000;
const tenantLookMs = 5_000;

/** Runs a source under its lease: list, deliver, write down, and schedule the next run. */
export async function runSource(ports: CollectPorts, subject: RunSubject, signal: AbortSignal): Promise<void> {
  const { tenant, source, lease } = subject;
  const cloud = ports.clouds(tenant.cloud);
  if (tenant.status === 'paused') return endWithoutRun(ports, subject, { name: 'paused' }, signal);
  if (cloud === undefined || !source.clouds.includes(tenant.cloud))
    return endWithoutRun(ports, subject, { name: 'notAvailable' }, signal);

  const held = await heldBack(ports, subject, signal);
  if (held !== undefined) return endWithoutRun(ports, subject, held, signal);

  ports.askAnew(tenant.id);
  let isUseful = false;
  const noteProgress = (): void => {
    isUseful = true;
  };
  const { budgetMs, longestMs } = subject;
  const { graceMs } = ports.options;
  const limits = new RunLimits(ports.clock, signal, { budgetMs, longestMs, graceMs, isUseful: () => isUseful });
  const { soft, hard } = limits;
  const stopReading = (): void => limits.stopReading();
  const bugs: Error[] = [];
  const accompanied = Promise.all([lease.keep(limits.over), watchTenant(ports, tenant, limits.over, stopReading)]).catch(
    (error: unknown) => {
      if (failureOf(error) === undefined) bugs.push(new Error('keeping a run company', { cause: error }));
      limits.abandon(error);
    },
  );
  const run: Run = {
    tenant: { id: tenant.id, cloud },
    publisherId: ports.options.publisherId,
    now: () => new Date(ports.clock.now().getTime() + ports.clockOffsetMs(cloud.id, source.api)),
    signal: soft,
    send: async (request) => patiently(ports.clock, soft, async () => ports.send(tenant, request, soft)),
  };
  const bodies = bodyPool(ports);
  const sent = sentOf(ports, subject, hard);
  const ends = { soft, hard, stopReading, noteProgress };
  const context = { ports, source, tenant, run, lease, ...ends, resting: new Resting(), bodies, sent };
  try {
    const outcome = await collectUnits(context, subject.before);
    await finishRun(ports, subject, outcome, limits.last, signal);
    if (isRefusal(outcome.failure)) await probeSoon(ports, tenant, limits.last);
  } finally {
    await limits.end();
    await accompanied;
  }
  for (const bug of bugs) throw bug;
}

/** What is known of what was sent before; undefined for content feeds, whose units are never read twice. */
function sentOf(ports: CollectPorts, { tenant, source, lease }: RunSubject, hard: AbortSignal): SentRecords | undefined {
  const holder = { ports, scope: { tenantId: tenant.id, sourceId: source.id }, lease, hard };
  switch (source.progress.kind) {
    case 'contentFeed':
      return undefined;
    case 'timeWindow':
      return sentInWindows(holder);
    case 'delta':
    case 'snapshot':
      return sentAsWhole(holder);
  }
}

/** Memory for as many events as a run holds: in the outbox, in the batch under way, and one that each reader fills. */
function bodyPool({ options }: CollectPorts): BodyPool {
  const bytes = fullBodyBytes(options.format);
  return new BodyPool(bytes, 2 * Math.ceil(options.outboxBytes / bytes) + options.unitsInFlight);
}

/** Ends the run soon after its tenant was paused, removed or changed. */
async function watchTenant(ports: CollectPorts, tenant: Tenant, signal: AbortSignal, stopReading: () => void): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      await ports.clock.sleep(tenantLookMs, signal);
      const now = await ports.tenants.find(tenant.id, signal);
      if (now?.tenant.epoch !== tenant.epoch) stopReading();
    } catch (error) {
      if (!isOver() && failureOf(error)?.kind !== 'storeUnavailable') throw error;
    }
  }
}

async function collectUnits(context: RunContext, before: SourceRow): Promise<Outcome> {
  const { ports, source, tenant, soft, hard, resting } = context;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const leftovers = isUnclean(before) ? await ports.ledger.days(scope, hard) : before.openDays;
  const failure = await prepare(context, before);
  if (failure !== undefined) {
    const interrupted = soft.aborted;
    const shown = interrupted ? undefined : failure;
    return { listed: notListed(), delivery: nothingYet(), failure: shown, interrupted, openDays: leftovers, resting };
  }
  const work = new WorkList(ports.options.unitsInMemory);
  const dropWork = (): void => work.close(true);
  soft.addEventListener('abort', dropWork, { once: true });
  if (soft.aborted) dropWork();
  const { listed, delivery } = await listAndDeliver(context, work, leftovers);
  const stopped = delivery.failure ?? listed.failure;
  const interrupted = soft.aborted;
  const open = interrupted || stopped !== undefined ? [...leftovers, ...listed.openDays] : [];
  return { listed, delivery, failure: stopped, interrupted, openDays: [...new Set([...open, ...resting.days])].sort(), resting };
}

/** Lists and delivers at the same time. When one of them cannot go on, the other is ended before the error is passed on. */
async function listAndDeliver(
  context: RunContext,
  work: WorkList,
  leftovers: readonly string[],
): Promise<{ readonly listed: Listed; readonly delivery: Delivery }> {
  const stopOnError = (error: unknown): never => {
    context.stopReading();
    throw error;
  };
  const listing = async (): Promise<Listed> => {
    // Listing comes before the leftovers of earlier runs: when the source is far behind, the newest hour is wanted at once.
    const listed = (await mustWait(context, leftovers)) ? notListed() : await listUnits(context, work);
    const days = new Set([...leftovers, ...(work.overflowed ? listed.openDays : [])]);
    await takeUpPending(context, [...days].sort(), work);
    work.close(context.soft.aborted);
    return listed;
  };
  const [listed, delivery] = await Promise.allSettled([listing().catch(stopOnError), deliver(context, work).catch(stopOnError)]);
  if (delivery.status === 'rejected') throw delivery.reason;
  if (listed.status === 'rejected') throw listed.reason;
  return { listed: listed.value, delivery: delivery.value };
}

/** For so long, a window that cannot be read keeps others from being listed; then it is taken to be the trouble, not the feed. */
const windowHoldsMs = 60 * 60 * 1_000;

/** While older windows are still to be read, so often the newest comes first. */
const newestFirstEveryMs = 5 * 60_000;

/**
 * Whether what earlier runs have left has to be read first. A chain or a snapshot begins where the one before it ends. Windows are held up while one of
 * them has failed lately, or every look at a feed that does not answer would leave one more to be read; and while the newest was listed a moment ago,
 * or reading it again and again would take all the time there is for the others.
 */
async function mustWait({ ports, source, tenant, run, lease, hard }: RunContext, days: readonly string[]): Promise<boolean> {
  const { kind } = source.progress;
  if (kind === 'contentFeed') return false;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  const lately = ports.clock.now().getTime() - windowHoldsMs;
  const listedAgoMs = run.now().getTime() - Date.parse(lease.row.cursor.listedTo ?? '');
  const isNewestListed = listedAgoMs >= 0 && listedAgoMs < newestFirstEveryMs;
  const holds = ({ attempts, listedAt }: LedgerRow): boolean =>
    kind !== 'timeWindow' || (attempts > 0 ? listedAt.getTime() > lately : isNewestListed);
  for (const day of days) for await (const rows of ports.ledger.pending(scope, day, hard)) if (rows.some(holds)) return true;
  return false;
}

/** Makes sure that the feed is there; returns why it is not. */
async function prepare(context: RunContext, before: SourceRow): Promise<Failure | undefined> {
  const { ports, source, run, lease, hard } = context;
  const { readyAt } = before.memory;
  const { failure } = before.state;
  const mayHaveChanged = failure !== undefined && disposition(failure) !== 'retry';
  if (readyAt !== undefined && !mayHaveChanged && ports.clock.now().getTime() - Date.parse(readyAt) < readyForMs)
    return undefined;
  const remember = async (memory: SourceMemory): Promise<void> => {
    await lease.update((row) => ({ ...row, memory }), hard);
  };
  try {
    await remember(await source.prepare(run, before.memory, remember));
    return undefined;
  } catch (error) {
    const found = failureOf(error) ?? (context.soft.aborted ? { kind: 'cancelled', code: 'timeIsUp' } : undefined);
    if (found === undefined || found.kind === 'conflict') throw error;
    return found;
  }
}

/** Hands out the units that earlier runs left pending, as there is room, until none is left that is due. */
async function takeUpPending(context: RunContext, days: readonly string[], work: WorkList): Promise<void> {
  const { ports, source, tenant, hard, resting } = context;
  const scope = { tenantId: tenant.id, sourceId: source.id };
  for (const day of days) {
    for await (const rows of ports.ledger.pending(scope, day, hard)) {
      const now = ports.clock.now();
      for (const row of rows) {
        if (row.notBefore !== undefined && !isDue(row, now)) {
          resting.add(day, row.notBefore);
          continue;
        }
        if (!(await work.waitForRoom())) return;
        work.add([row]);
      }
    }
  }
}
