import { parseTargetId } from '../domain/action';
import type { Action, TargetReport } from '../domain/action';
import * as life from '../domain/actionLife';
import type { ActionRow, ApprovalCause } from '../domain/actionRow';
import { failureOf } from '../domain/failure';
import type { Api, Failure } from '../domain/failure';
import type { Operator } from '../domain/operator';
import { parseGuid } from '../domain/tenant';
import type { Tenant } from '../domain/tenant';
import type { ActPorts } from './actPorts';
import { recordChange } from './audit';
import { joinLine, spend, targetsInHour } from './changeAction';
import { describeFailure } from './describe';
import { hashOf } from './secretText';
import { InputError } from './tenants';

/** Why a request for an action, or about one, is not taken: the status an API answers with, a code, and words for a person. Nothing was sent. */
export class ActionRefusal extends InputError {
  readonly status: 400 | 403 | 404 | 409 | 429;
  readonly code: string;

  constructor(status: ActionRefusal['status'], code: string, wrong: string, nextStep: string) {
    super(wrong, nextStep);
    this.status = status;
    this.code = code;
  }
}

/** A request as it was given; everything is checked here, whatever the caller has checked. */
export interface GivenAction {
  /** From the address, never from the body. */
  readonly tenantId: string;
  readonly key: string;
  readonly body: unknown;
}

/** What was asked for, checked in form. */
interface Asked {
  readonly action: Action;
  readonly targetId: string;
  readonly choice: string;
  readonly reason: string;
  readonly dryRun: boolean;
}

/** What a request came to: what would be done, or the action as it was written down. */
export type RequestedAction =
  | {
      readonly dryRun: true;
      readonly action: string;
      readonly report: TargetReport;
      readonly steps: readonly string[];
      readonly approval: readonly ApprovalCause[];
    }
  | { readonly dryRun: false; readonly row: ActionRow; readonly isNew: boolean };

const longestReason = 500;
const names = ['action', 'target', 'choice', 'reason', 'dryRun'];

/**
 * Takes a request for an action on one target, checks who asks and what for, reads the target in its own tenant, and writes it down. The same key with the
 * same body is the same action, however often it is asked for. Throws ActionRefusal, which is audited, or the failure of a read.
 */
export async function requestAction(
  ports: ActPorts,
  by: Operator,
  given: GivenAction,
  signal: AbortSignal,
): Promise<RequestedAction> {
  const about: { tenant?: Tenant; asked?: Asked } = {};
  try {
    return await taken(ports, by, given, about, signal);
  } catch (error) {
    if (error instanceof ActionRefusal) await tellRefusal(ports, by, error, about, signal);
    throw error;
  }
}

async function taken(
  ports: ActPorts,
  by: Operator,
  { tenantId, key, body }: GivenAction,
  about: { tenant?: Tenant; asked?: Asked },
  signal: AbortSignal,
): Promise<RequestedAction> {
  const { clock, actOptions } = ports;
  if (!by.roles.includes('Responder'))
    throw new ActionRefusal(403, 'role', 'This needs the role Responder.', 'Ask whoever assigns the roles of this application.');
  const tenant = await tenantOf(ports, tenantId, signal);
  about.tenant = tenant;
  const asked = parse(ports, tenant, body);
  about.asked = asked;
  const { action, targetId, choice, reason, dryRun } = asked;
  if (!/^[\w.:-]{8,100}$/.test(key))
    throw new ActionRefusal(
      400,
      'key',
      'The idempotency key cannot be used.',
      'Give 8 to 100 letters, digits, and any of . _ : -',
    );
  const id = hashOf(`${tenant.id}|${key}`).slice(0, 32);
  const bodyHash = hashOf(JSON.stringify([action.id, targetId, choice, reason]));
  const known = await ports.actions.find(id, signal);
  if (known !== undefined && !dryRun) return again(ports, known.row, bodyHash, signal);
  if (actOptions.mode === 'off')
    throw new ActionRefusal(403, 'switchedOff', 'Actions are switched off here.', 'Set RESPONSE_ACTIONS to on, or to dryRun.');
  refuseProtected(actOptions.protectedTargets, targetId);
  const report = await inspected(ports, tenant, asked, signal);
  const { target } = report;
  const causes = await causesOf(ports, tenant, action, report, signal);
  if (dryRun) {
    const line = { at: clock.now().toISOString(), who: by.who, role: 'Responder', what: 'action.dryRun' } as const;
    const detail = `${action.title} · ${target.name} · ${reason}`;
    const more = { tenantId: tenant.id, target: `${target.kind}:${target.id}`, outcome: 'done', detail } as const;
    await recordChange(ports, { ...line, ...more }, tenant, signal);
    return { dryRun: true, action: action.id, report, steps: action.steps.map(({ title }) => title), approval: causes };
  }
  if (actOptions.mode !== 'on')
    throw new ActionRefusal(403, 'dryRunOnly', 'Only dry runs are allowed here.', 'Set RESPONSE_ACTIONS to on.');
  await spendBudgets(ports, tenant, id, `${target.kind}:${target.id}`, signal);
  const { longestMs, steps } = action;
  const wanted = { id, key, body: bodyHash, tenantId: tenant.id, action: action.id, target, choice, reason };
  const made = { ...wanted, requestedBy: by.who, steps: steps.map((step) => step.id), longestMs };
  const row = life.requested(made, causes, actOptions.approvalMs, clock.now());
  try {
    await ports.actions.save(row, undefined, signal);
  } catch (error) {
    const first = failureOf(error)?.kind === 'conflict' ? await ports.actions.find(id, signal) : undefined;
    if (first === undefined) throw error;
    return again(ports, first.row, bodyHash, signal);
  }
  await setGoing(ports, row, signal);
  return { dryRun: false, row, isNew: true };
}

/** Gives an action that may run its place in line, and wakes a worker; the timer finds one for which that did not work. */
export async function setGoing(ports: ActPorts, row: ActionRow, signal: AbortSignal): Promise<void> {
  if (row.state === 'queued') await joinLine(ports, row, signal);
  await ports.actionQueue.send(row.id, 0, signal);
}

/** The same key once more: the same action, unless something else is asked for. */
async function again(ports: ActPorts, row: ActionRow, bodyHash: string, signal: AbortSignal): Promise<RequestedAction> {
  if (row.body !== bodyHash)
    throw new ActionRefusal(
      409,
      'keyUsed',
      'This idempotency key was used for another request already.',
      'Take a new key for a new request; the same key is only for repeating the same one.',
    );
  // Whoever asked first may have died before waking anybody.
  if (row.state === 'queued') await ports.actionQueue.send(row.id, 0, signal);
  return { dryRun: false, row, isNew: false };
}

/** The stored tenant with this id; whatever else is named, there is none. */
export async function tenantOf(ports: ActPorts, tenantId: string, signal: AbortSignal): Promise<Tenant> {
  const id = parseGuid(tenantId);
  const found = id === undefined ? undefined : await ports.tenants.find(id, signal);
  if (found === undefined)
    throw new ActionRefusal(404, 'tenantUnknown', 'There is no such tenant.', 'List the tenants: npm run tenant -- list');
  return found.tenant;
}

function parse(ports: ActPorts, tenant: Tenant, body: unknown): Asked {
  const wrong = (code: string, what: string, next: string): ActionRefusal => new ActionRefusal(400, code, what, next);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw wrong('body', 'The request is not an object.', 'Send {"action", "target", "reason", "dryRun"}.');
  const fields = new Map<string, unknown>(Object.entries(body));
  const strange = [...fields.keys()].find((name) => !names.includes(name));
  if (strange !== undefined)
    throw wrong('field', `There is no field "${shown(strange)}".`, `Leave it out; known are ${names.join(', ')}.`);
  const action = ports.registry.get(textOf(fields.get('action')));
  if (action === undefined)
    throw wrong('action', 'There is no such action.', `Known are ${[...ports.registry.keys()].join(', ')}.`);
  const dryRun = fields.has('dryRun') ? fields.get('dryRun') : true;
  if (typeof dryRun !== 'boolean')
    throw wrong('dryRun', 'dryRun is neither true nor false.', 'Send true to see what would be done, false to have it done.');
  const targetId = parseTargetId(action.targetKind, textOf(fields.get('target')));
  if (targetId === undefined) {
    const form = action.targetKind === 'user' ? 'the object id of one user (a GUID)' : 'the id of one machine (40 hex digits)';
    throw wrong('target', 'The target cannot be read.', `Give ${form}; find it by name first.`);
  }
  const choice = fields.has('choice') ? textOf(fields.get('choice')) : (action.choices[0] ?? '');
  if (choice === '' ? action.choices.length > 0 : !action.choices.includes(choice))
    throw wrong(
      'choice',
      'This cannot be chosen.',
      action.choices.length === 0 ? 'Leave choice out.' : `Choose ${action.choices.join(' or ')}.`,
    );
  const reason = textOf(fields.get('reason')).trim();
  if (reason === '' || reason.length > longestReason || /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(reason))
    throw wrong(
      'reason',
      'The reason cannot be used.',
      `Give one line of up to ${longestReason} characters: it stands in the audit.`,
    );
  const cloud = ports.clouds(tenant.cloud);
  if (cloud === undefined || !action.clouds.includes(tenant.cloud))
    throw wrong('cloud', 'This action does not exist in the cloud of the tenant.', 'Do it in the portal of Microsoft.');
  return { action, targetId, choice, reason, dryRun };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const shown = (text: string): string => text.slice(0, 40).replace(/[^\w.-]/g, '?');

function refuseProtected(protectedTargets: ReadonlySet<string>, ...ids: readonly string[]): void {
  if (!ids.some((id) => protectedTargets.has(id.toLowerCase()))) return;
  throw refusalOf(403, { kind: 'actionRefused', code: 'protectedTarget', detail: '' });
}

function refusalOf(status: ActionRefusal['status'], failure: Failure): ActionRefusal {
  const { title, nextStep } = describeFailure(failure);
  return new ActionRefusal(status, failure.code, title, nextStep);
}

/** Why actions are not available for a tenant: the response application is missing, has no consent, or lacks permissions; undefined when they are. */
export async function unavailable(
  ports: ActPorts,
  tenant: Tenant,
  action: Action,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const responder = ports.responder(tenant);
  if (responder === undefined) return { kind: 'actionRefused', code: 'responseNotSetUp', detail: '' };
  const missing: string[] = [];
  for (const api of new Set<Api>(action.permissions.map((permission) => permission.api))) {
    const needed = action.permissions.filter((permission) => permission.api === api).map(({ role }) => role);
    const lacking = (granted: readonly string[]): string[] => needed.filter((role) => !granted.includes(role));
    try {
      const held = lacking(await ports.responseRoles(responder, api, 'held', signal));
      missing.push(...(held.length === 0 ? [] : lacking(await ports.responseRoles(responder, api, 'new', signal))));
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || failure.kind === 'cancelled') throw error;
      return failure;
    }
  }
  const permission = missing.join(', ');
  return permission === '' ? undefined : { kind: 'permissionMissing', code: 'responsePermission', permission };
}

async function inspected(ports: ActPorts, tenant: Tenant, asked: Asked, signal: AbortSignal): Promise<TargetReport> {
  const { action, targetId, choice } = asked;
  const missing = await unavailable(ports, tenant, action, signal);
  const responder = ports.responder(tenant);
  if (missing !== undefined || responder === undefined)
    throw refusalOf(403, missing ?? { kind: 'actionRefused', code: 'responseNotSetUp', detail: '' });
  let report;
  try {
    report = await action.inspect(ports.actionRun(responder, signal), targetId, choice);
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind === 'actionRefused' || failure?.kind === 'permissionMissing') throw refusalOf(403, failure);
    throw error;
  }
  if (report.refusal !== undefined) throw refusalOf(report.refusal.code === 'targetMissing' ? 404 : 403, report.refusal);
  const principal = /\(([^()]+)\)$/.exec(report.target.name)?.[1];
  refuseProtected(ports.actOptions.protectedTargets, report.target.name, ...(principal === undefined ? [] : [principal]));
  return (await isLicensed(ports, tenant, action, signal)) ? report : { ...report, warnings: [...report.warnings, 'licence'] };
}

/** False when the licences of the tenant are known, and none of them contains what the action needs; Microsoft decides. */
async function isLicensed(ports: ActPorts, tenant: Tenant, { anyLicenceOf }: Action, signal: AbortSignal): Promise<boolean> {
  if (anyLicenceOf.length === 0) return true;
  const profile = await ports.profiles.find(tenant.id, signal);
  const plans = profile?.epoch === tenant.epoch ? profile.servicePlans : undefined;
  return plans === undefined || anyLicenceOf.some((plan) => plans.includes(plan));
}

async function causesOf(
  ports: ActPorts,
  tenant: Tenant,
  action: Action,
  { roles, target }: TargetReport,
  signal: AbortSignal,
): Promise<readonly ApprovalCause[]> {
  const targets = await targetsInHour(ports, tenant.id, `${target.kind}:${target.id}`, signal);
  return [
    ...(action.highImpact ? (['highImpact'] as const) : []),
    ...(roles.length > 0 ? (['privileged'] as const) : []),
    ...(targets > ports.actOptions.targetsWithoutApproval ? (['manyTargets'] as const) : []),
  ];
}

async function spendBudgets(
  ports: ActPorts,
  { id: tenantId }: Tenant,
  action: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { perTenantAnHour, allTenantsAnHour } = ports.actOptions;
  const tenantHasRoom = await spend(ports, tenantId, { action, target, most: perTenantAnHour }, signal);
  if (tenantHasRoom && (await spend(ports, 'all', { action, target, most: allTenantsAnHour }, signal))) return;
  throw new ActionRefusal(
    429,
    'tooManyActions',
    'More actions were asked for in the last hour than this connector may take.',
    'Wait, or raise RESPONSE_ACTIONS_PER_TENANT_HOUR or RESPONSE_ACTIONS_PER_HOUR after a look at what asks for so many.',
  );
}

/** Keeps who asked for something that was refused. */
async function tellRefusal(
  ports: ActPorts,
  by: Operator,
  { code }: ActionRefusal,
  { tenant, asked }: { readonly tenant?: Tenant; readonly asked?: Asked },
  signal: AbortSignal,
): Promise<void> {
  const { clock, telemetry } = ports;
  telemetry.event('actionRefused', 'warning', { tenant: tenant?.id, action: asked?.action.id, code });
  const change = { at: clock.now().toISOString(), who: by.who, what: 'action.requested', outcome: 'refused' } as const;
  const more = {
    ...(tenant === undefined ? {} : { tenantId: tenant.id }),
    ...(asked === undefined ? {} : { target: `${asked.action.targetKind}:${asked.targetId}` }),
    detail: asked === undefined ? code : `${asked.action.title} · ${code}`,
  };
  await recordChange(ports, { ...change, ...more }, tenant, signal);
}
