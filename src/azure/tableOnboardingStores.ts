import { createHash } from 'node:crypto';
import { z } from 'zod';
import { cloudIds } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import { isIntegrationId } from '../domain/integration';
import { changeOutcomes, onboardingSteps, ways } from '../domain/onboarding';
import type { Change, Invitation, Onboarding, PendingSignIn } from '../domain/onboarding';
import { operatorRoles } from '../domain/operator';
import type { ChangeStore, OnboardingStores } from '../domain/ports';
import { jsonRows } from './jsonRows';
import { parseJson } from './rowReader';
import { storagePrefix } from './storageAccess';
import type { StorageAccess, StorageOptions } from './storageAccess';
import { failureFrom } from './storedFailure';
import { keyPart } from './tableKeys';
import { TableRows } from './tableRows';

const optional = <Type extends z.ZodType>(type: Type) => z.exactOptional(type);
const text = z.string();

const invitation = z.object({
  id: text,
  customer: text,
  createdAt: text,
  createdBy: text,
  expiresAt: text,
  tenantId: optional(text),
  onboardingId: optional(text),
  usedAt: optional(text),
});

const signIn = z.object({
  id: text,
  onboardingId: text,
  purpose: z.enum(['signIn', 'consent']),
  browser: text,
  nonce: text,
  codeVerifier: text,
  expiresAt: text,
  used: z.boolean(),
});

const failure = z.custom<NonNullable<ReturnType<typeof failureFrom>>>((value) => failureFrom(value) !== undefined);

const onboarding = z.object({
  id: text,
  invitationId: text,
  customer: text,
  browser: text,
  way: z.enum(ways),
  cloud: z.enum(cloudIds),
  // An integration that this version does not know is left out, as in a tenant's row.
  integrations: z.array(text).transform((ids) => ids.filter(isIntegrationId)),
  step: optional(z.enum(onboardingSteps)),
  stepSince: text,
  done: z.partialRecord(z.enum(onboardingSteps), text),
  createdAt: text,
  tenantId: optional(text),
  person: optional(text),
  clientId: optional(text),
  credentialKind: optional(z.enum(['certificate', 'clientSecret'])),
  renewsItself: optional(z.boolean()),
  provisioned: optional(
    z.object({
      applicationObjectId: optional(text),
      servicePrincipalId: optional(text),
      keyId: optional(text),
      askedAt: optional(text),
    }),
  ),
  stopped: optional(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('signIn'), code: text }),
      z.object({ kind: z.literal('failure'), failure, missing: optional(z.array(text)) }),
    ]),
  ),
  waiting: optional(text),
  leaseUntil: optional(text),
});

const change = z.object({
  id: optional(text),
  at: text,
  who: text,
  role: optional(z.enum(operatorRoles)),
  what: text,
  tenantId: optional(text),
  target: optional(text),
  outcome: optional(z.enum(changeOutcomes)),
  detail: optional(text),
});

/** Invitations, onboardings and sign-ins in Azure Table Storage, a table each; a row that cannot be read counts as one that is not there, and is reported. */
export function tableOnboardingStores(access: StorageAccess, options: StorageOptions = {}): OnboardingStores {
  return {
    invitations: jsonRows<Invitation>(access, 'invitations', invitation, options),
    onboardings: jsonRows<Onboarding>(access, 'onboardings', onboarding, options),
    signIns: jsonRows<PendingSignIn>(access, 'signins', signIn, options),
    purges: jsonRows(access, 'purges', z.object({ id: text, askedAt: text }), options),
  };
}

// Newest first: later times have smaller keys. Times up to the year 2286.
const lastMs = 9_999_999_999_999;
const everybody = 'all';
const stillUntold = 'untold';

/** Changes in Azure Table Storage, newest first: each in the partition of its tenant and in one of all, and in one more until it is told. */
export function tableChangeStore(access: StorageAccess, options: StorageOptions = {}): ChangeStore {
  const rows = new TableRows(access, `${storagePrefix(options)}changes`);
  const newest = async (partitionKey: string, limit: number, signal: AbortSignal): Promise<readonly Change[]> => {
    const found: Change[] = [];
    for await (const page of rows.list({ partition: partitionKey, pageSize: Math.min(limit, 1_000) }, signal)) {
      for (const { columns } of page) {
        const made =
          typeof columns['json'] === 'string' ? parseJson(columns['json'], (value) => change.safeParse(value).data) : undefined;
        if (made !== undefined) found.push(made);
      }
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  };
  return {
    record: async (made, signal) => {
      const row = rowOf(made);
      const columns = { json: JSON.stringify(made) };
      // What is still to be told comes first: a process that dies in between tells too much rather than nothing.
      for (const part of [stillUntold, made.tenantId, everybody])
        if (part !== undefined) await rows.write(keyPart(part), [{ kind: 'put', row, columns }], signal);
    },
    newest: async (tenantId, limit, signal) => newest(keyPart(tenantId ?? everybody), limit, signal),
    untold: async (limit, signal) => newest(keyPart(stillUntold), limit, signal),
    told: async (made, signal) => rows.removeAll(keyPart(stillUntold), [rowOf(made)], signal),
    forget: async (madeBefore, signal) => {
      let count = 0;
      for (let part: string | undefined = ''; ;) {
        part = await rows.firstPartition(part, '~', signal);
        if (part === undefined) return count;
        if (part === keyPart(stillUntold)) continue;
        // Keys of the same moment begin with the same digits; `_` comes after them.
        for await (const page of rows.list(
          { partition: part, from: `${orderOf(madeBefore.getTime())}_~`, columns: [] },
          signal,
        )) {
          const keys = page.map(({ row }) => row);
          await rows.removeAll(part, keys, signal);
          if (part === keyPart(everybody)) count += keys.length;
        }
      }
    },
  };
}

const orderOf = (atMs: number): string => String(lastMs - atMs).padStart(13, '0');

/** The same change told again, after a crash or with its outcome, is the same row. */
function rowOf(made: Change): string {
  const at = Date.parse(made.at);
  if (Number.isNaN(at)) throw new ConnectorError('recording a change', { kind: 'rejectedRequest', code: 'time', detail: '' });
  return `${orderOf(at)}_${createHash('sha256')
    .update(made.id ?? JSON.stringify(made))
    .digest('hex')
    .slice(0, 16)}`;
}
