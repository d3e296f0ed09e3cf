import type { z } from 'zod';
import type { ActionRun, Sent } from '../domain/action';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { LimitId } from '../domain/limit';
import type { Permission, TenantRequest } from '../domain/source';
import { classifyGraphError } from './graphErrors';
import { parseJson } from './parseJson';

const longestAnswer = 1024 * 1024;

/** A request of an action. `path` from the host on; what varies in it is an id that was checked, and is encoded all the same. */
export interface ActionRequest {
  readonly doing: string;
  readonly method: TenantRequest['method'];
  readonly path: string;
  readonly body?: object;
  readonly permission: Pick<Permission, 'api' | 'role'>;
  readonly limits: readonly LimitId[];
}

/** An answer that is a success: its status, its JSON if there is any, and Microsoft's id of the request. */
export interface ActionAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly requestId: string | undefined;
}

/** Sends one request and returns a success. Throws the failure that a refusal stands for; `unavailable` when nobody knows what came of it. */
export async function request(run: ActionRun, wanted: ActionRequest): Promise<ActionAnswer> {
  const { doing, method, path, body, permission, limits } = wanted;
  const { api } = permission;
  const answer = await run.send({
    ...{ api, operation: doing, method, limits, url: `${run.tenant.cloud.hosts[api]}${path}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text(longestAnswer);
  const requestId = answer.headers['request-id'] ?? answer.headers['x-ms-request-id'];
  if (answer.status >= 200 && answer.status < 300) return { status: answer.status, json: parseJson(text), requestId };
  // Told by its words only. https://learn.microsoft.com/entra/identity/role-based-access-control/admin-units-restricted-management
  if (answer.status === 403 && /restricted management administrative unit/i.test(text))
    throw new ConnectorError(doing, actionRefused('restrictedTarget'));
  const facts = { api, permission: permission.role, now: run.now() };
  throw new ConnectorError(doing, classifyGraphError({ status: answer.status, headers: answer.headers, text }, facts));
}

/** How Microsoft took a call, from its answer. */
export function sentOf({ status, requestId }: ActionAnswer, operationId?: string): Sent {
  return {
    answer: `HTTP ${status}`,
    ...(requestId === undefined ? {} : { requestId }),
    ...(operationId === undefined ? {} : { operationId }),
  };
}

/** What an answer holds, or `unexpectedResponse`. */
export function parsedAnswer<T>(doing: string, schema: z.ZodType<T>, json: unknown): T {
  const { success, data } = schema.safeParse(json);
  if (success) return data;
  const detail = 'The answer lacks what it is documented to have.';
  throw new ConnectorError(doing, { kind: 'unexpectedResponse', code: 'form', detail });
}

/** A refusal of an action in our own words; the code says which. */
export function actionRefused(code: string, detail = ''): Extract<Failure, { kind: 'actionRefused' }> {
  return { kind: 'actionRefused', code, detail };
}
