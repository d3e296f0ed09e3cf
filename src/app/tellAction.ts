import { isEnd } from '../domain/actionRow';
import type { ActionRow, StoryLine } from '../domain/actionRow';
import type { Change } from '../domain/onboarding';
import { operatorRoles } from '../domain/operator';
import type { ActPorts } from './actPorts';
import { describeFailure } from './describe';
import { operationsEvents } from './operations';

/**
 * Copies the lines of an action's story that are not told yet to the audit table and to the operations hub, and tells the log how it ended. Told again
 * after a crash, each line has the same id in both. Throws the failure of the table or of the hub.
 */
export async function tellAction(ports: ActPorts, row: ActionRow, signal: AbortSignal): Promise<void> {
  const lines = row.story.slice(row.told);
  const changes = lines.map((line) => changeOf(ports, row, line));
  for (const change of changes) await ports.changes.record(change, signal);
  const found = await ports.tenants.find(row.tenantId, signal);
  const tenant = found?.tenant ?? { id: row.tenantId, name: '', stampName: false };
  const facts = lines.map((line) => ({ kind: 'action', row, line }) as const);
  await ports.sink.write(operationsEvents(tenant, ports.collect.options.operationsHub, facts, ports.clock.now()), signal);
  for (const change of changes) await ports.changes.told(change, signal);
  if (isEnd(row.state)) logEnd(ports, row);
}

function changeOf({ registry }: ActPorts, row: ActionRow, line: StoryLine): Change {
  const title = registry.get(row.action)?.title ?? row.action;
  const failure = line.failure === undefined ? undefined : describeFailure(line.failure).title;
  const details = [title, line.step, line.seen, line.answer, line.requestId, failure, line.number === 1 ? row.reason : undefined];
  const role = operatorRoles.find((one) => one === line.role);
  return {
    ...{ id: `${row.id}.${line.number}`, at: line.at, who: line.who ?? 'connector', what: `action.${line.kind}` },
    ...(role === undefined ? {} : { role }),
    ...{ tenantId: row.tenantId, target: `${row.target.kind}:${row.target.id}`, outcome: 'done' },
    detail: details.filter((part) => part !== undefined).join(' · '),
  };
}

function logEnd({ telemetry }: ActPorts, row: ActionRow): void {
  const { id, tenantId, action, state, requestedAt, since, steps } = row;
  const seconds = Math.round((Date.parse(since) - Date.parse(requestedAt)) / 1_000);
  const failure = steps.find((step) => step.failure !== undefined)?.failure;
  const severity = state === 'verified' ? 'info' : state === 'cancelled' || state === 'refused' ? 'warning' : 'error';
  telemetry.event('actionFinished', severity, {
    ...{ tenant: tenantId, action, actionId: id, outcome: state, seconds },
    ...{ failure: failure?.kind, code: failure?.code },
  });
}
