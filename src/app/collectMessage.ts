import { z } from 'zod';
import { longestMessage } from '../domain/schedule';
import type { CollectEntry, CollectMessage } from '../domain/schedule';
import { parseGuid } from '../domain/tenant';

const guid = z.string().transform((text, context) => {
  const id = parseGuid(text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'is not a GUID' });
  return z.NEVER;
});

const entry = z.strictObject({
  tenantId: guid,
  sourceId: z.string().regex(/^[a-z][A-Za-z0-9.]{1,60}$/, 'is not the id of a source'),
  ticket: z.int().nonnegative(),
  dueAt: z.iso.datetime(),
});

const version1 = z.strictObject({ v: z.literal(1), entries: z.array(entry).min(1).max(longestMessage) });

/** The message, or in one sentence why it is not one of ours; the sentence never repeats what the message says. */
export function parseCollectMessage(message: unknown): { readonly message: CollectMessage } | { readonly cause: string } {
  if (typeof message !== 'object' || message === null) return { cause: 'The message is not a JSON object.' };
  const parsed = version1.safeParse(message);
  if (parsed.success) return { message: parsed.data };
  const issue = parsed.error.issues[0];
  return {
    cause: `The message is not a collect message of version 1: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}.`,
  };
}

/** The entries of a message that could be ours, whatever else is wrong with it. */
export function entriesOf(message: unknown): readonly CollectEntry[] {
  const parsed = parseCollectMessage(message);
  return 'message' in parsed ? parsed.message.entries : [];
}
