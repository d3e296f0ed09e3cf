import { z } from 'zod';
import type { Api, Failure } from '../domain/failure';
import { parseJson } from './parseJson';
import { retryAfterMs } from './retryAfter';

/** An answer of Graph or Defender that is no success, or a 200 whose body turned out to be an error. */
export interface GraphRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

const errorBody = z.looseObject({
  error: z.looseObject({ code: z.coerce.string().catch(''), message: z.coerce.string().catch('') }),
});

const longestDetail = 200;

type SignedKind = 'notLicensed' | 'notProvisioned' | 'chainForgotten' | 'notInThisCloud' | 'pageRefused';

/**
 * What Microsoft says when a feed is not there for a tenant: only the words tell it from a missing permission, and the status may be any of 400, 401 and 403.
 * Seen in answers of the live service (2024 to 2026); https://learn.microsoft.com/graph/errors names none of them.
 */
const signatures: readonly (readonly [RegExp, SignedKind])[] = [
  [/RequestFromNonPremiumTenantOrB2CTenant|AadPremiumLicenseRequired|doesn't have premium licen[cs]e/i, 'notLicensed'],
  [/tenant is not licensed/i, 'notLicensed'],
  [/Request not applicable to target tenant/i, 'notLicensed'],
  [/Account is not provisioned/i, 'notProvisioned'],
  [/DisabledFeature|Tenant feature isn't enabled/i, 'notProvisioned'],
  [/syncStateNotFound|resyncRequired|SyncStateInvalid/i, 'chainForgotten'],
  [/Resource not found for the segment/i, 'notInThisCloud'],
  [/ExpiredPageToken|skip ?token/i, 'pageRefused'],
];

/** Says what an answer of Graph or of Defender means: by its words first, because the same status stands for a licence, a permission and a fault, then by its status. */
export function classifyGraphError(
  { status, headers, text }: GraphRefusal,
  facts: { readonly api: Api; readonly permission: string; readonly now: Date },
): Failure {
  const told = errorBody.safeParse(parseJson(text)).data?.error;
  const code = told === undefined || told.code === '' ? `HTTP ${status}` : told.code.slice(0, longestDetail);
  const detail = firstLine(told?.message ?? '');
  if (status === 429 || /^TooManyRequests$/i.test(code)) {
    const waitMs = retryAfterMs(headers['retry-after'], facts.now);
    return { kind: 'throttled', code, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  }
  if (status === 410) return { kind: 'chainForgotten', code };
  if (status < 500 && told !== undefined) {
    const words = `${told.code} ${told.message}`;
    const kind = signatures.find(([signature]) => signature.test(words))?.[1];
    if (kind === 'notLicensed' || kind === 'notProvisioned') return { kind, code, detail };
    if (kind !== undefined) return { kind, code };
  }
  if (status >= 500 || status === 408) return { kind: 'unavailable', code };
  if (status === 401) return { kind: 'unauthorized', code, api: facts.api };
  if (status >= 300 && status < 400)
    return { kind: 'unexpectedResponse', code, detail: 'The API answered with a redirect, which is not followed.' };
  // A gateway in front of the API speaks HTML or says nothing; what it says is not the API's word.
  if (told === undefined) return { kind: 'unavailable', code };
  if (status < 300) return { kind: 'unexpectedResponse', code, detail };
  if (status === 403) return { kind: 'permissionMissing', code, permission: facts.permission };
  if (status === 404) return { kind: 'contentMissing', code };
  return { kind: 'rejectedRequest', code, detail };
}

function firstLine(message: string): string {
  return (message.split(/\r?\n/)[0] ?? '').slice(0, longestDetail);
}
