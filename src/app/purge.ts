import { failureOf } from '../domain/failure';
import type { Clock, OnboardingStores, Telemetry, TenantStore, TenantTraces } from '../domain/ports';
import type { TenantId } from '../domain/tenant';

/** Runs of the tenant that were under way may write for so long; what they write goes, too. */
const runsEndWithinMs = 20 * 60_000;

export interface PurgePorts {
  readonly clock: Clock;
  readonly tenants: Pick<TenantStore, 'find'>;
  readonly onboarding: Pick<OnboardingStores, 'purges'>;
  readonly traces: TenantTraces;
  readonly telemetry: Telemetry;
}

/** Notes that everything that is kept about a removed tenant is to go. Doing it twice changes nothing. */
export async function askForPurge(
  { clock, onboarding: { purges } }: Pick<PurgePorts, 'clock' | 'onboarding'>,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<void> {
  try {
    await purges.save({ id: tenantId, askedAt: clock.now().toISOString() }, undefined, signal);
  } catch (error) {
    if (failureOf(error)?.kind !== 'conflict') throw error;
  }
}

/**
 * Removes what is kept about tenants that were removed with all their data, once no run can write any more. A process that dies leaves the note, and the
 * next one goes on. A tenant that was added again meanwhile keeps its data, and the note goes.
 */
export async function purgeRemoved(ports: PurgePorts, signal: AbortSignal): Promise<void> {
  const { clock, onboarding, tenants, traces, telemetry } = ports;
  for await (const { id, askedAt } of onboarding.purges.all(signal)) {
    if (clock.now().getTime() - Date.parse(askedAt) < runsEndWithinMs) continue;
    if ((await tenants.find(id, signal)) === undefined) {
      const { rows, blobs, held } = await traces.purge(id, signal);
      telemetry.event('tenantPurged', 'info', { tenant: id, rows, blobs, held });
    }
    await onboarding.purges.remove([id], signal);
  }
}
