import { failureOf } from '../domain/failure';
import type { EvidenceStore } from '../domain/ports';
import type { Tenant } from '../domain/tenant';
import { cloudToAssess, evidenceSourceId, hasEvidence, openRequest } from './assess';
import type { AssessPorts } from './assess';
import { readAssessment } from './assessment';
import { newestId, statusCounts } from './evidenceReport';
import { scheduleNow } from './schedule';
import { InputError, saveTenant, stillThere } from './tenants';
import type { TenantPorts } from './tenants';

/** What asking for an assessment needs. */
type AskPorts = Pick<TenantPorts, 'clock' | 'tenants' | 'sourceRows' | 'collect'> & { readonly evidence: EvidenceStore };

/** What became of it: the id that the assessment is kept under, and whether it was asked for before and is not there yet. */
export interface AskedForAssessment {
  readonly askedAt: string;
  readonly outcome: 'asked' | 'underWay';
}

/**
 * Asks for an assessment and does not wait for it: the source that sends assessments makes it, with the same questions as ever, as soon as it has its turn.
 * The note with the tenant comes first, so that the next run of that source finds it even if the message is lost. Throws InputError for a tenant that is
 * paused or lacks the integration, and `rejectedRequest` for one in a cloud that is not set up.
 */
export async function askForAssessment(ports: AskPorts, tenant: Tenant, signal: AbortSignal): Promise<AskedForAssessment> {
  cloudToAssess(ports.collect, tenant);
  if (!hasEvidence(tenant))
    throw new InputError(
      `${tenant.name} is not assessed: it does not have the integration "evidence".`,
      `Choose it first, or assess the tenant by command: npm run evidence -- --tenant ${tenant.id} --now`,
    );
  const open = await openRequest(ports, tenant, signal);
  const askedAt = open ?? (await note(ports, tenant, signal));
  const row = await ports.sourceRows.find(tenant.id, evidenceSourceId, signal);
  // Without a row the source is about to run for the first time.
  if (row !== undefined) await scheduleNow(ports.collect, [row], signal);
  return { askedAt, outcome: open === undefined ? 'asked' : 'underWay' };
}

/** Notes with the tenant that an assessment is wanted; of two who ask at once, the first is heard. */
async function note(ports: AskPorts, tenant: Tenant, signal: AbortSignal): Promise<string> {
  const now = ports.clock.now().toISOString();
  const build = (present: Tenant | undefined): Tenant => {
    const there = stillThere(present, tenant.name);
    return there.assessmentAskedAt === tenant.assessmentAskedAt ? { ...there, assessmentAskedAt: now } : there;
  };
  const { tenant: saved } = await saveTenant(ports, tenant.id, build, signal);
  return saved.assessmentAskedAt ?? now;
}

/** What there is to say about the assessments of a tenant. Times are ISO 8601 in UTC. */
export interface AssessmentsView {
  /** The newest one: when it was made, and how many items have which status, in words; without them, and only the moment it is filed under, when it cannot be read. */
  readonly newest: { readonly assessedAt: string; readonly counts?: string } | undefined;
  /** Since when one is asked for that is not there yet. */
  readonly askedAt: string | undefined;
}

/** Looks at the newest assessment of a tenant, and whether one is under way. */
export async function viewAssessments(
  ports: Pick<AssessPorts, 'evidence' | 'clock'>,
  tenant: Tenant,
  signal: AbortSignal,
): Promise<AssessmentsView> {
  const id = await newestId(ports, tenant.id, signal);
  const askedAt = hasEvidence(tenant) ? await openRequest(ports, tenant, signal) : undefined;
  if (id === undefined) return { newest: undefined, askedAt };
  const unread = { newest: { assessedAt: id }, askedAt };
  try {
    const kept = await ports.evidence.read(tenant.id, id, signal);
    if (kept === undefined) return unread;
    const { assessedAt, items } = readAssessment(kept);
    return { newest: { assessedAt, counts: statusCounts(items) }, askedAt };
  } catch (error) {
    if (failureOf(error)?.kind !== 'unexpectedResponse') throw error;
    return unread;
  }
}
