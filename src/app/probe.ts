import { alertProductIds } from '../domain/alertProduct';
import { failureOf } from '../domain/failure';
import type { Api, Failure } from '../domain/failure';
import type { ServicePlan } from '../domain/licence';
import type { Clock, ProfileStore, TenantFacts } from '../domain/ports';
import type { Run, Source } from '../domain/source';
import type { Tenant } from '../domain/tenant';
import { dated, judge } from '../domain/verdict';
import type { AlertFlow, TenantProfile, Verdict } from '../domain/verdict';
import { sourcesOf } from './schedule';

const dayMs = 24 * 60 * 60_000;
const checksAtOnce = 4;
/** The source whose answer says whether there are alerts to look for. */
const alertSource = 'graph.alertsV2';

/** What the probe of a tenant is called in schedule entries, queue messages and the table of sources: it is leased and scheduled like a source. */
export const probeId = 'connector.probe';

/** What the probe needs. */
export interface ProbePorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly profiles: ProfileStore;
  readonly tenantFacts: TenantFacts;
}

/** What a probe came to. */
export interface Probed {
  readonly profile: TenantProfile;
  readonly before: TenantProfile | undefined;
  /** False when something could not be found out now; it is then asked again soon. */
  readonly complete: boolean;
}

/** True for tenants that collect more than the audit log, whose feeds say by themselves what is in their way. */
export function isProbed(tenant: Tenant, sources: Iterable<Source>): boolean {
  return sourcesOf(tenant, sources).some(({ progress }) => progress.kind !== 'contentFeed');
}

/**
 * Finds out what a tenant's consent, licences and cloud allow: the permissions of its tokens, its service plans, and one small request to the API of each source.
 * Nothing is written. What cannot be found out now, for an outage or a login that fails, keeps the verdict it had.
 */
export async function probeTenant(ports: ProbePorts, tenant: Tenant, run: Run): Promise<Probed> {
  const { clock, tenantFacts: facts } = ports;
  const known = await ports.profiles.find(tenant.id, run.signal);
  const before = known?.epoch === tenant.epoch ? known : undefined;
  const sources = sourcesOf(tenant, ports.sources.values());
  const roles = await rolesOf(facts, tenant, sources, run.signal);
  const plans = await unlessFailed(async () => facts.servicePlans(run));
  const servicePlans = 'value' in plans ? plans.value : undefined;
  let complete = true;
  const verdicts: Record<string, Verdict> = {};
  await inTurns(sources, async (source) => {
    const verdict = await verdictOf(source, run, { roles: roles[source.api], servicePlans }, known?.verdicts[source.id], clock);
    // Under another epoch nothing of before holds, but since when it has been so is still worth knowing.
    const kept = verdict ?? before?.verdicts[source.id];
    if (verdict === undefined) complete = false;
    if (kept !== undefined) verdicts[source.id] = kept;
  });
  const alertFlows = verdicts[alertSource]?.name === 'ok' ? await alertFlowsOf(facts, run, before?.alertFlows ?? {}, clock) : {};
  const profile: TenantProfile = {
    tenantId: tenant.id,
    epoch: tenant.epoch,
    probedAt: clock.now().toISOString(),
    roles,
    ...(servicePlans === undefined ? {} : { servicePlans }),
    verdicts,
    alertFlows,
  };
  return { profile, before, complete };
}

/** Whether a probe is due, or the permissions of the tokens are other than it saw: consent may be given at any time, and nobody tells us. */
export async function isProbeDue(ports: ProbePorts, tenant: Tenant, signal: AbortSignal): Promise<boolean> {
  const known = await ports.profiles.find(tenant.id, signal);
  const sources = sourcesOf(tenant, ports.sources.values());
  if (known?.epoch !== tenant.epoch || sources.some(({ id }) => known.verdicts[id] === undefined)) return true;
  if (ports.clock.now().getTime() - Date.parse(known.probedAt) >= dayMs) return true;
  const roles = await rolesOf(ports.tenantFacts, tenant, sources, signal);
  const text = (of: TenantProfile['roles']): string =>
    JSON.stringify([of.management, of.graph, of.defender].map((list) => list && [...list].sort()));
  return text(roles) !== text(known.roles);
}

type Attempt<Value> = { readonly value: Value } | { readonly failure: Failure };

/** Bugs and the end of the run propagate; everything else is an answer. */
async function unlessFailed<Value>(work: () => Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'cancelled') throw error;
    return { failure };
  }
}

async function rolesOf(
  facts: TenantFacts,
  tenant: Tenant,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<Partial<Record<Api, readonly string[]>>> {
  const roles: Partial<Record<Api, readonly string[]>> = {};
  const offered = sources.filter(({ clouds }) => clouds.includes(tenant.cloud));
  for (const api of new Set(offered.map((source) => source.api))) {
    const told = await unlessFailed(async () => facts.roles(tenant, api, signal));
    if ('value' in told) roles[api] = told.value;
  }
  return roles;
}

async function verdictOf(
  source: Source,
  run: Run,
  known: { readonly roles: readonly string[] | undefined; readonly servicePlans: readonly ServicePlan[] | undefined },
  before: Verdict | undefined,
  clock: Pick<Clock, 'now'>,
): Promise<Verdict | undefined> {
  const cloud = run.tenant.cloud.id;
  const answer = source.clouds.includes(cloud) ? await unlessFailed(async () => source.check?.(run)) : { value: undefined };
  const judged = judge(source, { cloud, ...known, failure: 'failure' in answer ? answer.failure : undefined });
  return judged === undefined ? undefined : dated(judged, before, clock.now());
}

async function alertFlowsOf(
  facts: TenantFacts,
  run: Run,
  before: TenantProfile['alertFlows'],
  clock: Pick<Clock, 'now'>,
): Promise<Record<string, AlertFlow>> {
  const flows: Record<string, AlertFlow> = {};
  await inTurns(alertProductIds, async (product) => {
    const newest = await unlessFailed(async () => facts.newestAlertAt(run, product));
    const kept = before[product];
    if ('value' in newest)
      flows[product] = { at: clock.now().toISOString(), ...(newest.value === undefined ? {} : { lastAlertAt: newest.value }) };
    else if (kept !== undefined) flows[product] = kept;
  });
  return flows;
}

/** A few at a time: the limits are the tenant's, and its sources want some of them, too. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: checksAtOnce }, worker));
}
