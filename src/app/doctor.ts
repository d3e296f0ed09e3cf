import { latenessAt, addLateness, noLateness } from '../domain/lateness';
import type { Gap } from '../domain/coverage';
import type { Clock, CoverageStore, ProfileStore, SourceStore } from '../domain/ports';
import type { Source } from '../domain/source';
import type { SourceRow } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import type { TenantProfile, Verdict } from '../domain/verdict';
import { hourOf } from '../domain/window';
import { budgetOf, planTitles, productFlows } from './describeProfile';
import type { BudgetUse, ProductFlow } from './describeProfile';
import { explainSource, unitWord } from './explain';
import type { Explanation } from './explain';
import { choiceOf, sourcesOf } from './schedule';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** How long a source may be due without a run before that is worth a word: a tick, a queue and a while. */
const patienceMs = 10 * minuteMs;

/** One source of a tenant, in words: its state, since when, why, and what to do next. */
export interface Diagnosis extends Explanation {
  readonly source: string;
  readonly title: string;
  /** What the units it is collected by are called. */
  readonly unitsAre: string;
  /** What the tenant's licences, consent and cloud allow, as last probed; absent for what was not probed. */
  readonly verdict?: Verdict;
  readonly lastRecordAt: string | undefined;
  readonly listedTo: string | undefined;
  readonly nextRunAt: string | undefined;
  /** Since when it has been due although no run is under way: the connector is far behind, or does not run at all. */
  readonly overdueSince: string | undefined;
  /** The last 24 hours, by availability. */
  readonly lastDay: {
    readonly units: number;
    readonly delivered: number;
    readonly pending: number;
    readonly lost: number;
    readonly records: number;
    readonly latenessSecondsP50: number | undefined;
    readonly latenessSecondsP95: number | undefined;
  };
  readonly gaps: readonly Gap[];
}

export interface DoctorPorts {
  readonly clock: Clock;
  readonly sources: ReadonlyMap<string, Source>;
  readonly sourceRows: SourceStore;
  readonly profiles: ProfileStore;
  readonly coverage: CoverageStore;
}

/** What is known about a tenant as a whole: what it allows, whose alerts flow, and how much of Microsoft's limits it takes. */
export interface TenantFindings {
  readonly profile: TenantProfile | undefined;
  readonly licences: readonly string[] | undefined;
  readonly alerts: readonly ProductFlow[];
  readonly budget: readonly BudgetUse[];
}

/** Tells what the probe found out about a tenant, and what its last runs took of Microsoft's limits. */
export async function findings(ports: DoctorPorts, tenant: Tenant, signal: AbortSignal): Promise<TenantFindings> {
  const profile = await ports.profiles.find(tenant.id, signal);
  const rows = await ports.sourceRows.ofTenant(tenant.id, signal);
  return { profile, licences: planTitles(profile), alerts: productFlows(profile), budget: budgetOf(rows) };
}

/** Explains, source by source, whether the data of a tenant flows and, if not, why and what to do. */
export async function diagnose(ports: DoctorPorts, tenant: Tenant, signal: AbortSignal): Promise<readonly Diagnosis[]> {
  const rows = new Map((await ports.sourceRows.ofTenant(tenant.id, signal)).map((row) => [row.sourceId, row]));
  const profile = await ports.profiles.find(tenant.id, signal);
  const now = ports.clock.now();
  const deliverers = [...rows.values()].filter(({ lastRecordAt }) => lastRecordAt !== undefined).map(({ sourceId }) => sourceId);
  return Promise.all(
    sourcesOf(tenant, ports.sources.values()).map(async (source) => {
      const scope = { tenantId: tenant.id, sourceId: source.id };
      const row = rows.get(source.id);
      const disabled = choiceOf(tenant, source)?.polling.kind === 'disabled';
      const scheduled = row !== undefined && !disabled && tenant.status === 'active';
      const lastDay = await countLastDay(ports, scope, now, signal);
      const unitsAre = unitWord(source.progress.kind);
      const verdict = profile?.verdicts[source.id];
      const othersDeliver = deliverers.some((id) => id !== source.id);
      return {
        source: source.id,
        title: source.title,
        unitsAre,
        ...(verdict === undefined ? {} : { verdict }),
        ...explainSource(tenant, row, { disabled, othersDeliver, lastDay, unitsAre }),
        lastRecordAt: row?.lastRecordAt,
        listedTo: row?.cursor.listedTo,
        nextRunAt: scheduled ? row.dueAt : undefined,
        overdueSince: scheduled && isOverdue(row, now) ? row.dueAt : undefined,
        lastDay,
        gaps: await ports.coverage.gaps(scope, signal),
      };
    }),
  );
}

function isOverdue({ dueAt, leaseUntil }: SourceRow, now: Date): boolean {
  const running = leaseUntil !== undefined && Date.parse(leaseUntil) > now.getTime();
  return !running && now.getTime() - Date.parse(dueAt) > patienceMs;
}

async function countLastDay(
  ports: DoctorPorts,
  scope: { readonly tenantId: string; readonly sourceId: string },
  now: Date,
  signal: AbortSignal,
): Promise<Diagnosis['lastDay']> {
  const from = hourOf(new Date(now.getTime() - 24 * hourMs));
  const hours = await ports.coverage.hours(scope, from, hourOf(new Date(now.getTime() + hourMs)), signal);
  const sum = (count: (hour: (typeof hours)[number]) => number) => hours.reduce((total, hour) => total + count(hour), 0);
  const lateness = hours.reduce((all, hour) => addLateness(all, hour.lateness), noLateness);
  return {
    units: sum(({ listed }) => listed),
    delivered: sum(({ delivered }) => delivered),
    pending: sum(({ pending }) => pending),
    lost: sum(({ gaps }) => gaps),
    records: sum(({ records }) => records),
    latenessSecondsP50: latenessAt(lateness, 0.5),
    latenessSecondsP95: latenessAt(lateness, 0.95),
  };
}
