import type { Tenant } from '../domain/tenant';
import type { OnboardPorts } from './onboardPorts';
import { operationsEvents } from './operations';

/** What telling a change needs. */
export type ChangePorts = Pick<OnboardPorts, 'clock' | 'changes' | 'sink' | 'telemetry' | 'collect'>;

/** One change of a tenant, as it is told. */
interface ToldChange {
  /** `tid/oid` of a person, an operator, or the command line with its user. */
  readonly who: string;
  readonly what: string;
  readonly detail?: string | undefined;
  /** When it was made, and the id of the fact; for changes that are told again when a step is repeated. Now, and an id of that moment, when absent. */
  readonly at?: Date;
  readonly id?: string;
}

/**
 * Tells who changed what: to the history, which is a table; to the operations hub; and to the log, without the name. Throws `storeUnavailable`, or the
 * failure of the hub, when one of them does not take it.
 */
export async function tellChange(
  ports: ChangePorts,
  tenant: Pick<Tenant, 'id' | 'name' | 'stampName'>,
  { who, what, detail, at = ports.clock.now(), id = `${tenant.id}|${what}|${at.toISOString()}` }: ToldChange,
  signal: AbortSignal,
): Promise<void> {
  const more = detail === undefined ? {} : { detail };
  await ports.changes.record({ at: at.toISOString(), who, what, tenantId: tenant.id, ...more }, signal);
  const fact = { kind: 'change', id, what, who, ...more } as const;
  await ports.sink.write(operationsEvents(tenant, ports.collect.options.operationsHub, [fact], at), signal);
  ports.telemetry.event('tenantChanged', 'info', { tenant: tenant.id, change: what });
}
