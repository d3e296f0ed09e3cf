import { z } from 'zod';
import { targetKinds } from '../domain/action';
import type { HourBudget, TargetLine } from '../domain/actionLimits';
import { actionStates, approvalCauses, hasWork, stepStates, storyKinds } from '../domain/actionRow';
import type { ActionRow, ActionStore } from '../domain/actionRow';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { RowStore } from '../domain/ports';
import { jsonRows } from './jsonRows';
import { readRow } from './rowReader';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { failureFrom } from './storedFailure';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

// One partition: what is due is one query. Rows of thousands of actions are a few pages.
const partition = 'actions';
const text = z.string();
const time = z.iso.datetime();
const failure = z.custom<Failure>((value) => failureFrom(value) !== undefined);

const stored = z.object({
  ...{ id: text, key: text, body: text, tenantId: text, action: text, choice: text, reason: text },
  target: z.object({ kind: z.enum(targetKinds), id: text, name: text, synced: z.boolean().exactOptional() }),
  ...{ requestedBy: text, requestedAt: time, state: z.enum(actionStates), since: time },
  approval: z
    .object({
      causes: z.array(z.enum(approvalCauses)),
      expiresAt: time,
      by: text.exactOptional(),
      at: time.exactOptional(),
    })
    .exactOptional(),
  steps: z.array(
    z.object({
      ...{ id: text, state: z.enum(stepStates), attempt: z.number() },
      ...{ intendedAt: time.exactOptional(), sentAt: time.exactOptional(), doneAt: time.exactOptional() },
      ...{ baseline: text.exactOptional(), operationId: text.exactOptional(), adopted: z.literal(true).exactOptional() },
      failure: failure.exactOptional(),
    }),
  ),
  deadline: time.exactOptional(),
  cancel: z.object({ by: text, at: time }).exactOptional(),
  watchUntil: time.exactOptional(),
  story: z.array(
    z.object({
      ...{ number: z.number(), at: time, kind: z.enum(storyKinds) },
      ...{ who: text.exactOptional(), role: text.exactOptional(), step: text.exactOptional(), seen: text.exactOptional() },
      ...{ answer: text.exactOptional(), requestId: text.exactOptional(), failure: failure.exactOptional() },
    }),
  ),
  ...{ told: z.number(), left: z.literal(true).exactOptional(), looks: z.number(), epoch: z.number() },
  ...{ leaseOwner: text.exactOptional(), leaseUntil: time.exactOptional() },
});

/** The rows of actions in Azure Table Storage. A row that cannot be read is an error, not an absent one: nobody may ask for its action anew. */
export function tableActionStore(access: StorageAccess, options: StorageOptions = {}): ActionStore {
  const rows = new TableRows(access, `${storagePrefix(options)}actions`);
  const read = (row: StoredRow): ActionRow | undefined =>
    readRow(
      rows.name,
      row,
      (reader) => {
        const found = reader.json('json', (value): z.infer<typeof stored> | undefined => stored.safeParse(value).data);
        return found.id === row.row ? { ...found, dueAt: reader.time('dueAt').toISOString() } : reader.corrupt('json');
      },
      options.onCorruptRow,
    );
  return {
    find: async (id, signal) => {
      const row = await rows.get(partition, id, signal);
      if (row === undefined) return undefined;
      const found = read(row);
      if (found !== undefined) return { row: found, etag: row.etag };
      const detail = `The stored action ${id} cannot be read.`;
      throw new ConnectorError('reading an action', { kind: 'unexpectedResponse', code: 'corruptRow', detail });
    },

    save: async (row, expected, signal) => {
      const { dueAt, tenantId, requestedAt } = row;
      const columns = { json: JSON.stringify(row), dueAt, tenantId, requestedAt, open: hasWork(row) };
      const write =
        expected === undefined
          ? ({ kind: 'create', row: row.id, columns } as const)
          : ({ kind: 'replace', row: row.id, columns, etag: expected } as const);
      const [etag = ''] = await rows.write(partition, [write], signal);
      return etag;
    },

    due: async function* (now, signal) {
      const where = `open eq true and dueAt le '${now.toISOString()}'`;
      for await (const page of rows.list({ partition, where }, signal))
        for (const row of page) {
          const found = read(row);
          if (found !== undefined) yield found;
        }
    },

    newest: async (tenantId, limit, signal) => {
      const found: ActionRow[] = [];
      const query =
        tenantId === undefined ? { partition } : { partition, where: `tenantId eq '${tenantId.replaceAll("'", '')}'` };
      for await (const page of rows.list(query, signal))
        for (const row of page) {
          const one = read(row);
          if (one !== undefined) found.push(one);
        }
      return found.sort((a, b) => b.requestedAt.localeCompare(a.requestedAt)).slice(0, limit);
    },
  };
}

const line = z.object({ id: text, actions: z.array(text) });
const budget = z.object({ id: text, spent: z.array(z.object({ action: text, target: text, at: time })) });

/** The lines of targets and the budgets of the last hour in Azure Table Storage. */
export function tableActionLimits(
  access: StorageAccess,
  options: StorageOptions = {},
): { readonly lines: RowStore<TargetLine>; readonly budgets: RowStore<HourBudget> } {
  return {
    lines: jsonRows<TargetLine>(access, 'actionlines', line, options),
    budgets: jsonRows<HourBudget>(access, 'actionbudgets', budget, options),
  };
}
