import { z } from 'zod';
import { longestMessage } from '../domain/schedule';
import type { CollectEntry, CollectMessage } from '../domain/schedule';
import { parseGuid, personalAccountsTenantId } from '../domain/tenant';

const guid = z.string().transform((text, context) => {
  const id = parseGuid(text);
  if (id !== undefined && !/^[0-]+$/.test(id) && id !== personalAccountsTenantId) return id;
  context.addIssue({ code: 'custom', message: 'no tenant' });
  return z.NEVER;
});

const fields = {
  tenantId: guid,
  sourceId: z.string().regex(/^[a-z][A-Za-z0-9.]{1,60}$/),
  ticket: z.int().nonnegative(),
  dueAt: z.iso.datetime(),
};

const wrongWith: Readonly<Record<string, string>> = {
  tenantId: 'has no tenant id that can be one',
  sourceId: 'has no source id that can be one',
  ticket: 'has no ticket, which is a whole number from 0',
  dueAt: 'has no due time in UTC',
};

const exactEntry = z.strictObject(fields);
const looseEntry = z.object(fields);
const version1 = z.strictObject({ v: z.literal(1), entries: z.array(exactEntry).min(1).max(longestMessage) });

/** A message that is one of ours, or in one sentence why it is not. */
export type ParsedMessage = { readonly message: CollectMessage } | { readonly cause: string };

/**
 * Reads a message from the queue, whatever it is: text or what the host made of it, plain JSON or, as other tools write it, base64 of JSON.
 * The cause never repeats what the message says. Never throws.
 */
export function parseCollectMessage(message: unknown): ParsedMessage {
  const value = typeof message === 'string' ? parseText(message) : message;
  if (value === undefined) return { cause: 'The message is not JSON, nor base64 of JSON.' };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { cause: 'The message is not a JSON object.' };
  const parsed = version1.safeParse(value);
  return parsed.success ? { message: parsed.data } : { cause: causeOf(value, parsed.error.issues) };
}

/** The entries of a message that could be ours, whatever else is wrong with it; of each only the ids, so that nothing else of a forged one has an effect. */
export function entriesOf(message: unknown): readonly CollectEntry[] {
  const value = typeof message === 'string' ? parseText(message) : message;
  if (typeof value !== 'object' || value === null || !('entries' in value) || !Array.isArray(value.entries)) return [];
  return value.entries.slice(0, longestMessage).flatMap((entry: unknown) => {
    const parsed = looseEntry.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

/** A message as text, to be kept; never throws. */
export function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  try {
    // Undefined has no JSON, and a symbol or a function neither.
    const json: unknown = JSON.stringify(message);
    return typeof json === 'string' ? json : String(message);
  } catch {
    // JSON is read to any depth, but written only until the stack is full.
    return '(nested too deeply to be shown)';
  }
}

function causeOf(value: object, issues: readonly z.core.$ZodIssue[]): string {
  if (!('v' in value)) return 'The message is not a collect message: it names no version.';
  if (value.v !== 1) return 'The message has a version that this connector does not know; it knows version 1.';
  const entries = 'entries' in value && Array.isArray(value.entries) ? value.entries.length : undefined;
  if (entries === undefined) return 'The message has no list of entries.';
  if (entries === 0) return 'The message has an empty list of entries.';
  if (entries > longestMessage) return `The message has more than ${longestMessage} entries.`;
  const { code, path } = issues[0] ?? { code: 'custom', path: [] };
  const [, index, field] = path;
  if (index === undefined) return 'The message has fields that do not belong there.';
  const entry = `Entry ${Number(index) + 1} of the message`;
  if (field === undefined)
    return `${entry} ${code === 'unrecognized_keys' ? 'has fields that do not belong there' : 'is not an object'}.`;
  return `${entry} ${wrongWith[String(field)] ?? 'is wrong'}.`;
}

/** What a text says as JSON, directly or through base64; undefined when it is neither. */
function parseText(text: string): unknown {
  return parseJson(text) ?? (isBase64(text) ? parseJson(Buffer.from(text, 'base64').toString('utf8')) : undefined);
}

function isBase64(text: string): boolean {
  const packed = text.replace(/\s/g, '');
  return packed.length > 0 && packed.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(packed);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  } catch {
    return undefined;
  }
}
