import { z } from 'zod';
import { findAction, lookFor, viewAction, viewKinds } from '../app/actionView';
import { decideAction } from '../app/decideAction';
import { warningTexts } from '../app/describeAction';
import { requestAction } from '../app/requestAction';
import type { Operator } from '../domain/operator';
import { targetKinds } from '../domain/action';
import * as schemas from './actionSchemas';
import { ofTenant } from './apiOperations';
import type { ApiOperation } from './apiOperations';
import type { WebPorts } from './webPorts';

const listQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) });

const searchQuery = z.object({
  kind: z.enum(targetKinds),
  name: z.string().max(100).describe('The beginning of a name'),
});

/** The operations of the API about actions on users and devices. */
export const actionOperations: readonly ApiOperation[] = [
  ofTenant(
    {
      ...{ id: 'listActionKinds', method: 'GET', path: ['tenants', ':id', 'action-kinds'], access: 'Reader' },
      ...{
        summary: 'The actions there are, and which of them are available for a tenant',
        status: 200,
        answer: schemas.actionKinds,
      },
    },
    async ({ ports, signal }, tenant) => ({
      mode: ports.act.actOptions.mode,
      actions: await viewKinds(ports.act, tenant, signal),
    }),
  ),
  ofTenant(
    {
      ...{ id: 'findTargets', method: 'GET', path: ['tenants', ':id', 'targets'], access: 'Responder', query: searchQuery },
      ...{ summary: 'Finds users or devices by name, with the alerts about them', status: 200, answer: schemas.foundTargets },
    },
    async ({ ports, query: { kind, name }, signal }, tenant) => ({
      targets: await lookFor(ports.act, tenant, kind, name, signal),
    }),
  ),
  ofTenant(
    {
      ...{ id: 'listActions', method: 'GET', path: ['tenants', ':id', 'actions'], access: 'Reader', query: listQuery },
      ...{ summary: 'The actions of a tenant', status: 200, answer: schemas.actionList },
    },
    async ({ ports, query, signal }, { id }) => ({
      actions: (await ports.act.actions.newest(id, query.limit, signal)).map(viewAction),
    }),
  ),
  ofTenant(
    {
      ...{ id: 'requestAction', method: 'POST', path: ['tenants', ':id', 'actions'], access: 'Responder' },
      ...{ body: schemas.newAction, checksBody: true, status: 202, answer: schemas.actionAsked },
      summary: 'Asks for an action on one user or device; a dry run unless dryRun is false',
    },
    async ({ ports, operator, body, signal }, tenant) => asked(ports, operator, tenant.id, body, signal),
  ),
  ofTenant(
    {
      ...{ id: 'getAction', method: 'GET', path: ['tenants', ':id', 'actions', ':action'], access: 'Reader' },
      ...{ summary: 'An action with its steps and its whole story', status: 200, answer: schemas.actionDetail },
    },
    async ({ ports, parameters, signal }, tenant) =>
      viewAction(await findAction(ports.act, tenant, parameters['action'] ?? '', signal)),
  ),
  ofTenant(
    {
      ...{ id: 'decideAction', method: 'POST', path: ['tenants', ':id', 'actions', ':action', 'decisions'], access: 'Reader' },
      ...{ body: schemas.decision, status: 200, answer: schemas.actionDetail },
      summary: 'Approves or declines (another person with the role Approver), cancels, or tries the rest again (Responder)',
    },
    async ({ ports, operator, parameters, body, signal }, tenant) => {
      const of = { tenantId: tenant.id, id: parameters['action'] ?? '', decision: body.decision };
      return viewAction(await decideAction(ports.act, operator, of, signal));
    },
  ),
];

async function asked(ports: WebPorts, by: Operator, tenantId: string, given: unknown, signal: AbortSignal): Promise<unknown> {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const { key, ...body } = isObject ? (given as Readonly<Record<string, unknown>>) : {};
  const request = { tenantId, key: typeof key === 'string' ? key : '', body: isObject ? body : given };
  const result = await requestAction(ports.act, by, request, signal);
  if (!result.dryRun) return { dryRun: false, action: viewAction(result.row) };
  const { steps, report, approval } = result;
  const target = `${report.target.name}: ${report.state}`;
  return { dryRun: true, wouldDo: { steps, target, warnings: report.warnings.map((one) => warningTexts[one]), approval } };
}
