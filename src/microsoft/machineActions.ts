import { z } from 'zod';
import type { Action, ActionRun, ActionStep, Seen, StepContext } from '../domain/action';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Permission } from '../domain/source';
import { actionRefused, parsedAnswer, request, sentOf } from './actionRequests';
import { ask } from './graphAsk';

const graphMachine = z.looseObject({
  id: z.string(),
  computerDnsName: z.string().nullish(),
  osPlatform: z.string().nullish(),
  healthStatus: z.string().nullish(),
  onboardingStatus: z.string().nullish(),
});
const machineAction = z.looseObject({
  id: z.string(),
  type: z.string(),
  status: z.string(),
  scope: z.string().nullish(),
  requestorComment: z.string().nullish(),
  machineId: z.string(),
  creationDateTimeUtc: z.string(),
});
type MachineAction = z.infer<typeof machineAction>;

const readMachines = { api: 'defender', role: 'Machine.Read.All' } as const;
const limits = ['defenderMinute', 'defenderHour'] as const;

/** What every action on a machine reads. */
export const machinePermissions: readonly Permission[] = [
  { ...readMachines, why: 'Finds the machine, and follows what was started on it to its end.' },
];

/** Reads a machine and says what is known for and against an action. `runsOn`: the platforms it works on, for each choice. */
export function inspectMachine(runsOn: (choice: string) => RegExp): Action['inspect'] {
  return async (run, id, choice) => {
    const doing = 'reading a machine';
    let machine;
    try {
      const path = `/api/machines/${encodeURIComponent(id)}`;
      const { json } = await request(run, { doing, method: 'GET', path, permission: readMachines, limits });
      machine = parsedAnswer(doing, graphMachine, json);
    } catch (error) {
      if (failureOf(error)?.kind !== 'contentMissing') throw error;
    }
    if (machine?.id.toLowerCase() !== id) {
      const nothing = { kind: 'device', id, name: id } as const;
      return { target: nothing, roles: [], warnings: [], refusal: actionRefused('targetMissing'), state: 'unknown' };
    }
    const { computerDnsName, osPlatform, healthStatus, onboardingStatus } = machine;
    const platform = osPlatform ?? 'unknown';
    const refusal =
      onboardingStatus != null && onboardingStatus !== 'Onboarded'
        ? actionRefused('notOnboarded', onboardingStatus)
        : runsOn(choice).test(platform)
          ? undefined
          : actionRefused('unsupportedPlatform', platform);
    return {
      target: { kind: 'device', id, name: computerDnsName ?? id },
      roles: [],
      warnings: healthStatus === 'Active' ? [] : ['offline'],
      state: `${platform}, ${healthStatus ?? 'health unknown'}`,
      ...(refusal === undefined ? {} : { refusal }),
    };
  };
}

/** What a kind of machine action is called, and what it gets along with. https://learn.microsoft.com/defender-endpoint/api/machineaction */
interface MachineCall {
  readonly id: string;
  readonly title: string;
  /** Microsoft's name of the type, and the path that starts it. */
  readonly type: string;
  readonly path: string;
  readonly permission: string;
  readonly body?: (choice: string) => object;
  /** The type that undoes it: while one is on its way nothing is sent, and the later of the two says how the machine is. */
  readonly opposite?: string;
}

const unfinished = ['Pending', 'InProgress'];

/** A step that starts a machine action and follows it to its end. What is found under way already is adopted; what is opposite has to end first. */
export function machineStep(call: MachineCall): ActionStep {
  const { id, title, type, path, permission, body, opposite } = call;
  return {
    id,
    title,
    look: async (context) => {
      const known = context.operationId === undefined ? undefined : await readAction(context.run, context.operationId);
      if (known !== undefined) return seenOf(known);
      const actions = await actionsOf(context);
      const own = actions.find(({ requestorComment }) => requestorComment?.includes(context.marker) === true);
      if (own !== undefined) return seenOf(own);
      const hindering = actions.find((one) => one.type === opposite && unfinished.includes(one.status));
      if (hindering !== undefined) return { kind: 'blocked', state: `${hindering.type} is ${hindering.status}` };
      const started = actions.find((one) => one.type === type && unfinished.includes(one.status));
      if (started !== undefined) return seenOf(started);
      // Of two that undo each other, the one that ended last says how the machine is.
      const last =
        opposite === undefined ? undefined : actions.find((one) => isOneOf(one, type, opposite) && one.status === 'Succeeded');
      if (last?.type === type) return { kind: 'done', state: stateOf(last), operationId: last.id, foreign: true };
      return { kind: 'needed', state: last === undefined ? 'nothing is under way' : stateOf(last) };
    },
    send: async ({ run, target, choice, reason, marker }) => {
      const answer = await request(run, {
        ...{ doing: `starting ${type}`, method: 'POST', limits, permission: { api: 'defender', role: permission } },
        path: `/api/machines/${encodeURIComponent(target.id)}/${path}`,
        body: { Comment: `${reason} [${marker}]`, ...body?.(choice) },
      }).catch(refusedStart);
      const { success, data } = machineAction.safeParse(answer.json);
      // Without its id it is found by the marker.
      return sentOf(answer, success ? data.id : undefined);
    },
    cancel: async ({ run, operationId, marker }) => {
      if (operationId === undefined) return;
      try {
        await request(run, {
          ...{ doing: `cancelling ${type}`, method: 'POST', limits, permission: { api: 'defender', role: permission } },
          path: `/api/machineactions/${encodeURIComponent(operationId)}/cancel`,
          body: { Comment: `Cancelled [${marker}]` },
        });
      } catch (error) {
        const kind = failureOf(error)?.kind;
        // It has ended meanwhile, or cannot be cancelled any more: the next look says which.
        if (kind !== 'rejectedRequest' && kind !== 'contentMissing') throw error;
      }
    },
  };
}

const isOneOf = (one: MachineAction, ...types: readonly string[]): boolean => types.includes(one.type);

const stateOf = ({ type, scope, status }: MachineAction): string => `${type}${scope == null ? '' : ` (${scope})`}: ${status}`;

async function readAction(run: ActionRun, id: string): Promise<MachineAction | undefined> {
  const doing = 'reading a machine action';
  const path = `/api/machineactions/${encodeURIComponent(id)}`;
  try {
    const { json } = await request(run, { doing, method: 'GET', path, permission: readMachines, limits });
    return parsedAnswer(doing, machineAction, json);
  } catch (error) {
    if (failureOf(error)?.kind === 'contentMissing') return undefined;
    throw error;
  }
}

/** The actions of a machine, newest first. */
async function actionsOf({ run, target }: StepContext): Promise<MachineAction[]> {
  const doing = 'listing machine actions';
  const filter = encodeURIComponent(`machineId eq '${target.id}'`);
  const found = await ask(run, {
    doing,
    path: `/api/machineactions?$filter=${filter}&$top=1000`,
    permission: readMachines,
    limits,
  });
  return found
    .map((one) => parsedAnswer(doing, machineAction, one))
    .filter(({ machineId }) => machineId.toLowerCase() === target.id)
    .sort((a, b) => b.creationDateTimeUtc.localeCompare(a.creationDateTimeUtc));
}

function seenOf(action: MachineAction): Seen {
  const state = stateOf(action);
  switch (action.status) {
    case 'Succeeded':
      return { kind: 'done', state, operationId: action.id };
    case 'Pending':
      return { kind: 'underway', state, operationId: action.id, waitsFor: 'device' };
    case 'InProgress':
      return { kind: 'underway', state, operationId: action.id, waitsFor: 'microsoft' };
    case 'Cancelled':
      return { kind: 'ended', failure: actionRefused('machineActionEnded', state), cancelled: true };
    default:
      return { kind: 'ended', failure: actionRefused('machineActionEnded', state) };
  }
}

function refusedStart(error: unknown): never {
  const failure = failureOf(error);
  if (failure?.kind === 'rejectedRequest') {
    // The next look finds what is under way, and adopts it or waits for its end. https://learn.microsoft.com/defender-endpoint/api/unisolate-machine
    if (
      /ActiveRequestAlreadyExists/i.test(failure.code) ||
      /already in progress|ActiveRequestAlreadyExists/i.test(failure.detail)
    )
      throw new ConnectorError('starting a machine action', { kind: 'replicating', code: failure.code }, error);
    if (/NotSupported/i.test(failure.code))
      throw new ConnectorError('starting a machine action', actionRefused('unsupportedPlatform', failure.code), error);
  }
  if (failure?.kind === 'contentMissing')
    throw new ConnectorError('starting a machine action', actionRefused('targetMissing'), error);
  throw error;
}
