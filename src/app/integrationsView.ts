import { integrations } from '../domain/integration';
import type { IntegrationId } from '../domain/integration';
import type { Tenant } from '../domain/tenant';
import { diagnose } from './doctor';
import type { Diagnosis, DoctorPorts } from './doctor';
import { worstFirst } from './explain';
import type { ShownState } from './explain';

/** One integration of a tenant as a person is shown it: how it is, what it has delivered, what it leaves out. */
export interface IntegrationView {
  readonly id: IntegrationId;
  readonly title: string;
  readonly state: ShownState;
  readonly since: string | undefined;
  readonly why: string;
  readonly nextStep: string;
  /** Records of the last 24 hours. */
  readonly records: number;
  /** The sources that the licence or the cloud does not have. */
  readonly leftOut: readonly string[];
  readonly sources: readonly Diagnosis[];
}

/** The integrations of a tenant, each by its worst source; one that only waits for its first content does not count beside others that deliver. */
export async function integrationsView(
  ports: DoctorPorts,
  tenant: Tenant,
  signal: AbortSignal,
): Promise<readonly IntegrationView[]> {
  const diagnoses = await diagnose(ports, tenant, signal);
  return tenant.integrations.flatMap(({ id }) => {
    const those = diagnoses.filter(({ source }) => ports.sources.get(source)?.integration === id);
    const leftOut = those.filter(({ state }) => state === 'notAvailable');
    const there = those.filter(({ state }) => state !== 'notAvailable');
    const flows = there.some(({ lastRecordAt }) => lastRecordAt !== undefined);
    const counted = flows ? there.filter(({ state }) => state !== 'waiting' && state !== 'notRunYet') : there;
    const all = [counted, there, those].find((some) => some.length > 0) ?? [];
    const worst = worstFirst.find((state) => all.some((one) => one.state === state));
    const first = all.find(({ state }) => state === worst);
    if (first === undefined) return [];
    const { state, since, why, nextStep } = first;
    const records = those.reduce((sum, { lastDay }) => sum + lastDay.records, 0);
    const { title } = integrations[id];
    return [{ id, title, state, since, why, nextStep, records, leftOut: leftOut.map((one) => one.title), sources: those }];
  });
}
