import type { TenantId } from './tenant';

/** The actions of one target that wait for their turn or are at work, in their order. Only the first may run. */
export interface TargetLine {
  readonly id: string;
  readonly actions: readonly string[];
}

/** The line with an action at its end; unchanged when it is in it. */
export function joined(line: TargetLine, action: string): TargetLine {
  return line.actions.includes(action) ? line : { ...line, actions: [...line.actions, action] };
}

/** The line without an action. */
export function left(line: TargetLine, action: string): TargetLine {
  return line.actions.includes(action) ? { ...line, actions: line.actions.filter((one) => one !== action) } : line;
}

/** What was asked for in the last hour, of one tenant or of all. */
export interface HourBudget {
  readonly id: TenantId | 'all';
  readonly spent: readonly { readonly action: string; readonly target: string; readonly at: string }[];
}

const hourMs = 3_600_000;

/** The budget with an action in it; undefined when the last hour is full. An action that is in it already costs nothing. */
export function spent(budget: HourBudget, action: string, target: string, most: number, now: Date): HourBudget | undefined {
  const recent = budget.spent.filter(({ at }) => now.getTime() - Date.parse(at) < hourMs);
  if (recent.some((one) => one.action === action)) return { ...budget, spent: recent };
  if (recent.length >= most) return undefined;
  return { ...budget, spent: [...recent, { action, target, at: now.toISOString() }] };
}

/** How many targets there were in the last hour, this one included. */
export function targetsOf(budget: HourBudget, target: string, now: Date): number {
  const recent = budget.spent.filter(({ at }) => now.getTime() - Date.parse(at) < hourMs);
  return new Set([...recent.map((one) => one.target), target]).size;
}
