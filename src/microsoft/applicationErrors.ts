import { z } from 'zod';
import type { Failure } from '../domain/failure';
import { parseJson } from './parseJson';
import { retryAfterMs } from './retryAfter';

const errorBody = z.looseObject({ error: z.looseObject({ code: z.string().regex(/^[\w.-]{1,100}$/) }) });

/** What lets an application renew its own credentials. https://learn.microsoft.com/graph/api/application-addpassword#permissions */
const ownedByPermission = 'Application.ReadWrite.OwnedBy';

/** Says what a refusal of Graph about an application means. Nothing of Microsoft's text is kept. https://learn.microsoft.com/graph/errors */
export function classifyApplicationError(
  { status, headers, text }: { status: number; headers: Readonly<Record<string, string | undefined>>; text: string },
  now: Date,
): Failure {
  const code = errorBody.safeParse(parseJson(text)).data?.error.code ?? `HTTP ${status}`;
  if (status === 429) {
    const waitMs = retryAfterMs(headers['retry-after'], now);
    return { kind: 'throttled', code, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  }
  if (status >= 500 || status === 408) return { kind: 'unavailable', code };
  if (status === 401) return { kind: 'unauthorized', code, api: 'graph' };
  if (status === 403)
    return { kind: 'permissionMissing', code, permission: `${ownedByPermission}, as an owner of the application` };
  if (/AsPerAppPolicy$/.test(code))
    return { kind: 'blockedByPolicy', code, detail: 'A policy of the tenant does not allow this kind or life of credential.' };
  if (status === 404)
    return { kind: 'rejectedRequest', code: 'applicationNotFound', detail: 'The application is not registered in this tenant.' };
  return { kind: 'unexpectedResponse', code, detail: 'Microsoft Graph does not accept what was asked of the application.' };
}
