import { z } from 'zod';
import { targetKinds } from '../domain/action';
import { actionStates, approvalCauses, stepStates, storyKinds } from '../domain/actionRow';
import { apiSchemas } from './apiSchemas';

const named = <Type extends z.ZodType>(id: string, schema: Type): Type => {
  apiSchemas.add(schema, { id });
  return schema;
};

const time = z.string().describe('ISO 8601, UTC');
const failure = z.object({ kind: z.string(), code: z.string(), title: z.string(), nextStep: z.string() });

/** A request for an action. The handler checks it itself, and keeps what it refuses. */
export const newAction = named(
  'NewAction',
  z.strictObject({
    key: z
      .string()
      .regex(/^[\w.:-]{8,100}$/)
      .describe('Idempotency key: the same key with the same request is the same action, however often it is sent'),
    action: z.string().describe('One of the actions that are listed'),
    target: z.string().describe('The object id of one user, or the id of one machine (40 hex digits)'),
    choice: z.string().optional().describe('Where the action offers one; the first when left out'),
    reason: z.string().max(500).describe('Stands in the audit'),
    dryRun: z.boolean().default(true).describe('True says what would be done; only false has it done'),
  }),
);

export const decision = named('Decision', z.strictObject({ decision: z.enum(['approve', 'decline', 'cancel', 'retry']) }));

const action = {
  id: z.string(),
  tenantId: z.string(),
  action: z.string(),
  choice: z.string(),
  target: z.object({ kind: z.enum(targetKinds), id: z.string(), name: z.string() }),
  reason: z.string(),
  requestedBy: z.string(),
  requestedAt: time,
  state: z.enum(actionStates),
  stateTitle: z.string(),
  since: time,
  nextStep: z.string(),
  approval: z
    .object({ causes: z.array(z.enum(approvalCauses)), expiresAt: time, by: z.string().optional(), at: time.optional() })
    .optional(),
};

/** An action with its steps and its whole story. */
export const actionDetail = named(
  'Action',
  z.object({
    ...action,
    steps: z.array(
      z.object({
        id: z.string(),
        state: z.enum(stepStates),
        adopted: z.boolean().optional().describe('It was so already, or somebody else had asked for it'),
        operationId: z.string().optional().describe("Microsoft's id of what was started"),
        failure: failure.optional(),
      }),
    ),
    story: z.array(
      z.object({
        number: z.int(),
        at: time,
        kind: z.enum(storyKinds),
        text: z.string(),
        who: z.string().optional(),
        role: z.string().optional(),
        requestId: z.string().optional(),
      }),
    ),
  }),
);

/** What a request came to: a dry run says what would be done, else there is an action. */
export const actionAsked = named(
  'ActionAsked',
  z.object({
    dryRun: z.boolean(),
    wouldDo: z
      .object({
        steps: z.array(z.string()),
        target: z.string(),
        warnings: z.array(z.string()),
        approval: z.array(z.enum(approvalCauses)).describe('Why another person would have to agree; empty when nobody has to'),
      })
      .optional(),
    action: actionDetail.optional(),
  }),
);

export const actionList = named('ActionList', z.object({ actions: z.array(z.object(action)).describe('Newest first') }));

export const actionKinds = named(
  'ActionKinds',
  z.object({
    mode: z.enum(['off', 'dryRun', 'on']),
    actions: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        targetKind: z.enum(targetKinds),
        choices: z.array(z.string()),
        needsApproval: z.boolean(),
        reversibleBy: z.string().optional(),
        permissions: z.array(z.object({ api: z.string(), role: z.string(), why: z.string() })),
        done: z.string(),
        verified: z.string(),
        cannot: z.string(),
        unavailable: failure.optional().describe('Why it is not available for this tenant, and what to do'),
      }),
    ),
  }),
);

export const foundTargets = named(
  'FoundTargets',
  z.object({
    targets: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        detail: z.string(),
        alerts: z.array(z.object({ title: z.string(), severity: z.string(), at: time })),
      }),
    ),
  }),
);
