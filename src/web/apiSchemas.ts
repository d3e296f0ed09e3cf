import { z } from 'zod';
import { cloudIds } from '../domain/cloud';
import { credentialKinds, rotationReasons, rotationSteps } from '../domain/credential';
import { evidenceStatusTitles } from '../domain/evidence';
import { integrations } from '../domain/integration';
import type { IntegrationId } from '../domain/integration';
import { changeOutcomes } from '../domain/onboarding';
import { operatorRoles } from '../domain/operator';
import { verdictTitles } from '../domain/verdict';
import { shownStateTitles } from '../app/explain';

/** The schemas of the API by their names; `docs/openapi.json` is made from them, and every answer is cut down to them. */
export const apiSchemas = z.registry<{ id: string }>();

const named = <Type extends z.ZodType>(id: string, schema: Type): Type => {
  apiSchemas.add(schema, { id });
  return schema;
};

const keys = <Key extends string>(titles: Readonly<Record<Key, unknown>>): [Key, ...Key[]] =>
  Object.keys(titles) as [Key, ...Key[]];

const time = z.string().describe('ISO 8601, UTC');
const count = z.int().min(0);
const state = z.enum(keys(shownStateTitles));

const polling = named(
  'Polling',
  z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('adaptive') }),
      z.strictObject({ kind: z.literal('every'), seconds: z.int().min(1).max(86_400) }),
      z.strictObject({ kind: z.literal('disabled') }),
    ])
    .describe('How often an integration is polled: adaptively, at a fixed interval, or only when "sync" asks for it'),
);

const chosen = named('ChosenIntegration', z.strictObject({ id: z.enum(keys<IntegrationId>(integrations)), polling }));

/** A refusal, or a failure in words. */
export const problem = named(
  'Problem',
  z.object({
    status: z.int(),
    code: z.string().describe('For a program, or to search with'),
    title: z.string(),
    nextStep: z.string().optional(),
  }),
);

const explanation = {
  state,
  stateTitle: z.string(),
  since: time.optional(),
  why: z.string(),
  nextStep: z.string(),
};

const tenantFields = {
  id: z.string().describe('The tenant id, a GUID in lower case'),
  name: z.string(),
  description: z.string(),
  cloud: z.enum(cloudIds),
  clientId: z.string(),
  integrations: z.array(chosen),
  also: z.array(z.string()).optional().describe('Optional sources that are collected too'),
  stampName: z.boolean(),
  status: z.enum(['active', 'paused']),
  statusSince: time,
  addedAt: time,
};

/** A tenant as it is set. */
export const tenant = named('Tenant', z.object(tenantFields));

/** A tenant in the list. */
const listedTenant = named(
  'ListedTenant',
  z.object({ ...tenantFields, ...explanation, lastRecordAt: time.optional(), records: count, gaps: count }),
);

export const tenantList = named(
  'TenantList',
  z.object({ tenants: z.array(listedTenant), total: count.describe('How many there are that match, on all pages') }),
);

const verdict = named(
  'Verdict',
  z.object({
    name: z.enum(keys(verdictTitles)),
    missing: z.array(z.string()).optional().describe('Permissions that are missing'),
    evidence: z.string(),
    code: z.string().optional(),
    at: time,
    since: time,
  }),
);

const gap = named(
  'Gap',
  z.object({
    from: time,
    to: time,
    unit: z.string().optional(),
    cause: z.string(),
    explanation: z.string(),
    recordedAt: time,
  }),
);

const sourceOfTenant = named(
  'Source',
  z.object({
    source: z.string(),
    title: z.string(),
    ...explanation,
    verdict: verdict.optional(),
    lastRecordAt: time.optional(),
    listedTo: time.optional(),
    nextRunAt: time.optional(),
    overdueSince: time.optional(),
    lastDay: z
      .object({
        units: count,
        delivered: count,
        pending: count,
        lost: count,
        records: count,
        latenessSecondsP50: z.number().optional(),
        latenessSecondsP95: z.number().optional(),
      })
      .describe('The last 24 hours'),
    gaps: z.array(gap),
  }),
);

/** The credential of a tenant: ids and times, never anything secret. */
export const credential = named(
  'Credential',
  z.object({
    kind: z.enum(credentialKinds),
    kindTitle: z.string(),
    state: z.enum(['neverExpires', 'good', 'rotating', 'nearExpiry', 'expired', 'removed', 'unknownExpiry']),
    why: z.string(),
    nextStep: z.string(),
    daysLeft: z.int().optional(),
    expiresAt: time.optional(),
    automatic: z.boolean().describe('The connector renews it by itself'),
    keyId: z.string().optional(),
    previousKeyId: z.string().optional(),
    rotation: z.object({ step: z.enum(rotationSteps), reason: z.enum(rotationReasons), since: time }).optional(),
    failing: z
      .object({ since: time, times: count, code: z.string(), title: z.string(), nextStep: z.string(), retryAt: time })
      .optional(),
  }),
);

/** A tenant with everything that is known about it. */
export const tenantDetail = named(
  'TenantDetail',
  z.object({
    ...tenantFields,
    ...explanation,
    sources: z.array(sourceOfTenant),
    licences: z.array(z.string()).optional(),
    alerts: z.array(
      z.object({
        product: z.string(),
        title: z.string(),
        flow: z.enum(['flowing', 'silent', 'notLicensed', 'unknown']),
        lastAlertAt: time.optional(),
      }),
    ),
    limits: z.array(z.object({ limit: z.string(), title: z.string(), share: z.number().describe('0 to 1'), throttled: count })),
    credential: credential.optional(),
  }),
);

export const coverage = named(
  'Coverage',
  z.object({
    hours: z.array(z.string()).describe('Hours of availability, such as 2026-11-22T10, in UTC'),
    sources: z.array(
      z.object({
        source: z.string(),
        title: z.string(),
        hours: z
          .array(
            z.object({
              hour: z.string(),
              listed: count,
              delivered: count,
              pending: count,
              lost: count,
              records: count,
              bytes: count,
            }),
          )
          .describe('Hours in which something was listed'),
      }),
    ),
  }),
);

export const history = named(
  'History',
  z.object({
    changes: z
      .array(
        z.object({
          at: time,
          who: z.string(),
          role: z.enum(operatorRoles).optional(),
          what: z.string(),
          tenantId: z.string().optional(),
          target: z.string().optional(),
          outcome: z.enum(changeOutcomes),
          detail: z.string().optional(),
        }),
      )
      .describe('Newest first'),
  }),
);

export const evidenceReport = named(
  'EvidenceReport',
  z.object({
    tenant: z.object({ id: z.string(), name: z.string(), cloud: z.string(), addedAt: time }),
    generatedAt: time,
    period: z.object({ from: time, to: time }),
    document: z.object({ id: z.string(), assessedAt: time, blob: z.string(), sha256: z.string() }).optional(),
    items: z.array(
      z.object({
        check: z.string(),
        title: z.string(),
        question: z.string(),
        status: z.enum(keys(evidenceStatusTitles)),
        statement: z.string(),
        figures: z.array(
          z.object({
            name: z.string(),
            title: z.string(),
            value: z.union([z.number(), z.string()]),
            unit: z.string().optional(),
          }),
        ),
        tables: z.array(
          z.object({
            title: z.string(),
            columns: z.array(z.string()),
            rows: z.array(z.array(z.union([z.string(), z.number()]))),
            more: count.optional(),
          }),
        ),
        objects: z.array(z.object({ type: z.string(), id: z.string(), sha256: z.string() })),
        controls: z.array(z.object({ framework: z.string(), id: z.string(), title: z.string() })),
        collectedAt: time,
        objectsSha256: z.string(),
        nextStep: z.string().optional(),
        failure: z.object({ kind: z.string(), code: z.string() }).optional(),
      }),
    ),
    past: z.array(
      z.object({
        id: z.string(),
        assessedAt: time,
        blob: z.string(),
        sha256: z.string(),
        statuses: z.record(z.string(), z.enum(keys(evidenceStatusTitles))),
      }),
    ),
    assessments: count,
  }),
);

export const integrationList = named(
  'IntegrationList',
  z.object({
    integrations: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        collects: z.string(),
        sources: z.array(z.object({ id: z.string(), title: z.string(), optional: z.boolean() })),
        permissions: z.array(z.object({ api: z.string(), role: z.string() })),
      }),
    ),
  }),
);

export const invitation = named(
  'Invitation',
  z.object({
    customer: z.string(),
    link: z.string().describe('For an administrator of the customer. It works once, and is not shown again'),
    expiresAt: time,
  }),
);

export const synced = named('Synced', z.object({ sources: count.describe('How many are collected now') }));

export const assessmentAsked = named(
  'AssessmentAsked',
  z.object({
    askedAt: time.describe('The id of the assessment that is made: `document.id` of the report is then this, or a later one'),
    outcome: z.enum(['asked', 'underWay']).describe('`underWay`: it was asked for before, and is not there yet'),
  }),
);

export const testSent = named(
  'TestSent',
  z.object({ id: z.string().describe('Look for it behind the hubs'), hubs: z.array(z.string()) }),
);

export const rotationAsked = named(
  'RotationAsked',
  z.object({
    outcome: z
      .enum(['asked', 'underWay', 'nothingToRotate'])
      .describe(
        '`asked`: it begins within a minute; `underWay`: a new credential is in use already, and the old one is still good',
      ),
    credential: credential.optional(),
  }),
);

export const newInvitation = named(
  'NewInvitation',
  z.strictObject({
    customer: z.string().max(100),
    tenantId: z.string().max(36).optional().describe('Only this tenant can come in with the link'),
  }),
);

export const tenantChanges = named(
  'TenantChanges',
  z
    .strictObject({
      integrations: z.array(chosen).max(32).optional(),
      also: z.array(z.string().max(100)).max(64).optional(),
      name: z.string().max(100).optional(),
      description: z.string().max(1_000).optional(),
      stampName: z.boolean().optional(),
    })
    .describe('What is left out stays as it is'),
);

export const newCredential = named(
  'NewCredential',
  z.strictObject({
    kind: z.enum(credentialKinds),
    value: z
      .string()
      .max(16_384)
      .optional()
      .describe('The value of a client secret, or certificate and key as PEM; nothing for the kinds that have none'),
    expiresOn: z.iso.date().optional().describe('The day on which it expires, where it does not say so itself'),
  }),
);

export const removal = named(
  'Removal',
  z.strictObject({
    confirm: z.string().max(200).describe('The name of the tenant, exactly'),
    purge: z.boolean().optional().describe('Also deletes ledger, coverage, gaps, large records and assessments, within the hour'),
  }),
);
