import { z } from 'zod';
import type { Failure } from '../domain/failure';
import { parseJson } from './parseJson';
import { retryAfterMs } from './retryAfter';

/** The codes of the Management Activity API, each with the kind of failure it is here. https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#errors */
export const activityErrorKinds = {
  AF10001: 'permissionMissing',
  AF20001: 'rejectedRequest',
  AF20002: 'rejectedRequest',
  AF20003: 'rejectedRequest',
  AF20010: 'tenantMismatch',
  AF20011: 'auditOff',
  AF20012: 'serviceMissing',
  AF20013: 'rejectedRequest',
  AF20020: 'rejectedRequest',
  AF20021: 'rejectedRequest',
  AF20022: 'subscriptionMissing',
  AF20023: 'subscriptionDisabled',
  // Undocumented, answered to a start of what is on already (many collectors, 2026): for the caller of start it is success.
  AF20024: 'rejectedRequest',
  AF20030: 'windowRefused',
  AF20031: 'pageRefused',
  AF20050: 'contentMissing',
  AF20051: 'contentExpired',
  AF20052: 'rejectedRequest',
  AF20053: 'rejectedRequest',
  AF20054: 'rejectedRequest',
  AF20055: 'windowRefused',
  AF429: 'throttled',
  AF50000: 'unavailable',
} as const satisfies Record<string, Failure['kind']>;

type ActivityErrorCode = keyof typeof activityErrorKinds;

/** An answer of the API that is no success, or a 200 whose body turned out to be an error. */
export interface ActivityRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

const longestDetail = 200;

const errorBody = z.looseObject({
  error: z
    .union([
      z.looseObject({ code: z.coerce.string().catch(''), message: z.coerce.string().catch('') }),
      z.string().transform((code) => ({ code, message: '' })),
    ])
    .optional()
    .catch(undefined),
  Message: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/** The AF code of an answer, wherever it stands: as the code, or inside a code that is a dump cut at 200 characters, or in the message. */
export function activityErrorCode(text: string): string | undefined {
  const told = readError(text);
  return told === undefined ? undefined : codeIn(told);
}

/**
 * Says what an answer of the Management Activity API means: by its AF code, then by the text that stands for a tenant without audit log, then by its status.
 * Throttling comes as 403 with AF429 as well as 429.
 */
export function classifyActivityError(
  { status, headers, text }: ActivityRefusal,
  facts: { permission: string; now: Date },
): Failure {
  const told = readError(text);
  const afCode = told === undefined ? undefined : codeIn(told);
  const code = afCode ?? `HTTP ${status}`;
  const throttled = (): Failure => {
    const waitMs = retryAfterMs(headers['retry-after'], facts.now);
    return { kind: 'throttled', code, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  };
  if (afCode !== undefined && isKnown(afCode)) {
    const kind = activityErrorKinds[afCode];
    switch (kind) {
      case 'throttled':
        return throttled();
      case 'permissionMissing':
        return { kind, code, permission: facts.permission };
      case 'serviceMissing':
        return { kind, code, detail: 'Office 365 Management APIs' };
      case 'subscriptionDisabled':
        return { kind, code, by: disabledBy(told?.message ?? '') };
      case 'rejectedRequest':
        return { kind, code, detail: firstLine(told?.message ?? '') };
      case 'tenantMismatch':
      case 'auditOff':
      case 'subscriptionMissing':
      case 'windowRefused':
      case 'pageRefused':
      case 'contentMissing':
      case 'contentExpired':
      case 'unavailable':
        return { kind, code };
    }
  }
  if (status === 429) return throttled();
  // Also what a tenant without any Microsoft 365 service answers. https://learn.microsoft.com/office/office-365-management-api/troubleshooting-the-office-365-management-activity-api
  if (told !== undefined && /Tenant \S+ does not exist/i.test(told.code + told.message)) return { kind: 'auditOff', code };
  if (status >= 500 || status === 408) return { kind: 'unavailable', code };
  if (status === 401) return { kind: 'unauthorized', code, api: 'management' };
  if (status >= 300 && status < 400)
    return { kind: 'unexpectedResponse', code, detail: 'The API answered with a redirect, which is not followed.' };
  // A gateway in front of the API speaks HTML or says nothing; what it says is not the API's word.
  if (told === undefined) return { kind: 'unavailable', code };
  if (status < 300) return { kind: 'unexpectedResponse', code, detail: firstLine(told.message) };
  if (status === 403) return { kind: 'permissionMissing', code, permission: facts.permission };
  return { kind: 'rejectedRequest', code, detail: firstLine(told.message) };
}

function isKnown(code: string): code is ActivityErrorCode {
  return Object.hasOwn(activityErrorKinds, code);
}

function readError(text: string): { readonly code: string; readonly message: string } | undefined {
  const json = parseJson(text);
  // An error cut off by a limit is no JSON any more, but its code still counts; a page of HTML could hold the like by chance.
  if (json === undefined) return /^\s*[{[]/.test(text) ? { code: '', message: text } : undefined;
  const parsed = errorBody.safeParse(Array.isArray(json) ? json[0] : json);
  if (!parsed.success) return undefined;
  const { error, Message, message } = parsed.data;
  if (error !== undefined) return error;
  const said = Message ?? message;
  return said === undefined ? undefined : { code: '', message: said };
}

function codeIn({ code, message }: { readonly code: string; readonly message: string }): string | undefined {
  const find = (where: string): string | undefined => /\bAF\d{3,5}\b/.exec(where)?.[0];
  return find(code) ?? find(message) ?? find(code + message);
}

function disabledBy(message: string): string {
  return /disabled by (?:the |a )?([\w ]{1,40})/i.exec(message)?.[1]?.trim() ?? 'an administrator';
}

function firstLine(message: string): string {
  const line = message.split(/[\r\n]/, 1)[0]?.trim() ?? '';
  // An address could carry a query; what stays is for a person to read.
  const bare = line.replace(/\?\S*/g, '?…').slice(0, longestDetail);
  return bare === '' ? 'Microsoft gave no reason.' : bare;
}
