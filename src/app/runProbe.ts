import type { Failure, FailureKind } from '../domain/failure';
import type { ScheduleEntry } from '../domain/schedule';
import type { Run } from '../domain/source';
import type { SourceRow } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import { isNewVerdict } from '../domain/verdict';
import type { Verdict } from '../domain/verdict';
import type { CollectPorts } from './collectPorts';
import type { SourceLease } from './lease';
import { operationsEvents } from './operations';
import type { OperationsFact } from './operations';
import { patiently } from './patiently';
import { isProbed, isProbeDue, probeId, probeTenant } from './probe';
import type { Probed } from './probe';
import { RunLimits } from './runLimits';
import { entryAt, scheduleNow, sourcesOf } from './schedule';

const minuteMs = 60_000;
/** How often the permissions of the tokens are compared with what the last probe saw. */
const lookAgainMs = 60 * minuteMs;
const retryMs = 5 * minuteMs;
const never = new Date(8.64e15);

/** What a probe is about. */
export interface ProbeSubject {
  readonly tenant: Tenant;
  readonly lease: SourceLease;
  readonly scheduled: ScheduleEntry;
  readonly budgetMs: number;
}

/**
 * Probes a tenant under the lease of its probe row: tells which verdicts changed, keeps what was found out, and makes the sources due that may be polled again.
 * Dying anywhere repeats it, and a repeated probe tells and wakes what the first one did not.
 */
export async function runProbe(ports: CollectPorts, subject: ProbeSubject, signal: AbortSignal): Promise<void> {
  const { tenant, lease } = subject;
  const cloud = ports.clouds(tenant.cloud);
  if (tenant.status === 'paused' || cloud === undefined) return finish(ports, subject, undefined, true, signal);
  ports.askAnew(tenant.id);
  const limits = new RunLimits(ports.clock, signal, { budgetMs: subject.budgetMs, graceMs: ports.options.graceMs });
  const kept = lease.keep(limits.over).catch((error: unknown) => limits.abandon(error));
  const run: Run = {
    tenant: { id: tenant.id, cloud },
    publisherId: ports.options.publisherId,
    now: () => new Date(ports.clock.now().getTime() + ports.clockOffsetMs(cloud.id, 'graph')),
    signal: limits.soft,
    send: async (request) => patiently(ports.clock, limits.soft, async () => ports.send(tenant, request, limits.soft)),
  };
  try {
    const isDue = lease.row.failedRuns > 0 || (await isProbeDue(ports, tenant, limits.soft));
    const probed = isDue ? await probeTenant(ports, tenant, run) : undefined;
    if (probed !== undefined) {
      lease.assertHeld();
      await tell(ports, tenant, probed, limits.hard);
      await ports.profiles.save(probed.profile, limits.hard);
    }
    await wake(ports, tenant, limits.hard);
    const complete = probed?.complete !== false;
    const wait = complete ? lookAgainMs : Math.min(lookAgainMs, retryMs * 2 ** Math.min(lease.row.failedRuns, 10));
    await finish(ports, subject, new Date(ports.clock.now().getTime() + wait), complete, limits.last);
  } finally {
    await limits.end();
    await kept;
  }
}

/** Tells the changes of verdicts to the operations hub and the operator, before they are kept: what was kept is never told again. */
async function tell(ports: CollectPorts, tenant: Tenant, { profile, before }: Probed, signal: AbortSignal): Promise<void> {
  const now = ports.clock.now();
  const facts = Object.entries(profile.verdicts).flatMap(([sourceId, verdict]): OperationsFact[] => {
    const earlier = before?.verdicts[sourceId];
    return isNewVerdict(verdict, earlier) ? [{ kind: 'verdict', sourceId, verdict, before: earlier }] : [];
  });
  for (const event of operationsEvents(tenant, ports.options.operationsHub, facts, now)) await ports.sink.write([event], signal);
  for (const fact of facts)
    if (fact.kind === 'verdict') tellOperator(ports, tenant, fact.sourceId, fact.verdict, fact.before?.name);
}

function tellOperator(
  { telemetry }: CollectPorts,
  { id }: Tenant,
  source: string,
  { name, missing, code }: Verdict,
  before: Verdict['name'] | undefined,
): void {
  telemetry.event('verdictChanged', 'info', { tenant: id, source, verdict: name, before, missing: missing?.join(','), code });
}

/** Makes the sources due that were kept from being polled and now may be; asked of the rows, so that it is done whoever found it out. */
async function wake(ports: CollectPorts, tenant: Tenant, signal: AbortSignal): Promise<void> {
  const verdicts = (await ports.profiles.find(tenant.id, signal))?.verdicts ?? {};
  const chosen = new Set(sourcesOf(tenant, ports.sources.values()).map(({ id }) => id));
  const rows = (await ports.sourceRows.ofTenant(tenant.id, signal)).filter(
    (row) => chosen.has(row.sourceId) && verdicts[row.sourceId]?.name === 'ok' && isHeldBack(row),
  );
  await scheduleNow(ports, rows, signal);
}

const barred: readonly FailureKind[] = ['permissionMissing', 'notLicensed', 'notProvisioned', 'notInThisCloud', 'serviceMissing'];

/** True for a failure that a probe can explain better than a run. */
export function isRefusal(failure: Failure | undefined): boolean {
  return failure !== undefined && barred.includes(failure.kind);
}

function isHeldBack({ state, firstRunAt }: SourceRow): boolean {
  return state.name === 'notAvailable' || isRefusal(state.failure) || (state.name === 'waiting' && firstRunAt === undefined);
}

/**
 * Makes the probe of a tenant due now, because Microsoft refused a run although the last probe found the source open. One that has just been made is left to its schedule:
 * it saw the same.
 */
export async function probeSoon(ports: CollectPorts, tenant: Tenant, signal: AbortSignal): Promise<void> {
  if (!isProbed(tenant, ports.sources.values())) return;
  const row = await ports.sourceRows.find(tenant.id, probeId, signal);
  const now = ports.clock.now();
  if (row === undefined || now.getTime() - Date.parse(row.lastRunAt ?? row.dueAt) < retryMs) return;
  await ports.schedule.put([entryAt(ports, row, now)], signal);
}

async function finish(
  ports: CollectPorts,
  { lease, scheduled }: ProbeSubject,
  dueAt: Date | undefined,
  complete: boolean,
  signal: AbortSignal,
): Promise<void> {
  const now = ports.clock.now().toISOString();
  const { row } = lease;
  // An entry of the very same time would take the place of the one this run came from, and be removed with it.
  const at = dueAt?.getTime() === scheduled.dueAt.getTime() ? new Date(scheduled.dueAt.getTime() + 1) : dueAt;
  if (at !== undefined) await ports.schedule.put([{ ...entryAt(ports, row, at), ticket: row.epoch }], signal);
  await lease.release(
    (before) => ({
      ...before,
      unclean: false,
      dueAt: (at ?? never).toISOString(),
      ticket: before.epoch,
      firstRunAt: before.firstRunAt ?? now,
      lastRunAt: now,
      ...(complete ? { lastSuccessAt: now } : {}),
      failedRuns: complete ? 0 : before.failedRuns + 1,
    }),
    signal,
  );
  await ports.schedule.remove([scheduled], signal);
}
