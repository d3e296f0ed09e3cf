import { barring, failureOfVerdict } from '../domain/verdict';
import type { Verdict } from '../domain/verdict';
import type { CollectPorts } from './collectPorts';
import type { Idle } from './finishRun';
import { probeId } from './probe';
import type { RunSubject } from './runContext';

const minuteMs = 60_000;
/** How long a source that never ran waits for the first probe of its tenant; then it finds out for itself. */
const patienceMs = 20 * minuteMs;

/**
 * Why a source is not run: the probe found it closed, or, before its first run, has not looked yet. A source that was never open has nothing in its ledger, so
 * that everything Microsoft still holds is collected once it opens. Content feeds are always run: they say by themselves what is in their way.
 */
export async function heldBack(
  ports: CollectPorts,
  { tenant, source, before }: RunSubject,
  signal: AbortSignal,
): Promise<Idle | undefined> {
  if (source.progress.kind === 'contentFeed') return undefined;
  const profile = await ports.profiles.find(tenant.id, signal);
  const verdict = barring(profile, tenant.epoch, source.id);
  if (verdict !== undefined) return stateOfVerdict(verdict);
  const isJudged = profile?.epoch === tenant.epoch && Object.hasOwn(profile.verdicts, source.id);
  const isNew = before.firstRunAt === undefined && before.state.name === 'waiting' && before.state.failure === undefined;
  const waitedMs = ports.clock.now().getTime() - Date.parse(before.state.since);
  if (isJudged || !isNew || waitedMs >= patienceMs) return undefined;
  const isProbed = (await ports.sourceRows.find(tenant.id, probeId, signal)) !== undefined;
  return isProbed ? { name: 'waiting', afterMs: minuteMs } : undefined;
}

function stateOfVerdict(verdict: Verdict): Idle {
  const failure = failureOfVerdict(verdict);
  const name = verdict.name === 'permissionMissing' || verdict.name === 'auditOff' ? 'needsAttention' : 'notAvailable';
  return failure === undefined ? { name } : { name, failure };
}
