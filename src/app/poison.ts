import type { PoisonStore } from '../domain/ports';
import { entriesOf, parseCollectMessage, textOf } from './collectMessage';
import type { CollectPorts } from './collectPorts';
import { rearm } from './schedule';

const rearmMs = 15 * 60_000;
const longestExcerpt = 2_000;

/**
 * Takes a message from the poison queue: records why it is there, raises an alert, and makes the sources it named due again after a while,
 * so that no tenant stops for ever because of one message. It throws only when storage fails: a message of the poison queue that fails too often
 * is not delivered again, and there is no other queue it could go to.
 */
export async function handlePoison(
  ports: CollectPorts,
  poison: PoisonStore,
  message: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { cause, original } = readPoison(message);
  const entries = entriesOf(original);
  await poison.record({ cause, message: textOf(original).slice(0, longestExcerpt), entries, at: ports.clock.now() }, signal);
  const armed = await rearm(ports, entries, rearmMs, signal);
  const tenants = new Set(entries.map(({ tenantId }) => tenantId));
  ports.telemetry.event('poisonMessage', 'error', {
    cause,
    entries: entries.length,
    armed,
    tenants: tenants.size,
    tenant: entries[0]?.tenantId,
  });
}

/** Why a message is in the poison queue, and what it was before we set it aside. */
function readPoison(message: unknown): { readonly cause: string; readonly original: unknown } {
  if (isSetAside(message)) return { cause: message.cause.slice(0, longestExcerpt), original: message.message };
  const parsed = parseCollectMessage(message);
  const cause =
    'cause' in parsed
      ? `The Functions host moved the message here before the connector saw it, or it was put here by somebody. ${parsed.cause}`
      : 'A collect message failed as often as the queue allows.';
  return { cause, original: message };
}

function isSetAside(message: unknown): message is { readonly cause: string; readonly message: string } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'cause' in message &&
    typeof message.cause === 'string' &&
    'message' in message &&
    typeof message.message === 'string'
  );
}
