import * as life from '../domain/actionLife';
import { isEnd } from '../domain/actionRow';
import type { ActionRow } from '../domain/actionRow';
import type { Operator, OperatorRole } from '../domain/operator';
import { parseGuid } from '../domain/tenant';
import type { ActPorts } from './actPorts';
import { recordChange } from './audit';
import { changeAction } from './changeAction';
import { ActionRefusal, setGoing } from './requestAction';

/** What a person may decide about an action that was asked for. */
export const decisions = ['approve', 'decline', 'cancel', 'retry'] as const;
export type Decision = (typeof decisions)[number];

/** Which of its roles an operator decides with; undefined when none of them may. */
const roleFor = (decision: Decision, { roles }: Operator): OperatorRole | undefined => {
  const may: readonly OperatorRole[] =
    decision === 'approve' ? ['Approver'] : decision === 'retry' ? ['Responder'] : ['Responder', 'Approver'];
  return may.find((role) => roles.includes(role));
};

/**
 * A person decides about an action of a tenant. Approval is taken once, in time, and from another person than the one who asked. Throws ActionRefusal, which is
 * audited; an action of another tenant is none.
 */
export async function decideAction(
  ports: ActPorts,
  by: Operator,
  of: { readonly tenantId: string; readonly id: string; readonly decision: Decision },
  signal: AbortSignal,
): Promise<ActionRow> {
  const { id, decision, tenantId } = of;
  try {
    const found = /^[0-9a-f]{32}$/.test(id) ? await ports.actions.find(id, signal) : undefined;
    if (found?.row.tenantId !== tenantId.toLowerCase())
      throw new ActionRefusal(404, 'actionUnknown', 'There is no such action.', 'Look at the actions of the tenant.');
    const role = roleFor(decision, by);
    if (role === undefined)
      throw new ActionRefusal(
        403,
        'role',
        `This needs the role ${decision === 'approve' ? 'Approver' : 'Responder'}.`,
        'Ask whoever assigns the roles of this application.',
      );
    const longestMs = ports.registry.get(found.row.action)?.longestMs ?? 0;
    // Decided on the row as it is: of two who decide at once, the second decides about what the first left.
    const row = await changeAction(ports, id, (present) => decided(ports, present, { by, role, decision, longestMs }), signal);
    if (row === undefined) throw new Error('A decision changes its action, or is refused.');
    await setGoing(ports, row, signal);
    return row;
  } catch (error) {
    if (error instanceof ActionRefusal) await tellRefusal(ports, by, of, error, signal);
    throw error;
  }
}

interface Deciding {
  readonly by: Operator;
  readonly role: OperatorRole;
  readonly decision: Decision;
  readonly longestMs: number;
}

function decided({ clock }: ActPorts, row: ActionRow, { by, role, decision, longestMs }: Deciding): ActionRow {
  const now = clock.now();
  const refuse = (code: string, wrong: string, next: string): ActionRefusal => new ActionRefusal(409, code, wrong, next);
  switch (decision) {
    case 'approve':
      if (by.application === true)
        throw new ActionRefusal(
          403,
          'notAPerson',
          'Only a person can approve an action.',
          'Ask a person with the role Approver.',
        );
      switch (life.wrongApproval(row, by.who, now)) {
        case 'notAsked':
          throw refuse('notAsked', 'This action does not wait for an approval.', 'Look at its story: it was decided already.');
        case 'expired':
          throw refuse('expired', 'The time for an approval is over.', 'Have it asked for again.');
        case 'self':
          throw new ActionRefusal(
            403,
            'self',
            'Whoever asks for an action cannot approve it.',
            'Ask another person with the role Approver.',
          );
        case undefined:
          return life.approved(row, by.who, longestMs, now);
      }
    // eslint-disable-next-line no-fallthrough -- every case above ends
    case 'decline':
      if (row.state !== 'approval')
        throw refuse('notAsked', 'This action does not wait for an approval.', 'Cancel it, if it still runs.');
      return life.declined(row, by.who, role, now);
    case 'cancel':
      if (isEnd(row.state) || row.watchUntil !== undefined)
        throw refuse('ended', 'This action has been done, or has ended.', 'Undo it with the action that reverses it.');
      return row.cancel === undefined ? life.cancelRequested(row, by.who, role, now) : row;
    case 'retry':
      if (!life.isRetryable(row) || row.left !== true)
        throw refuse('notRetryable', 'This action cannot be tried again.', 'Ask for a new one.');
      return life.retried(row, by.who, longestMs, now);
  }
}

async function tellRefusal(
  ports: ActPorts,
  by: Operator,
  { tenantId, id, decision }: { readonly tenantId: string; readonly id: string; readonly decision: Decision },
  { code }: ActionRefusal,
  signal: AbortSignal,
): Promise<void> {
  ports.telemetry.event('actionRefused', 'warning', { tenant: parseGuid(tenantId), action: decision, code });
  const known = parseGuid(tenantId);
  const found = known === undefined ? undefined : await ports.tenants.find(known, signal);
  const change = { at: ports.clock.now().toISOString(), who: by.who, what: `action.${decision}`, outcome: 'refused' } as const;
  const about = found === undefined ? {} : { tenantId: found.tenant.id };
  await recordChange(ports, { ...change, ...about, target: id.slice(0, 64), detail: code }, found?.tenant, signal);
}
