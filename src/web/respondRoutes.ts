import { randomUUID } from 'node:crypto';
import { findAction, lookFor, viewKinds } from '../app/actionView';
import { decideAction, decisions } from '../app/decideAction';
import type { Decision } from '../app/decideAction';
import { ActionRefusal, requestAction, tenantOf as storedTenant } from '../app/requestAction';
import { inWords, InputError } from '../app/tenants';
import { parseTargetId } from '../domain/action';
import type { TargetKind } from '../domain/action';
import type { ActionRow } from '../domain/actionRow';
import { failureOf } from '../domain/failure';
import type { Operator } from '../domain/operator';
import type { Tenant } from '../domain/tenant';
import { actionPage, actionsPage } from './actionPage';
import { page, redirect, Refusal } from './request';
import type { WebResponse } from './request';
import { chooseActionPage, dryRunText, respondPage } from './respondPage';
import type { Route, Visit } from './webPorts';

const shownActions = 50;

/** The pages on which a user or device is looked for and acted on, and on which an action is followed. */
export const respondRoutes: readonly Route[] = [
  { method: 'GET', path: ['actions'], access: 'Reader', handle: allActions },
  { method: 'GET', path: ['tenants', ':id', 'respond'], access: 'Responder', handle: search },
  { method: 'GET', path: ['tenants', ':id', 'respond', ':kind', ':target'], access: 'Responder', handle: choose },
  { method: 'POST', path: ['tenants', ':id', 'respond', ':kind', ':target'], access: 'Responder', handle: ask },
  { method: 'GET', path: ['tenants', ':id', 'actions', ':action'], access: 'Reader', handle: story },
  ...decisions.map((decision): Route => ({
    method: 'POST',
    path: ['tenants', ':id', 'actions', ':action', decision],
    access: 'Reader',
    handle: async (visit) => decide(visit, decision),
  })),
];

const first = (values: readonly string[] | undefined): string => values?.[0] ?? '';

/** A refusal of an action as one of the page, where there is nothing else to show. */
async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActionRefusal) throw new Refusal(error.status, error.code, `${error.message} ${error.nextStep}`);
    throw error;
  }
}

async function tenantOf({ ports, parameters, signal }: Visit): Promise<Tenant> {
  return refusing(async () => storedTenant(ports.act, parameters['id'] ?? '', signal));
}

async function allActions({ ports, browser, signal }: Visit): Promise<WebResponse> {
  const rows = await ports.act.actions.newest(undefined, shownActions, signal);
  const names = new Map<string, string>();
  for (const id of new Set(rows.map(({ tenantId }) => tenantId))) {
    const found = await ports.tenants.find(id, signal);
    if (found !== undefined) names.set(id, found.tenant.name);
  }
  return page(actionsPage(ports.providerName, rows, names), 200, browser);
}

async function search(visit: Visit): Promise<WebResponse> {
  const { ports, query, browser, signal } = visit;
  const tenant = await tenantOf(visit);
  const kind: TargetKind = first(query.get('kind')) === 'device' ? 'device' : 'user';
  const name = first(query.get('name'));
  const [recent, kinds] = await Promise.all([
    ports.act.actions.newest(tenant.id, shownActions, signal),
    viewKinds(ports.act, tenant, signal),
  ]);
  let told;
  let found;
  try {
    found = name === '' ? undefined : await lookFor(ports.act, tenant, kind, name, signal);
  } catch (error) {
    if (!(error instanceof ActionRefusal)) throw error;
    told = { good: false, title: error.message, text: error.nextStep };
  }
  const look = { providerName: ports.providerName, browser, tenant, mode: ports.act.actOptions.mode, told };
  const consentUrl = consentUrlOf(visit, tenant);
  return page(respondPage({ ...look, kind, name, found, recent, kinds, consentUrl }), told === undefined ? 200 : 400, browser);
}

/** Where an administrator gives consent to the response application; undefined without one. https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent */
function consentUrlOf({ ports }: Visit, tenant: Tenant): string | undefined {
  const responder = ports.act.responder(tenant);
  const cloud = ports.act.clouds(tenant.cloud);
  if (responder === undefined || cloud === undefined) return undefined;
  return `${cloud.signIn ?? cloud.login}/${tenant.id}/adminconsent?client_id=${responder.clientId}`;
}

interface Target {
  readonly tenant: Tenant;
  readonly kind: TargetKind;
  readonly id: string;
}

async function targetOf(visit: Visit): Promise<Target> {
  const { parameters } = visit;
  const kind = parameters['kind'];
  const id = kind === 'user' || kind === 'device' ? parseTargetId(kind, parameters['target'] ?? '') : undefined;
  if ((kind !== 'user' && kind !== 'device') || id === undefined)
    throw new Refusal(404, 'target', 'There is no such user or device. Look it up by name.');
  return { tenant: await tenantOf(visit), kind, id };
}

/** What the target is called and how it is, read in its own tenant by an action that reads only. */
async function nameOf({ ports, signal }: Visit, { tenant, kind, id }: Target): Promise<string> {
  const responder = ports.act.responder(tenant);
  const some = [...ports.act.registry.values()].find(({ targetKind }) => targetKind === kind);
  if (responder === undefined || some === undefined) return id;
  try {
    const { target } = await some.inspect(ports.act.actionRun(responder, signal), id, some.choices[0] ?? '');
    return target.name;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'cancelled') throw error;
    return id;
  }
}

async function chosen(
  visit: Visit,
  target: Target,
  given: { readonly reason: string; readonly action: string; readonly told?: { good: boolean; title: string; text: string } },
): Promise<WebResponse> {
  const { ports, browser, signal } = visit;
  const { tenant, kind, id } = target;
  const [kinds, name] = await Promise.all([viewKinds(ports.act, tenant, signal), nameOf(visit, target)]);
  const look = { providerName: ports.providerName, browser, tenant, mode: ports.act.actOptions.mode };
  const { reason, action, told } = given;
  const parts = { ...look, kind, targetId: id, name, kinds, reason, chosen: action, key: `page-${randomUUID()}`, told };
  return page(chooseActionPage(parts), told?.good === false ? 400 : 200, browser);
}

async function choose(visit: Visit): Promise<WebResponse> {
  return chosen(visit, await targetOf(visit), { reason: '', action: first(visit.query.get('action')) });
}

async function ask(visit: Visit): Promise<WebResponse> {
  const { ports, form, operator, signal } = visit;
  const target = await targetOf(visit);
  const [action = '', choice] = first(form.get('action')).split(' ');
  const reason = first(form.get('reason'));
  // Only the button that says so has it done; whatever else comes is a dry run.
  const dryRun = first(form.get('dryRun')) !== 'false';
  const body = { action, target: target.id, reason, dryRun, ...(choice === undefined ? {} : { choice }) };
  const given = { tenantId: target.tenant.id, key: first(form.get('key')), body };
  const back = { reason, action: first(form.get('action')) };
  try {
    const asked = await requestAction(ports.act, operator ?? nobody, given, signal);
    if (!asked.dryRun) return redirect(`/tenants/${target.tenant.id}/actions/${asked.row.id}`);
    return await chosen(visit, target, { ...back, told: { good: true, title: 'This would be done', text: dryRunText(asked) } });
  } catch (error) {
    const words = error instanceof InputError || failureOf(error) !== undefined ? inWords(error) : undefined;
    if (words === undefined || failureOf(error)?.kind === 'cancelled') throw error;
    return chosen(visit, target, { ...back, told: { good: false, title: words.title, text: words.nextStep } });
  }
}

const nobody: Operator = { who: 'unknown', roles: [] };

async function story(visit: Visit): Promise<WebResponse> {
  const { ports, parameters, signal } = visit;
  const tenant = await tenantOf(visit);
  const row = await refusing(async () => findAction(ports.act, tenant, parameters['action'] ?? '', signal));
  return shown(visit, tenant, row);
}

function shown(visit: Visit, tenant: Tenant, row: ActionRow, told?: { good: boolean; text: string }): WebResponse {
  const { ports, browser, operator } = visit;
  const action = ports.act.registry.get(row.action);
  const parts = { providerName: ports.providerName, browser, row, operator, told, tenantName: tenant.name };
  const more = {
    title: action?.title ?? row.action,
    reversibleBy: action?.reversibleBy,
    mayPlay: operator?.who === localOperator,
  };
  return page(actionPage({ ...parts, ...more }), told?.good === false ? 400 : 200, browser);
}

/** Whoever sits at this machine, where nobody signs in. */
const localOperator = 'local';

/** On a machine of one's own one person may play two; with sign-in the second is really another. */
function decider({ form, operator = nobody }: Visit): Operator {
  if (operator.who !== localOperator || first(form.get('as')) !== 'second') return operator;
  return { who: `${localOperator}/second`, roles: ['Approver'] };
}

async function decide(visit: Visit, decision: Decision): Promise<WebResponse> {
  const { ports, parameters, signal } = visit;
  const tenant = await tenantOf(visit);
  const of = { tenantId: tenant.id, id: parameters['action'] ?? '', decision };
  try {
    const row = await decideAction(ports.act, decider(visit), of, signal);
    return redirect(`/tenants/${tenant.id}/actions/${row.id}`);
  } catch (error) {
    if (!(error instanceof ActionRefusal)) throw error;
    const row = await refusing(async () => findAction(ports.act, tenant, of.id, signal));
    return shown(visit, tenant, row, { good: false, text: `${error.message} ${error.nextStep}` });
  }
}
