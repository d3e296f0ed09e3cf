import { z } from 'zod';
import { inWords, InputError } from '../app/tenants';
import { disposition, failureOf } from '../domain/failure';
import type { Tenant } from '../domain/tenant';
import { parseGuid } from '../domain/tenant';
import { apiOperations } from './apiOperations';
import type { ApiOperation } from './apiOperations';
import { openApi } from './openApi';
import { readJson, Refusal } from './request';
import type { WebResponse } from './request';
import type { Route, Visit } from './webPorts';

/** The routes of the API, made from its operations, and the one that describes them. */
export const apiRoutes: readonly Route[] = [
  ...apiOperations.map(routeOf),
  {
    method: 'GET',
    path: ['api', 'openapi.json'],
    access: 'Reader',
    api: true,
    handle: async () => Promise.resolve(json(200, openApi())),
  },
];

function routeOf(operation: ApiOperation): Route {
  const { method, path, access } = operation;
  return { method, path: ['api', ...path], access, api: true, handle: async (visit) => answer(operation, visit) };
}

async function answer(operation: ApiOperation, visit: Visit): Promise<WebResponse> {
  const { ports, request, operator, signal } = visit;
  if (operator === undefined) throw new Error('Nobody was admitted.');
  const query = checked(operation.query ?? z.strictObject({}), single(visit));
  const body = operation.body === undefined ? undefined : checked(operation.body, await readJson(request));
  const tenant = operation.path.includes(':id') ? await tenantOf(visit) : undefined;
  try {
    const result = await operation.handle({ ports, operator, query, body, signal }, tenant);
    // Only what the schema names goes out.
    return json(operation.status, operation.answer.parse(plain(result)));
  } catch (error) {
    return refusedInWords(error);
  }
}

/** As it will be on the wire: without what is undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function checked<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new Refusal(400, 'input', `What was sent is not as it should be${where === '' ? '' : `: ${where.slice(0, 100)}`}.`);
}

function single({ query }: Visit): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const [name, values] of query) {
    if (values.length !== 1) throw new Refusal(400, 'repeated', 'A parameter is given twice.');
    Object.defineProperty(given, name, { value: values[0] ?? '', enumerable: true });
  }
  return given;
}

async function tenantOf({ ports, parameters, signal }: Visit): Promise<Tenant> {
  const id = parseGuid(parameters['id'] ?? '');
  const found = id === undefined ? undefined : await ports.tenants.find(id, signal);
  if (found === undefined) throw new Refusal(404, 'tenantUnknown', 'There is no such tenant.');
  return found.tenant;
}

/** What a person can do something about is said; everything else is answered without its reason. */
function refusedInWords(error: unknown): WebResponse {
  const failure = failureOf(error);
  const forPerson = failure !== undefined && disposition(failure) === 'person';
  const words = error instanceof InputError || forPerson ? inWords(error) : undefined;
  if (words !== undefined) return problem(error instanceof InputError ? 400 : 422, failure?.code ?? 'input', words);
  if (failure?.kind === 'conflict')
    return problem(409, 'conflict', {
      title: 'Somebody else changed it just now.',
      nextStep: 'Look at it again, then try again.',
    });
  throw error;
}

/** A refusal or failure of the API, for a program and for a person. */
export function problem(
  status: number,
  code: string,
  words: { readonly title: string; readonly nextStep?: string },
): WebResponse {
  return json(status, { status, code, ...words }, 'application/problem+json');
}

function json(status: number, value: unknown, type = 'application/json'): WebResponse {
  return { status, headers: { 'Content-Type': `${type}; charset=utf-8` }, body: JSON.stringify(value) };
}
