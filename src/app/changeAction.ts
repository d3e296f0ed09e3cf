import type { ActionRow } from '../domain/actionRow';
import { joined, left, spent, targetsOf } from '../domain/actionLimits';
import type { HourBudget, TargetLine } from '../domain/actionLimits';
import { failureOf } from '../domain/failure';
import type { RowStore } from '../domain/ports';
import type { ActPorts } from './actPorts';
import { hashOf } from './secretText';

const attempts = 12;

/** Changes a row as often as it takes until nobody else was faster; undefined from `change` leaves it as it is. Rejects with `conflict` when that never happens. */
async function changeRow<Row extends { readonly id: string }>(
  store: Pick<RowStore<Row>, 'find' | 'save'>,
  id: string,
  make: () => Row | undefined,
  change: (row: Row) => Row | undefined,
  signal: AbortSignal,
): Promise<Row | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await store.find(id, signal);
    const present = found?.row ?? make();
    const next = present === undefined ? undefined : change(present);
    if (next === undefined || next === found?.row) return next;
    try {
      await store.save(next, found?.etag, signal);
      return next;
    } catch (error) {
      if (failureOf(error)?.kind !== 'conflict' || attempt === attempts) throw error;
    }
  }
}

/** Changes an action that is there; undefined when it is not, or `change` leaves it as it is. */
export async function changeAction(
  { actions }: Pick<ActPorts, 'actions'>,
  id: string,
  change: (row: ActionRow) => ActionRow | undefined,
  signal: AbortSignal,
): Promise<ActionRow | undefined> {
  return changeRow(actions, id, () => undefined, change, signal);
}

const lineOf = ({ tenantId, target }: Pick<ActionRow, 'tenantId' | 'target'>): string =>
  hashOf(`${tenantId}|${target.kind}|${target.id}`).slice(0, 32);

/** Puts an action at the end of the line of its target, unless it is in it; returns the line. */
export async function joinLine({ lines }: Pick<ActPorts, 'lines'>, row: ActionRow, signal: AbortSignal): Promise<TargetLine> {
  const id = lineOf(row);
  const line = await changeRow(
    lines,
    id,
    () => ({ id, actions: [] }),
    (present) => joined(present, row.id),
    signal,
  );
  return line ?? { id, actions: [] };
}

/** Takes an action out of the line of its target; returns what is left of it. */
export async function leaveLine({ lines }: Pick<ActPorts, 'lines'>, row: ActionRow, signal: AbortSignal): Promise<TargetLine> {
  const id = lineOf(row);
  const line = await changeRow(
    lines,
    id,
    () => ({ id, actions: [] }),
    (present) => left(present, row.id),
    signal,
  );
  return line ?? { id, actions: [] };
}

/** Counts an action on a budget; false when the last hour is full. The same action is counted once, however often it is asked for. */
export async function spend(
  { budgets, clock }: Pick<ActPorts, 'budgets' | 'clock'>,
  id: HourBudget['id'],
  of: { readonly action: string; readonly target: string; readonly most: number },
  signal: AbortSignal,
): Promise<boolean> {
  const make = (): HourBudget => ({ id, spent: [] });
  const change = (budget: HourBudget): HourBudget | undefined => spent(budget, of.action, of.target, of.most, clock.now());
  return (await changeRow(budgets, id, make, change, signal)) !== undefined;
}

/** How many targets of a tenant there were in the last hour, this one included. */
export async function targetsInHour(
  { budgets, clock }: Pick<ActPorts, 'budgets' | 'clock'>,
  id: HourBudget['id'],
  target: string,
  signal: AbortSignal,
): Promise<number> {
  const found = await budgets.find(id, signal);
  return targetsOf(found?.row ?? { id, spent: [] }, target, clock.now());
}
