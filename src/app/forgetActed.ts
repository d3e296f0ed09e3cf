import type { ActPorts } from './actPorts';

/** How long what was done is kept, in ms; without a time for the audit it is kept for good. */
export interface Retention {
  readonly actionsMs: number;
  readonly auditMs: number | undefined;
}

/** Deletes what was kept long enough: actions that have ended, of which the audit holds every line, and the audit where a time is set for it. */
export async function forgetActed(
  { actions, changes, clock, telemetry }: Pick<ActPorts, 'actions' | 'changes' | 'clock' | 'telemetry'>,
  { actionsMs, auditMs }: Retention,
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now().getTime();
  const ended = await actions.forget(new Date(now - actionsMs), signal);
  const audited = auditMs === undefined ? 0 : await changes.forget(new Date(now - auditMs), signal);
  if (ended + audited > 0) telemetry.event('oldActsForgotten', 'info', { actions: ended, changes: audited });
}
