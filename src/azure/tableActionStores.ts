import { z } from 'zod';
import { targetKinds } from '../domain/action';
import type { HourBudget, TargetLine } from '../domain/actionLimits';
import { actionStates, approvalCauses, hasWork, stepStates, storyKinds } from '../domain/actionRow';
import type { ActionRow, ActionStore } from '../domain/actionRow';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { RowStore } from '../domain/ports';
import type { TenantId } from '../domain/tenant';
import { inParallel } from './inParallel';
import { jsonRows } from './jsonRows';
import { readRow } from './rowReader';
import type { Columns } from './rowWrites';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { failureFrom } from './storedFailure';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';
import type { StoredRow } from './tableRows';

// Rows by their id; beside them, what is still to be looked at, and ids by time for lists: of all, and of each tenant.
const partition = 'actions';
const dueIndex = 'due';
const listOf = (tenantId: TenantId | undefined): string => (tenantId === undefined ? 'all' : `tenant-${keyPart(tenantId)}`);
// `.` is the character after the hyphen.
const [firstList, lastList] = ['tenant-', 'tenant.'];
// Newest first: later times have smaller keys. Times up to the year 2286.
const lastMs = 9_999_999_999_999;
const order = (at: Date): string => String(lastMs - at.getTime()).padStart(13, '0');
const entryOf = ({ id, requestedAt }: ActionRow): string => `${order(new Date(requestedAt))}_${id}`;
const readsAtOnce = 8;
const text = z.string();
const time = z.iso.datetime();
const failure = z.custom<Failure>((value) => failureFrom(value) !== undefined);

const schema = z.object({
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
        const found = reader.json('json', (value): z.infer<typeof schema> | undefined => schema.safeParse(value).data);
        return found.id === row.row ? { ...found, dueAt: reader.time('dueAt').toISOString() } : reader.corrupt('json');
      },
      options.onCorruptRow,
    );
  /** True when the entry of a list has nothing to stand for any more: its action is gone, or was old enough to go. */
  const isForgotten = async (entry: StoredRow, endedBefore: Date, signal: AbortSignal): Promise<boolean> => {
    const stored = await rows.get(partition, idOf(entry), signal);
    if (stored === undefined) return true;
    const found = read(stored);
    if (found === undefined) return false;
    // Its key was used again after it had gone, or by two at once of whom one was too late.
    if (entryOf(found) !== entry.row) return true;
    return !hasWork(found) && Date.parse(found.since) < endedBefore.getTime() && rows.removeUnchanged(stored, signal);
  };
  const forgetEntries = async (list: string, endedBefore: Date, signal: AbortSignal): Promise<number> => {
    let count = 0;
    for await (const page of rows.list({ partition: list, from: order(endedBefore) }, signal)) {
      const forgotten = await inParallel(page, readsAtOnce, async (entry) =>
        (await isForgotten(entry, endedBefore, signal)) ? [entry.row] : [],
      );
      await rows.removeAll(list, forgotten.flat(), signal);
      count += forgotten.flat().length;
    }
    return count;
  };
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
      const { id, dueAt, tenantId } = row;
      const isOpen = hasWork(row);
      const put = async (part: string, key: string, columns: Columns): Promise<void> => {
        await rows.write(part, [{ kind: 'put', row: key, columns }], signal);
      };
      // Indexes come first: a process that dies in between leaves an entry too many, never a row that nobody looks at.
      if (isOpen) await put(dueIndex, id, { dueAt });
      if (expected === undefined) {
        for (const list of [listOf(undefined), listOf(tenantId)]) await put(list, entryOf(row), {});
      }
      const columns = { json: JSON.stringify(row), dueAt };
      const write =
        expected === undefined
          ? ({ kind: 'create', row: id, columns } as const)
          : ({ kind: 'replace', row: id, columns, etag: expected } as const);
      const [etag = ''] = await rows.write(partition, [write], signal);
      if (!isOpen) await rows.removeAll(dueIndex, [id], signal);
      return etag;
    },

    due: async function* (now, signal) {
      for await (const page of rows.list({ partition: dueIndex, where: `dueAt le '${now.toISOString()}'` }, signal))
        for (const entry of page) {
          const stored = await rows.get(partition, entry.row, signal);
          const found = stored === undefined ? undefined : read(stored);
          if (found !== undefined && hasWork(found) && Date.parse(found.dueAt) <= now.getTime()) yield found;
        }
    },

    newest: async (tenantId, limit, signal) => {
      const found: ActionRow[] = [];
      for await (const page of rows.list({ partition: listOf(tenantId), pageSize: Math.min(limit, 1_000) }, signal)) {
        const ofPage = await inParallel(page, readsAtOnce, async (entry) => {
          const stored = await rows.get(partition, idOf(entry), signal);
          const row = stored === undefined ? undefined : read(stored);
          // Of several that asked with the same key at once, each left an entry.
          return row !== undefined && entryOf(row) === entry.row ? [row] : [];
        });
        found.push(...ofPage.flat());
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },

    forget: async (endedBefore, signal) => {
      // Each list by itself, so that what dies in between is found again by its own entry.
      const count = await forgetEntries(listOf(undefined), endedBefore, signal);
      for (let list: string | undefined = firstList; ;) {
        list = await rows.firstPartition(list, lastList, signal);
        if (list === undefined) break;
        await forgetEntries(list, endedBefore, signal);
      }
      // Whoever died between its last write and this entry left it. One that was tried again has an entry of today.
      const leftOver = { partition: dueIndex, where: `dueAt lt '${endedBefore.toISOString()}'` };
      for await (const page of rows.list(leftOver, signal))
        await inParallel(page, readsAtOnce, async (entry) => {
          const stored = await rows.get(partition, entry.row, signal);
          const found = stored === undefined ? undefined : read(stored);
          if (stored === undefined || (found !== undefined && !hasWork(found))) await rows.removeUnchanged(entry, signal);
        });
      return count;
    },
  };
}

/** The id of the action that an entry of a list stands for. */
const idOf = ({ row }: StoredRow): string => row.slice(row.indexOf('_') + 1);

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
