import { collectedPeriod, controlsOf, evidenceStatusTitles, objectsDigest } from '../domain/evidence';
import type { Assessment, EvidenceItem, EvidenceStatus, Period } from '../domain/evidence';
import { ConnectorError } from '../domain/failure';
import type { Tenant, TenantId } from '../domain/tenant';
import { coverageOf } from './assess';
import type { AssessPorts, KeptAssessment } from './assess';
import { readAssessment } from './assessment';
import { InputError } from './tenants';

const dayMs = 24 * 60 * 60_000;
/** How far back the newest assessment is looked for. */
const newestWithinMs = 400 * dayMs;
/** How much of the past a report without a period shows. */
const pastMs = 31 * dayMs;
const readsAtOnce = 8;

/** An assessment in the list of those that were made: when, where it is kept, its hash, and the status of each check. */
interface PastAssessment {
  readonly id: string;
  readonly assessedAt: string;
  readonly blob: string;
  readonly sha256: string;
  readonly statuses: Readonly<Record<string, EvidenceStatus>>;
}

/** What an auditor reads. Times are ISO 8601 in UTC. */
export interface EvidenceReport {
  readonly tenant: { readonly id: string; readonly name: string; readonly cloud: string; readonly addedAt: string };
  readonly generatedAt: string;
  readonly period: { readonly from: string; readonly to: string };
  /** The document the items are from; undefined when there is none in the period. */
  readonly document:
    { readonly id: string; readonly assessedAt: string; readonly blob: string; readonly sha256: string } | undefined;
  readonly items: readonly EvidenceItem[];
  /** The last assessment of each day, oldest first. */
  readonly past: readonly PastAssessment[];
  /** How many assessments of the period there are in all. */
  readonly assessments: number;
}

/** How many items have each status, in words: `3 met, 1 attention, 1 not available`. */
export function statusCounts(items: readonly EvidenceItem[]): string {
  return (Object.keys(evidenceStatusTitles) as EvidenceStatus[])
    .map((status) => ({ status, count: items.filter((one) => one.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${evidenceStatusTitles[status].toLowerCase()}`)
    .join(', ');
}

/**
 * Puts a report together from what is kept: of the newest assessment (or the one given), or of a period, for which the questions about a period are
 * answered anew. Throws InputError when there is nothing to report.
 */
export async function makeReport(
  ports: AssessPorts,
  tenant: Tenant,
  wanted: { readonly period?: Period; readonly newest?: KeptAssessment },
  signal: AbortSignal,
): Promise<EvidenceReport> {
  const now = ports.clock.now();
  const inside = wanted.period ?? { from: new Date(now.getTime() - newestWithinMs), to: new Date(now.getTime() + dayMs) };
  const ids = await ports.evidence.ids(tenant.id, inside.from, inside.to, signal);
  const lastId = ids.at(-1);
  const newest = wanted.newest ?? (lastId === undefined ? undefined : await read(ports, tenant, lastId, signal));
  const period = wanted.period ?? periodOf(newest?.assessment);
  if (period === undefined)
    throw new InputError(
      `There is no assessment of ${tenant.name} yet.`,
      `Make one now: npm run evidence -- --tenant ${tenant.id} --now`,
    );
  const shown = wanted.period === undefined ? ids.filter((id) => Date.parse(id) > now.getTime() - pastMs) : ids;
  const past = await readPast(ports, tenant, lastOfEachDay(shown), signal);
  return {
    tenant: { id: tenant.id, name: tenant.name, cloud: tenant.cloud, addedAt: tenant.addedAt },
    generatedAt: now.toISOString(),
    period: { from: period.from.toISOString(), to: period.to.toISOString() },
    document: newest === undefined ? undefined : documentOf(newest),
    items:
      wanted.period === undefined
        ? (newest?.assessment.items ?? [])
        : await itemsOfPeriod(ports, tenant, newest?.assessment, wanted.period, signal),
    past,
    assessments: shown.length,
  };
}

/** The id of a tenant's newest assessment. Today's and yesterday's are asked for first: there may be thousands in a year. */
export async function newestId(
  { evidence, clock }: Pick<AssessPorts, 'evidence' | 'clock'>,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<string | undefined> {
  const now = clock.now().getTime();
  const today = now - (now % dayMs);
  const spans = [
    [today, today + dayMs - 1],
    [today - dayMs, today - 1],
    [now - newestWithinMs, now + dayMs],
  ] as const;
  for (const [from, to] of spans) {
    const id = (await evidence.ids(tenantId, new Date(from), new Date(to), signal)).at(-1);
    if (id !== undefined) return id;
  }
  return undefined;
}

function periodOf(assessment: Assessment | undefined): Period | undefined {
  return assessment === undefined ? undefined : { from: new Date(assessment.period.from), to: new Date(assessment.period.to) };
}

function documentOf({ assessment, kept }: KeptAssessment): NonNullable<EvidenceReport['document']> {
  return { id: assessment.id, assessedAt: assessment.assessedAt, blob: kept.blob, sha256: kept.sha256 };
}

async function read(ports: AssessPorts, tenant: Tenant, id: string, signal: AbortSignal): Promise<KeptAssessment> {
  const kept = await ports.evidence.read(tenant.id, id, signal);
  if (kept === undefined) throw new ConnectorError('reading evidence', { kind: 'contentMissing', code: 'evidenceRemoved' });
  return { assessment: readAssessment(kept), kept };
}

/** The last of each day. */
function lastOfEachDay(ids: readonly string[]): string[] {
  return [...new Map(ids.map((id) => [id.slice(0, 10), id])).values()];
}

async function readPast(
  ports: AssessPorts,
  tenant: Tenant,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<PastAssessment[]> {
  const past: PastAssessment[] = [];
  for (let start = 0; start < ids.length; start += readsAtOnce) {
    const some = await Promise.all(ids.slice(start, start + readsAtOnce).map(async (id) => read(ports, tenant, id, signal)));
    past.push(
      ...some.map((one) => ({
        ...documentOf(one),
        statuses: Object.fromEntries(one.assessment.items.map(({ check, status }) => [check, status])),
      })),
    );
  }
  return past;
}

/** The items of an assessment, with those about a period answered for the wanted one. */
async function itemsOfPeriod(
  ports: AssessPorts,
  tenant: Tenant,
  assessment: Assessment | undefined,
  period: Period,
  signal: AbortSignal,
): Promise<EvidenceItem[]> {
  const items: EvidenceItem[] = [];
  for (const check of ports.checks) {
    const kept = assessment?.items.find((one) => one.check === check.id);
    if (check.isOfPeriod !== true) {
      if (kept !== undefined) items.push(kept);
      continue;
    }
    const now = ports.clock.now();
    const overNow: Period = { from: period.from, to: period.to < now ? period.to : now };
    const collected = collectedPeriod(overNow, new Date(tenant.addedAt));
    const finding = await check.gather({
      ...{ tenantId: tenant.id, now, period: collected },
      list: async () => Promise.reject(new Error('A question about a period is answered from what we know ourselves.')),
      coverage: async (of) => coverageOf(ports, tenant, of, signal),
    });
    items.push({
      ...finding,
      ...{ check: check.id, title: check.title, question: check.question, collectedAt: now.toISOString() },
      controls: controlsOf(ports.controls, check.id),
      objectsSha256: objectsDigest(finding.objects),
    });
  }
  return items;
}
