import type { PoisonStore } from '../domain/ports';
import { entriesOf } from './collectMessage';
import type { CollectPorts } from './collectPorts';
import { rearm } from './schedule';

const rearmMs = 15 * 60_000;
const longestExcerpt = 2_000;

/**
 * Takes a message from the poison queue: records why it is there, raises an alert, and makes the sources it named due again after a while,
 * so that no tenant stops for ever because of one message.
 */
export async function handlePoison(
  ports: CollectPorts,
  poison: PoisonStore,
  message: unknown,
  signal: AbortSignal,
): Promise<void> {
  const setAside = isSetAside(message) ? message : undefined;
  const entries = setAside === undefined ? entriesOf(message) : [];
  const cause =
    setAside?.cause ??
    (entries.length > 0
      ? 'A collect message failed as often as the queue allows.'
      : 'The message is not a collect message: wrong encoding or foreign.');
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  await poison.record({ cause, message: text.slice(0, longestExcerpt), entries, at: ports.clock.now() }, signal);
  const armed = await rearm(ports, entries, rearmMs, signal);
  ports.telemetry.event('poisonMessage', 'error', { cause, entries: entries.length, armed, tenant: entries[0]?.tenantId });
}

function isSetAside(message: unknown): message is { readonly cause: string; readonly message: string } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'cause' in message &&
    typeof message.cause === 'string' &&
    'message' in message
  );
}
