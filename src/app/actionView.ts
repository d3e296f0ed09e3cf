import type { ActionRow } from '../domain/actionRow';
import { failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { Tenant } from '../domain/tenant';
import type { ActPorts, FoundTarget } from './actPorts';
import { describeFailure } from './describe';
import { actionNextStep, actionStateTitles, storyText } from './describeAction';
import { ActionRefusal, unavailable } from './requestAction';

/** A failure with its words. */
function inFull(failure: Failure): {
  readonly kind: string;
  readonly code: string;
  readonly title: string;
  readonly nextStep: string;
} {
  return { kind: failure.kind, code: failure.code, ...describeFailure(failure) };
}

/** An action as the API and the command show it: its states and its story in words, too. */
export function viewAction(row: ActionRow) {
  const { id, tenantId, action, choice, target, reason, requestedBy, requestedAt, state, since, approval, steps, story } = row;
  return {
    ...{ id, tenantId, action, choice, target, reason, requestedBy, requestedAt, state, since, approval },
    ...{ stateTitle: actionStateTitles[state], nextStep: actionNextStep(row) },
    steps: steps.map((step) => ({
      ...{ id: step.id, state: step.state, adopted: step.adopted, operationId: step.operationId },
      failure: step.failure === undefined ? undefined : inFull(step.failure),
    })),
    story: story.map((line) => {
      const { number, at, kind, who, role, requestId } = line;
      return { number, at, kind, text: storyText(line), who, role, requestId };
    }),
  };
}

/** An action of a tenant. Throws ActionRefusal when the tenant has none with this id. */
export async function findAction(ports: ActPorts, tenant: Tenant, id: string, signal: AbortSignal): Promise<ActionRow> {
  const found = /^[0-9a-f]{32}$/.test(id) ? await ports.actions.find(id, signal) : undefined;
  if (found?.row.tenantId === tenant.id) return found.row;
  throw new ActionRefusal(404, 'actionUnknown', 'There is no such action.', 'Look at the actions of the tenant.');
}

/** Every action with its facts, and why it is not available for a tenant, where it is not. */
export async function viewKinds(ports: ActPorts, tenant: Tenant, signal: AbortSignal) {
  const kinds = [];
  for (const action of ports.registry.values()) {
    const missing = action.clouds.includes(tenant.cloud)
      ? await unavailable(ports, tenant, action, signal)
      : ({ kind: 'notInThisCloud', code: tenant.cloud } as const);
    kinds.push({
      ...{ id: action.id, title: action.title, targetKind: action.targetKind, choices: action.choices },
      ...{ needsApproval: action.highImpact, reversibleBy: action.reversibleBy, permissions: action.permissions },
      ...{ done: action.done, verified: action.verified, cannot: action.cannot },
      unavailable: missing === undefined ? undefined : inFull(missing),
    });
  }
  return kinds;
}

const shortestText = 2;
const longestText = 100;

/** Finds users or devices of a tenant by the beginning of their name. Throws ActionRefusal for what cannot be looked for. */
export async function lookFor(
  ports: ActPorts,
  tenant: Tenant,
  kind: 'user' | 'device',
  text: string,
  signal: AbortSignal,
): Promise<readonly FoundTarget[]> {
  const wanted = text.trim();
  if (wanted.length < shortestText || wanted.length > longestText || /[\p{Cc}*%/\\]/u.test(wanted))
    throw new ActionRefusal(
      400,
      'text',
      'This cannot be looked for.',
      `Give the beginning of a name, ${shortestText} to ${longestText} characters.`,
    );
  const responder = ports.responder(tenant);
  const failure: Failure = { kind: 'actionRefused', code: 'responseNotSetUp', detail: '' };
  const { title, nextStep } = describeFailure(failure);
  if (responder === undefined) throw new ActionRefusal(403, failure.code, title, nextStep);
  try {
    return await ports.findTargets(ports.actionRun(responder, signal), kind, wanted);
  } catch (error) {
    // A tenant without the service has none.
    const found = failureOf(error);
    if (found === undefined || found.kind === 'cancelled') throw error;
    const words = describeFailure(found);
    throw new ActionRefusal(403, found.code, words.title, words.nextStep);
  }
}
