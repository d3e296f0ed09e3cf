import type { Change } from '../domain/onboarding';
import type { OperatorRole } from '../domain/operator';
import type { ChangeStore, Clock, Sink, Telemetry, TenantStore } from '../domain/ports';
import type { Tenant, TenantId } from '../domain/tenant';
import { ConnectorError, failureOf } from '../domain/failure';
import { operationsEvents } from './operations';
import { randomText } from './secretText';
import { InputError } from './tenants';

/** Who does something: an operator with the role that allows it, or the command line. */
export interface Actor {
  readonly who: string;
  readonly role?: OperatorRole;
}

/** What the audit needs. */
export interface AuditPorts {
  readonly clock: Clock;
  readonly changes: ChangeStore;
  readonly tenants: TenantStore;
  readonly sink: Sink;
  readonly telemetry: Telemetry;
  readonly collect: { readonly options: { readonly operationsHub: string; readonly publisherId: TenantId } };
}

/** What is about to be done, for the audit. */
export interface AuditEntry {
  readonly by: Actor;
  readonly what: string;
  readonly tenant?: Pick<Tenant, 'id' | 'name' | 'stampName'> | undefined;
  readonly target?: string;
  readonly detail?: string;
}

const untoldAtOnce = 500;
const tellWithinMs = 10_000;
const tellAfterMs = 5 * 60_000;

/**
 * Does something and keeps who did it: written down before it is done, with its outcome after, and told to the operations hub. A process that dies in
 * between leaves the beginning, which the timer tells. Throws what the work throws.
 */
export async function audited<Result>(
  ports: AuditPorts,
  entry: AuditEntry,
  work: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const { by, what, tenant, target, detail } = entry;
  const begun: Change = {
    ...{ id: randomText(128), at: ports.clock.now().toISOString(), ...by, what, outcome: 'started' },
    ...(tenant === undefined ? {} : { tenantId: tenant.id }),
    ...(target === undefined ? {} : { target }),
    ...(detail === undefined ? {} : { detail }),
  };
  await ports.changes.record(begun, signal);
  let result;
  try {
    result = await work();
  } catch (error) {
    const refused = error instanceof InputError;
    const reason = refused ? {} : { detail: failureOf(error)?.code ?? 'fault' };
    await recordChange(ports, { ...begun, outcome: refused ? 'refused' : 'failed', ...reason }, tenant, signal);
    throw error;
  }
  await recordChange(ports, { ...begun, outcome: 'done' }, tenant, signal);
  return result;
}

/** Keeps a change and tells it to the operations hub. A hub that does not take it is told later, by the timer: what was done stays done. */
export async function recordChange(
  ports: AuditPorts,
  change: Change,
  tenant: AuditEntry['tenant'],
  signal: AbortSignal,
): Promise<void> {
  await ports.changes.record(change, signal);
  const { tenantId, what, outcome } = change;
  ports.telemetry.event('tenantChanged', 'info', { tenant: tenantId, change: what, outcome });
  // A person waits: a hub that takes longer is told by the timer.
  const soon = AbortSignal.timeout(tellWithinMs);
  try {
    await tell(ports, change, tenant, AbortSignal.any([signal, soon]));
  } catch (error) {
    if (!(error instanceof ConnectorError) && !soon.aborted) throw error;
    ports.telemetry.event('changeNotTold', 'warning', {
      tenant: tenantId,
      change: what,
      failure: failureOf(error)?.kind ?? 'slow',
    });
  }
}

/** Tells the operations hub the changes that it does not know yet, because it did not answer or the process died. */
export async function tellChanges(ports: AuditPorts, signal: AbortSignal): Promise<void> {
  const now = ports.clock.now().getTime();
  for (const change of await ports.changes.untold(untoldAtOnce, signal)) {
    // What is under way is told with its outcome.
    if (now - Date.parse(change.at) < tellAfterMs) continue;
    const found = change.tenantId === undefined ? undefined : await ports.tenants.find(change.tenantId, signal);
    await tell(ports, change, found?.tenant, signal);
  }
}

async function tell(ports: AuditPorts, change: Change, tenant: AuditEntry['tenant'], signal: AbortSignal): Promise<void> {
  const { operationsHub, publisherId } = ports.collect.options;
  const about = tenant ?? { id: change.tenantId ?? publisherId, name: '', stampName: false };
  const events = operationsEvents(about, operationsHub, [{ kind: 'change', change }], new Date(change.at));
  await ports.sink.write(events, signal);
  await ports.changes.told(change, signal);
}
