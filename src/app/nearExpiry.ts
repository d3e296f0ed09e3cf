import { makeDue } from './rotate';
import type { RotationPorts } from './rotationPorts';

const eventTypes = ['Microsoft.KeyVault.SecretNearExpiry', 'Microsoft.KeyVault.SecretExpired'];
const longestMessage = 64 * 1_024;

/**
 * Takes a message of Key Vault that a secret is about to expire, as Event Grid puts it on a queue. It is a hint only: the ring is looked at now instead of
 * at its next daily look, and decides for itself. What is not such a message is told and dropped. https://learn.microsoft.com/azure/event-grid/event-schema-key-vault
 */
export async function noteNearExpiry(
  ports: Pick<RotationPorts, 'clock' | 'rings' | 'telemetry'>,
  message: unknown,
  signal: AbortSignal,
): Promise<void> {
  const names = namesIn(message);
  if (names === undefined) {
    ports.telemetry.event('vaultEventIgnored', 'warning', { reason: 'notAnEvent' });
    return;
  }
  for (const name of names)
    if (!(await makeDue(ports, name, signal))) ports.telemetry.event('vaultEventIgnored', 'info', { reason: 'notOurs' });
}

/** The names of the secrets a message is about; undefined when it is no event of Event Grid. */
function namesIn(message: unknown): readonly string[] | undefined {
  const value = typeof message === 'string' ? parsed(message) : message;
  const events: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!events.every((event) => typeof property(event, 'eventType') === 'string')) return undefined;
  return events
    .filter((event) => eventTypes.includes(String(property(event, 'eventType'))))
    .map((event) => property(property(event, 'data'), 'ObjectName') ?? property(event, 'subject'))
    .filter((name): name is string => typeof name === 'string' && /^[0-9a-zA-Z-]{1,127}$/.test(name));
}

/** Event Grid writes JSON in base64 unless the queue trigger is told otherwise. */
function parsed(text: string): unknown {
  if (text.length > longestMessage) return undefined;
  for (const json of [text, Buffer.from(text, 'base64').toString('utf8')])
    try {
      return JSON.parse(json);
    } catch {
      continue;
    }
  return undefined;
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const found: unknown = Reflect.get(value, name);
  return found;
}
