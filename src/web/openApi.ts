import { z } from 'zod';
import { without } from '../domain/without';
import { apiOperations } from './apiOperations';
import type { ApiOperation } from './apiOperations';
import { apiSchemas, problem } from './apiSchemas';

type Json = Readonly<Record<string, unknown>>;

const refusals: Readonly<Record<string, string>> = {
  400: 'What was sent cannot be right',
  401: 'No token, or one that proves nothing',
  403: 'Not the role for it, or a write without its headers',
  404: 'There is no such tenant',
  429: 'Too often',
  503: 'Something on our side does not work at the moment',
};

const writeRefusals: Readonly<Record<string, string>> = {
  409: 'Somebody else changed it just now',
  413: 'Longer than 32 KB',
  415: 'Not JSON',
  422: 'Microsoft refuses, or a permission is missing; the problem says what to do',
};

/** The description of the API in OpenAPI 3.1, made from its operations. https://spec.openapis.org/oas/v3.1.0 */
export function openApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Microsoft 365 security connector',
      version: '1',
      description:
        'What the operator page does, for automation. Every request carries a token of the operators’ application in the provider’s own tenant; who may do what follows from its app roles. Every write carries the headers Origin and X-M365C-Request, and is kept in the history with who made it.',
    },
    servers: [{ url: '/' }],
    security: [{ operator: [] }],
    paths: pathsOf(),
    components: { schemas: schemasOf(), securitySchemes: { operator: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  };
}

function pathsOf(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of apiOperations) {
    const path = `/api/${operation.path.map((part) => part.replace(/^:(.*)$/, '{$1}')).join('/')}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationOf(operation) };
  }
  return {
    ...paths,
    '/api/openapi.json': {
      get: {
        ...{ operationId: 'getOpenApi', summary: 'This description', 'x-role': 'Reader' },
        responses: { 200: { description: 'This description', content: { 'application/json': {} } }, ...refused(refusals) },
      },
    },
  };
}

function operationOf({ id, method, path, access, summary, query, body, status, answer }: ApiOperation): Json {
  const write = method !== 'GET';
  return {
    ...{ operationId: id, summary, 'x-role': access },
    description: `Needs the role ${access}${access === 'Reader' ? ', or any other' : ''}.`,
    parameters: [...(path.includes(':id') ? [tenantParameter] : []), ...queryOf(query), ...(write ? writeParameters : [])],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: refTo(body) } } } }),
    responses: {
      [status]: { description: summary, content: { 'application/json': { schema: refTo(answer) } } },
      ...refused(write ? { ...refusals, ...writeRefusals } : refusals),
    },
  };
}

const tenantParameter: Json = {
  ...{ name: 'id', in: 'path', required: true, description: 'The tenant id' },
  schema: { type: 'string', format: 'uuid' },
};

const writeParameters: readonly Json[] = [
  {
    ...{ name: 'Origin', in: 'header', required: true, description: 'The origin of the connector’s pages' },
    schema: { type: 'string', format: 'uri' },
  },
  {
    ...{ name: 'X-M365C-Request', in: 'header', required: true, description: 'Shows that no page of another site asks' },
    schema: { type: 'string', const: '1' },
  },
];

function queryOf(query: z.ZodObject | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name) },
    schema,
  }));
}

function refTo(schema: z.ZodType): Json {
  const id = apiSchemas.get(schema)?.id;
  if (id === undefined) throw new Error('A schema of the API has no name.');
  return { $ref: `#/components/schemas/${id}` };
}

function refused(codes: Readonly<Record<string, string>>): Json {
  const content = { 'application/problem+json': { schema: refTo(problem) } };
  return Object.fromEntries(Object.entries(codes).map(([code, description]) => [code, { description, content }]));
}

function schemasOf(): Json {
  const { schemas } = z.toJSONSchema(apiSchemas, { uri: (id) => `#/components/schemas/${id}`, io: 'output' });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, without(schema, '$schema', '$id')]));
}
