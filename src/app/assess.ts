import { cloudIds } from '../domain/cloud';
import type { Cloud } from '../domain/cloud';
import {
  assessedPeriod,
  assessmentIntervalMs,
  collectedPeriod,
  controlsOf,
  isAssessmentDue,
  objectsDigest,
  scheduledAssessmentId,
} from '../domain/evidence';
import type {
  Assessment,
  Control,
  EvidenceCheck,
  EvidenceItem,
  EvidenceRun,
  Finding,
  GraphList,
  GraphQuery,
  Period,
  SourceCoverage,
} from '../domain/evidence';
import { ConnectorError, disposition, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { EvidenceStore, KeptDocument } from '../domain/ports';
import type { Run, Source, Unit } from '../domain/source';
import type { Tenant, TenantId } from '../domain/tenant';
import { hourOf } from '../domain/window';
import { evidenceRecords, readAssessment, writeAssessment } from './assessment';
import type { CollectPorts } from './collectPorts';
import { describeFailure } from './describe';
import { patiently } from './patiently';
import { choiceOf, scheduleNow, sourcesOf } from './schedule';
import { InputError } from './tenants';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** How long one question may take before the others have their turn. */
const checkMs = 3 * minuteMs;

/** The id of the source that makes and sends assessments; part of stored keys. */
export const evidenceSourceId = 'connector.evidence';

/** What a tenant chooses to be assessed. */
const chosenAs = { id: evidenceSourceId, integration: 'evidence' } as const;

/** What assessing needs of the outside world. */
export interface AssessPorts extends Pick<
  CollectPorts,
  'clock' | 'clouds' | 'clockOffsetMs' | 'tenants' | 'sourceRows' | 'coverage' | 'sources' | 'telemetry'
> {
  readonly evidence: EvidenceStore;
  readonly checks: readonly EvidenceCheck[];
  readonly controls: readonly Control[];
  /** Reads a list of Microsoft Graph to its end. Throws a ConnectorError when it cannot. */
  readonly readList: (run: Run, query: GraphQuery) => Promise<GraphList>;
}

/**
 * What there is to know about collecting from a tenant in a period: for each of its sources, the hours and gaps that were recorded. The evidence
 * itself does not count.
 */
export async function coverageOf(
  ports: Pick<AssessPorts, 'sourceRows' | 'coverage' | 'sources'>,
  tenant: Tenant,
  period: Period,
  signal: AbortSignal,
): Promise<readonly SourceCoverage[]> {
  const rows = new Map((await ports.sourceRows.ofTenant(tenant.id, signal)).map((row) => [row.sourceId, row]));
  const found: SourceCoverage[] = [];
  for (const source of sourcesOf(tenant, ports.sources.values())) {
    if (source.id === evidenceSourceId) continue;
    const scope = { tenantId: tenant.id, sourceId: source.id };
    const row = rows.get(source.id);
    const listedFrom = row?.firstRunAt === undefined ? undefined : firstListed(source, new Date(row.firstRunAt));
    const listedTo = row?.cursor.listedTo === undefined ? undefined : lastListed(source, new Date(row.cursor.listedTo));
    found.push({
      sourceId: source.id,
      title: source.title,
      ...(row === undefined ? {} : { state: row.state }),
      ...(listedTo === undefined ? {} : { listedTo }),
      ...(listedFrom === undefined ? {} : { listedFrom }),
      hours: await ports.coverage.hours(scope, hourOf(period.from), hourOf(period.to), signal),
      gaps: await ports.coverage.gaps(scope, signal),
    });
  }
  return found;
}

/** From when on a source that began at a moment knows what there was; undefined for those that read all there is. */
function firstListed({ progress }: Source, firstRunAt: Date): Date | undefined {
  if (!('rules' in progress)) return undefined;
  return new Date(firstRunAt.getTime() - (progress.rules.firstMs ?? progress.rules.retentionMs));
}

/** Up to when a source that was listed up to a moment says all there is to say: one that reads the whole of something has the next look ahead of it. */
function lastListed({ progress, everySeconds = 0 }: Source, listedTo: Date): Date {
  return 'rules' in progress ? listedTo : new Date(listedTo.getTime() + everySeconds * 1_000);
}

/** Asks all questions about a tenant and returns the answers. A failure is an answer, too: not available, and why. Throws when we cannot work: storage, an aborted signal, a bug. */
export async function makeAssessment(ports: AssessPorts, tenant: Tenant, run: Run, id: string): Promise<Assessment> {
  const period = collectedPeriod(assessedPeriod(run.now()), new Date(tenant.addedAt));
  const items: EvidenceItem[] = [];
  for (const check of ports.checks) items.push(await answer(ports, tenant, run, check, period));
  return {
    v: 1,
    id,
    tenantId: tenant.id,
    tenantName: tenant.name,
    cloud: tenant.cloud,
    assessedAt: run.now().toISOString(),
    period: { from: period.from.toISOString(), to: period.to.toISOString() },
    items,
  };
}

/** The answer to one question about a tenant. */
async function answer(ports: AssessPorts, tenant: Tenant, run: Run, check: EvidenceCheck, period: Period): Promise<EvidenceItem> {
  const found = await within(ports, run.signal, async (signal) => {
    const limited: Run = { ...run, signal };
    const evidenceRun: EvidenceRun = {
      tenantId: tenant.id,
      now: run.now(),
      period,
      list: async (query) => ports.readList(limited, query),
      coverage: async (of) => coverageOf(ports, tenant, of, signal),
    };
    return check.gather(evidenceRun);
  });
  const finding = 'finding' in found ? found.finding : unavailable(found.failure);
  const { status, statement, figures, tables, objects, nextStep, again } = finding;
  return {
    check: check.id,
    title: check.title,
    question: check.question,
    ...{ status, statement, figures, tables },
    ...(nextStep === undefined ? {} : { nextStep }),
    ...(again === undefined ? {} : { again }),
    ...('failure' in found ? { failure: { kind: found.failure.kind, code: found.failure.code } } : {}),
    controls: controlsOf(ports.controls, check.id),
    collectedAt: run.now().toISOString(),
    objectsSha256: objectsDigest(objects),
    objects,
  };
}

/** Looks, for no longer than a check may take; what Microsoft refuses comes back as a failure, what is our own trouble is thrown. */
async function within(
  { clock }: AssessPorts,
  signal: AbortSignal,
  look: (signal: AbortSignal) => Promise<Finding>,
): Promise<{ readonly finding: Finding } | { readonly failure: Failure }> {
  const limit = new AbortController();
  const over = new AbortController();
  const late = clock.sleep(checkMs, over.signal).then(
    () => limit.abort(),
    () => undefined,
  );
  try {
    return { finding: await look(AbortSignal.any([signal, limit.signal])) };
  } catch (error) {
    const failure = failureOf(error);
    if (signal.aborted) throw new ConnectorError('assessing', { kind: 'cancelled', code: 'aborted' }, error);
    if (limit.signal.aborted) return { failure: { kind: 'unavailable', code: 'timeout:check' } };
    if (failure === undefined || ourOwn.includes(failure.kind)) throw error;
    return { failure };
  } finally {
    over.abort();
    await late;
  }
}

const ourOwn: readonly Failure['kind'][] = ['storeUnavailable', 'conflict', 'cancelled'];

/** What cannot be looked at is not available, in the words of the failure; it is looked at again soon when it may heal by itself. */
function unavailable(failure: Failure): Finding {
  const { title, nextStep } = describeFailure(failure);
  const heals = ['retry', 'wait', 'stop'].includes(disposition(failure));
  return {
    status: 'notAvailable',
    statement: title,
    figures: [],
    tables: [],
    objects: [],
    nextStep,
    ...(heals ? { again: true } : {}),
  };
}

/** The newest assessment of the last days: its id, and whether something in it is to be looked at again. */
async function latestOf(
  ports: AssessPorts,
  tenantId: TenantId,
  now: Date,
  withinMs: number,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly again: boolean } | undefined> {
  const ids = await ports.evidence.ids(tenantId, new Date(now.getTime() - withinMs), new Date(now.getTime() + 1), signal);
  const id = ids.at(-1);
  if (id === undefined) return undefined;
  try {
    const kept = await ports.evidence.read(tenantId, id, signal);
    const again = kept !== undefined && readAssessment(kept).items.some((one) => one.again === true);
    return { id, again };
  } catch (error) {
    if (failureOf(error)?.kind !== 'unexpectedResponse') throw error;
    ports.telemetry.event('evidenceDamaged', 'error', { tenant: tenantId, assessment: id });
    return { id, again: false };
  }
}

/**
 * Assesses a tenant when somebody asked for it, or it is time to, and returns the id. The document is durable before anything is told; another instance
 * that was quicker wins.
 */
async function assessIfDue(ports: AssessPorts, tenant: Tenant, run: Run): Promise<string | undefined> {
  const id = (await openRequest(ports, tenant, run.signal)) ?? (await scheduledId(ports, tenant, run));
  if (id === undefined) return undefined;
  const assessment = await makeAssessment(ports, tenant, run, id);
  await ports.evidence.keep(tenant.id, id, writeAssessment(assessment), run.signal);
  ports.telemetry.event('assessed', 'info', { tenant: tenant.id, ...countStatuses(assessment) });
  return id;
}

/** The id of an assessment that was asked for and is not there yet. */
export async function openRequest(
  { evidence }: Pick<AssessPorts, 'evidence'>,
  { id: tenantId, assessmentAskedAt: askedAt }: Tenant,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (askedAt === undefined) return undefined;
  const at = new Date(askedAt);
  const made = await evidence.ids(tenantId, at, new Date(at.getTime() + 1), signal);
  return made.length === 0 ? askedAt : undefined;
}

/** The id of the assessment that is due by itself. */
async function scheduledId(ports: AssessPorts, tenant: Tenant, run: Run): Promise<string | undefined> {
  const polling = choiceOf(tenant, chosenAs)?.polling ?? { kind: 'adaptive' };
  const intervalMs = assessmentIntervalMs(polling);
  const latest = await latestOf(ports, tenant.id, run.now(), intervalMs + dayMs, run.signal);
  return isAssessmentDue(latest, run.now(), intervalMs) ? scheduledAssessmentId(run.now()) : undefined;
}

function countStatuses({ items }: Assessment): Readonly<Record<string, number>> {
  const count = (status: string): number => items.filter((one) => one.status === status).length;
  return { met: count('met'), attention: count('attention'), notAvailable: count('notAvailable') };
}

const rules = { maxSpanMs: 7 * dayMs, retentionMs: 7 * dayMs - 5 * minuteMs, overlapMs: 2 * hourMs, firstMs: dayMs };

/**
 * Assessments as a source: what is listed are the documents in the store, after the one that is due was made. So the engine sends each of them with all its
 * guarantees, also one that a command made or that was kept by a process that died before it could be sent.
 */
export function evidenceSource(ports: AssessPorts): Source {
  return {
    id: evidenceSourceId,
    title: 'Evidence for auditors',
    docs: 'https://learn.microsoft.com/compliance/regulatory/offering-iso-27001',
    integration: 'evidence',
    api: 'graph',
    // Each check says what it needs: one that is refused leaves the others.
    permissions: [],
    anyLicenceOf: [],
    clouds: cloudIds,
    progress: { kind: 'contentFeed', rules },
    everySeconds: hourMs / 1_000,
    category: 'M365Connector.Evidence',
    resourceProvider: 'M365Connector',
    hub: 'm365-posture',
    prepare: async (run, memory) => Promise.resolve({ ...memory, readyAt: run.now().toISOString() }),
    list: async function* (run, windows) {
      const { id: tenantId } = run.tenant;
      for (const window of windows) {
        const isNewest = run.now().getTime() - window.to.getTime() < minuteMs;
        const tenant = isNewest ? (await ports.tenants.find(tenantId, run.signal))?.tenant : undefined;
        const made = tenant === undefined ? undefined : await assessIfDue(ports, tenant, run);
        // Windows end at a full second; what was kept within this one is not to wait for the next run.
        const to = isNewest ? new Date(run.now().getTime() + 1) : window.to;
        const ids = new Set(await ports.evidence.ids(tenantId, window.from, to, run.signal));
        // Whoever asked may have another clock than Microsoft, by which windows go.
        if (made !== undefined) ids.add(made);
        yield { units: [...ids].map(unitOf), completes: window };
      }
    },
    read: async function* (run, unit) {
      const kept = await ports.evidence.read(run.tenant.id, unit.ref, run.signal);
      if (kept === undefined) throw new ConnectorError('reading evidence', { kind: 'contentMissing', code: 'evidenceRemoved' });
      yield { records: evidenceRecords(readAssessment(kept), kept) };
    },
  };
}

function unitOf(id: string): Unit {
  const at = new Date(id);
  return { id, at, expires: new Date(at.getTime() + 7 * dayMs), ref: id };
}

/** What a command that assesses needs besides. */
export interface AssessNowPorts extends AssessPorts {
  readonly collect: CollectPorts;
}

/** An assessment with the document it was kept as. */
export interface KeptAssessment {
  readonly assessment: Assessment;
  readonly kept: KeptDocument;
}

/**
 * Assesses a tenant now, whatever is due. The connector sends what was kept as soon as it runs; `isSent` is false for a tenant that does not have the
 * integration. Throws InputError for a tenant that is paused, and `rejectedRequest` for one in a cloud that is not set up.
 */
export async function assessNow(
  ports: AssessNowPorts,
  tenant: Tenant,
  signal: AbortSignal,
): Promise<KeptAssessment & { readonly isSent: boolean }> {
  const run = runOf(ports, tenant, cloudToAssess(ports, tenant), signal);
  const id = run.now().toISOString();
  const made = await makeAssessment(ports, tenant, run, id);
  const kept = await ports.evidence.keep(tenant.id, id, writeAssessment(made), signal);
  const row = await ports.sourceRows.find(tenant.id, evidenceSourceId, signal);
  const isSent = row !== undefined && hasEvidence(tenant);
  if (isSent) await scheduleNow(ports.collect, [row], signal);
  return { assessment: readAssessment(kept), kept, isSent };
}

/** Whether a tenant has the integration whose source sends assessments. */
export const hasEvidence = (tenant: Tenant): boolean => choiceOf(tenant, chosenAs) !== undefined;

/** The cloud of a tenant that can be assessed now. Throws InputError for one that is paused, and `rejectedRequest` for one in a cloud that is not set up. */
export function cloudToAssess({ clouds }: Pick<AssessPorts, 'clouds'>, { id, name, status, cloud }: Tenant): Cloud {
  if (status === 'paused') throw new InputError(`${name} is paused.`, `Resume it first: npm run tenant -- resume ${id}`);
  const found = clouds(cloud);
  if (found !== undefined) return found;
  throw new ConnectorError('assessing', { kind: 'rejectedRequest', code: 'cloudNotConfigured', detail: cloud });
}

function runOf({ clock, clockOffsetMs, collect }: AssessNowPorts, tenant: Tenant, cloud: Cloud, signal: AbortSignal): Run {
  return {
    tenant: { id: tenant.id, cloud },
    publisherId: collect.options.publisherId,
    now: () => new Date(clock.now().getTime() + clockOffsetMs(cloud.id, 'graph')),
    signal,
    send: async (request) => patiently(clock, signal, async () => collect.send(tenant, request, signal)),
  };
}
