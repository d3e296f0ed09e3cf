import { z } from 'zod';
import { viewCredential } from '../app/credentialView';
import { diagnose, findings } from '../app/doctor';
import { makeReport } from '../app/evidenceReport';
import { explainTenant } from '../app/explain';
import { coverageOf } from '../app/heatMap';
import { invite } from '../app/invitations';
import { permissionsOf } from '../app/permissions';
import { runTenantCommand, tenantCommands } from '../app/tenantCommands';
import type { TenantCommand } from '../app/tenantCommands';
import { listTenants } from '../app/tenantList';
import { InputError } from '../app/tenants';
import { isStored } from '../domain/credential';
import type { CredentialRing } from '../domain/credential';
import { integrations } from '../domain/integration';
import type { IntegrationId } from '../domain/integration';
import type { Change } from '../domain/onboarding';
import type { Operator, OperatorRole } from '../domain/operator';
import type { Tenant } from '../domain/tenant';
import * as schemas from './apiSchemas';
import type { WebPorts } from './webPorts';

/** A request to the API, with its input checked. */
interface ApiCall<Query, Body> {
  readonly ports: WebPorts;
  readonly operator: Operator;
  readonly query: Query;
  readonly body: Body;
  /** Those of the path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** An operation of the API as data: its route, who may use it, what it takes and what it answers. */
export interface ApiOperation {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  /** After `/api`; `:id` is a tenant. */
  readonly path: readonly string[];
  readonly access: OperatorRole;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The handler checks the body itself, and keeps what it refuses; the schema describes it. */
  readonly checksBody?: true;
  readonly status: 200 | 201 | 202;
  readonly answer: z.ZodType;
  /** Throws InputError for what cannot be right. `tenant` is the one of the path, where the path names one. */
  readonly handle: (call: ApiCall<unknown, unknown>, tenant: Tenant | undefined) => Promise<unknown>;
}

type Facts = Omit<ApiOperation, 'handle' | 'query' | 'body'>;

const ofAll = <Query extends z.ZodObject, Body extends z.ZodType>(
  facts: Facts & { readonly query?: Query; readonly body?: Body },
  handle: (call: ApiCall<z.output<Query>, z.output<Body>>) => Promise<unknown>,
): ApiOperation => ({
  ...facts,
  handle: async (call) => handle(call as ApiCall<z.output<Query>, z.output<Body>>),
});

/** An operation on the tenant of its path. */
export const ofTenant = <Query extends z.ZodObject, Body extends z.ZodType>(
  facts: Facts & { readonly query?: Query; readonly body?: Body },
  handle: (call: ApiCall<z.output<Query>, z.output<Body>>, tenant: Tenant) => Promise<unknown>,
): ApiOperation => ({
  ...facts,
  handle: async (call, tenant) => {
    if (tenant === undefined) throw new Error(`${facts.id} is not about a tenant.`);
    return handle(call as ApiCall<z.output<Query>, z.output<Body>>, tenant);
  },
});

/** An operation that is a command on a tenant: who may use it is what the command says. */
const byCommand = <Body extends z.ZodType, Input, Result>(
  facts: Omit<Facts, 'access'> & { readonly body?: Body },
  command: TenantCommand<Input, Result>,
  inputOf: (body: z.output<Body>) => Input,
  answerOf: (result: Result, call: ApiCall<unknown, unknown>, tenant: Tenant) => unknown,
): ApiOperation =>
  ofTenant({ ...facts, access: command.role }, async (call: ApiCall<unknown, z.output<Body>>, tenant) => {
    const { ports, operator, signal } = call;
    const by = { who: operator.who, role: command.role };
    return answerOf(await runTenantCommand(command, { ports, tenant, input: inputOf(call.body), by, signal }), call, tenant);
  });

const nothing = (): undefined => undefined;
const same = (result: unknown): unknown => result;

const few = z.coerce.number().int().min(1).max(1_000);

const listQuery = z.object({
  q: z.string().max(100).optional().describe('A part of the name, the tenant id or the description'),
  state: z.string().max(40).optional().describe('Only tenants in this state'),
  limit: few.default(1_000),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

const historyQuery = z.object({ limit: few.default(100) });

const coverageQuery = z.object({
  hours: z.coerce.number().int().min(1).max(720).default(48).describe('How many hours back'),
});

const evidenceQuery = z.object({
  from: z.iso.datetime().optional().describe('Of a period: its first moment; without it, the newest assessment'),
  to: z.iso.datetime().optional().describe('The first moment that no longer counts; without it, now'),
});

/** The operations on tenants, invitations and the history. */
export const apiOperations: readonly ApiOperation[] = [
  ofAll(
    {
      ...{ id: 'listTenants', method: 'GET', path: ['tenants'], access: 'Reader', query: listQuery },
      ...{ summary: 'Lists and searches tenants, those that need a person first', status: 200, answer: schemas.tenantList },
    },
    listed,
  ),
  ofTenant(
    {
      ...{ id: 'getTenant', method: 'GET', path: ['tenants', ':id'], access: 'Reader' },
      ...{ summary: 'A tenant with its sources, their verdicts, and its credential', status: 200, answer: schemas.tenantDetail },
    },
    detailed,
  ),
  byCommand(
    {
      ...{ id: 'changeTenant', method: 'PATCH', path: ['tenants', ':id'], body: schemas.tenantChanges },
      ...{ summary: 'Changes integrations, polling intervals, and how it is called', status: 200, answer: schemas.tenant },
    },
    tenantCommands.change,
    (body) => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)),
    same,
  ),
  ofTenant(
    {
      ...{ id: 'getCoverage', method: 'GET', path: ['tenants', ':id', 'coverage'], access: 'Reader', query: coverageQuery },
      ...{ summary: 'What the ledger proves, source by source and hour by hour', status: 200, answer: schemas.coverage },
    },
    covered,
  ),
  ofTenant(
    {
      ...{ id: 'getHistory', method: 'GET', path: ['tenants', ':id', 'history'], access: 'Reader', query: historyQuery },
      ...{ summary: 'Who changed what about a tenant', status: 200, answer: schemas.history },
    },
    async ({ ports, query, signal }, { id }) => ({ changes: (await ports.changes.newest(id, query.limit, signal)).map(changed) }),
  ),
  ofTenant(
    {
      ...{ id: 'getEvidence', method: 'GET', path: ['tenants', ':id', 'evidence'], access: 'Reader', query: evidenceQuery },
      ...{ summary: 'The evidence report', status: 200, answer: schemas.evidenceReport },
    },
    reported,
  ),
  ofTenant(
    {
      ...{ id: 'getCredential', method: 'GET', path: ['tenants', ':id', 'credential'], access: 'Reader' },
      ...{ summary: 'What a tenant signs in with, when it expires, and what to do', status: 200, answer: schemas.credential },
    },
    async ({ ports, signal }, tenant) => {
      const ring = await ports.rotation.rings.find(tenant.secretName, signal);
      if (ring === undefined) throw new InputError(`No credential of ${tenant.name} is known.`, 'Give one.');
      return viewCredential(ring, tenant.id, ports.clock.now());
    },
  ),
  byCommand(
    {
      ...{ id: 'setCredential', method: 'PUT', path: ['tenants', ':id', 'credential'], body: schemas.newCredential },
      ...{ summary: 'Gives another credential; it is tried before it is used', status: 200, answer: schemas.credential },
    },
    tenantCommands.setCredential,
    ({ kind, value = '', expiresOn }) => {
      if (isStored(kind) && value === '') throw new InputError('No value was given.', 'Give the value of the credential.');
      if (!isStored(kind) && value !== '') throw new InputError('A managed identity has no value.', 'Leave it out.');
      return { kind, value, ...(expiresOn === undefined ? {} : { expiresAt: new Date(`${expiresOn}T00:00:00Z`) }) };
    },
    ({ ring }, { ports }, tenant) => viewCredential(ring, tenant.id, ports.clock.now()),
  ),
  byCommand(
    {
      ...{ id: 'rotateCredential', method: 'POST', path: ['tenants', ':id', 'rotate'] },
      ...{ summary: 'Renews the credential, beginning within a minute', status: 202, answer: schemas.rotationAsked },
    },
    tenantCommands.rotate,
    nothing,
    ({ outcome, ring }, { ports }, tenant) => ({ outcome, credential: viewed(ring, tenant, ports) }),
  ),
  byCommand(
    {
      ...{ id: 'pauseTenant', method: 'POST', path: ['tenants', ':id', 'pause'] },
      ...{ summary: 'Stops collecting; Microsoft keeps content for 7 days', status: 200, answer: schemas.tenant },
    },
    tenantCommands.pause,
    nothing,
    same,
  ),
  byCommand(
    {
      ...{ id: 'resumeTenant', method: 'POST', path: ['tenants', ':id', 'resume'] },
      ...{ summary: 'Goes on collecting, and back-fills', status: 200, answer: schemas.tenant },
    },
    tenantCommands.resume,
    nothing,
    same,
  ),
  byCommand(
    {
      ...{ id: 'syncTenant', method: 'POST', path: ['tenants', ':id', 'sync'] },
      ...{ summary: 'Collects now, and lists the last 24 hours again', status: 202, answer: schemas.synced },
    },
    tenantCommands.sync,
    nothing,
    same,
  ),
  byCommand(
    {
      ...{ id: 'assessTenant', method: 'POST', path: ['tenants', ':id', 'assess'] },
      ...{ summary: 'Assesses now; getEvidence shows it once it is made', status: 202, answer: schemas.assessmentAsked },
    },
    tenantCommands.assess,
    nothing,
    same,
  ),
  byCommand(
    {
      ...{ id: 'sendTestRecord', method: 'POST', path: ['tenants', ':id', 'test'] },
      ...{ summary: 'Sends one marked record through the hubs of the tenant', status: 200, answer: schemas.testSent },
    },
    tenantCommands.test,
    nothing,
    same,
  ),
  byCommand(
    {
      ...{ id: 'makeConsentLink', method: 'POST', path: ['tenants', ':id', 'consent'] },
      ...{ summary: 'Makes a link with which the customer consents again', status: 201, answer: schemas.invitation },
    },
    tenantCommands.consent,
    nothing,
    (made, { ports }) => linked(ports, made),
  ),
  byCommand(
    {
      ...{ id: 'removeTenant', method: 'POST', path: ['tenants', ':id', 'remove'], body: schemas.removal },
      ...{ summary: 'Stops collecting and forgets the credential and all state', status: 200, answer: schemas.tenant },
    },
    tenantCommands.remove,
    ({ confirm, purge }) => ({ confirm, purge }),
    same,
  ),
  ofAll(
    {
      ...{ id: 'invite', method: 'POST', path: ['invitations'], access: 'Onboarder', body: schemas.newInvitation },
      ...{ summary: 'Makes a link with which a customer connects a tenant', status: 201, answer: schemas.invitation },
    },
    async ({ ports, operator, body: { customer, tenantId }, signal }) => {
      const wanted = { customer, createdBy: operator.who, role: 'Onboarder' } as const;
      return linked(ports, await invite(ports, { ...wanted, ...(tenantId === undefined ? {} : { tenantId }) }, signal));
    },
  ),
  ofAll(
    {
      ...{ id: 'listHistory', method: 'GET', path: ['history'], access: 'Reader', query: historyQuery },
      ...{ summary: 'Who changed what', status: 200, answer: schemas.history },
    },
    async ({ ports, query, signal }) => ({
      changes: (await ports.changes.newest(undefined, query.limit, signal)).map(changed),
    }),
  ),
  ofAll(
    {
      ...{ id: 'listIntegrations', method: 'GET', path: ['integrations'], access: 'Reader' },
      ...{ summary: 'What can be collected, and what it needs', status: 200, answer: schemas.integrationList },
    },
    async ({ ports }) => Promise.resolve({ integrations: known(ports) }),
  ),
];

async function listed({ ports, query, signal }: ApiCall<z.output<typeof listQuery>, unknown>): Promise<unknown> {
  const wanted = (query.q ?? '').trim().toLowerCase();
  const found = (await listTenants(ports, signal)).filter(
    ({ tenant: { id, name, description }, state }) =>
      [id, name, description].some((text) => text.toLowerCase().includes(wanted)) &&
      (query.state === undefined || query.state === state),
  );
  const shown = found.slice(query.offset, query.offset + query.limit);
  return { tenants: shown.map(({ tenant, ...rest }) => ({ ...tenant, ...rest })), total: found.length };
}

async function detailed({ ports, signal }: ApiCall<unknown, unknown>, tenant: Tenant): Promise<unknown> {
  const [sources, found, rows, ring] = await Promise.all([
    diagnose(ports.collect, tenant, signal),
    findings(ports.collect, tenant, signal),
    ports.sourceRows.ofTenant(tenant.id, signal),
    ports.rotation.rings.find(tenant.secretName, signal),
  ]);
  const { licences, alerts, budget } = found;
  return {
    ...tenant,
    ...explainTenant(tenant, rows, ports.sources.values()),
    sources: sources.map((source) => ({
      ...source,
      gaps: source.gaps.map(({ from, to, unitId, recordedAt, ...gap }) => ({
        ...gap,
        ...{ from: from.toISOString(), to: to.toISOString(), unit: unitId, recordedAt: recordedAt.toISOString() },
      })),
    })),
    ...{ licences, alerts, limits: budget, credential: viewed(ring, tenant, ports) },
  };
}

function viewed(ring: CredentialRing | undefined, { id }: Tenant, { clock }: WebPorts): unknown {
  return ring === undefined ? undefined : viewCredential(ring, id, clock.now());
}

async function covered(
  { ports, query, signal }: ApiCall<z.output<typeof coverageQuery>, unknown>,
  tenant: Tenant,
): Promise<unknown> {
  const { hours, rows } = await coverageOf(ports.collect, tenant, query.hours, signal);
  const sources = rows.map(({ source, title, hours: found }) => ({
    ...{ source, title },
    hours: [...found.values()].map((hour) => ({ ...hour, lost: hour.gaps })),
  }));
  return { hours, sources };
}

async function reported(
  { ports, query, signal }: ApiCall<z.output<typeof evidenceQuery>, unknown>,
  tenant: Tenant,
): Promise<unknown> {
  const now = ports.clock.now();
  if (query.from === undefined) {
    if (query.to !== undefined) throw new InputError('"to" is given without "from".', 'Give the beginning of the period, too.');
    return makeReport(ports.assess, tenant, {}, signal);
  }
  const period = { from: new Date(query.from), to: query.to === undefined ? now : new Date(query.to) };
  if (period.from >= now || period.from >= period.to)
    throw new InputError('The period is over before it begins, or has not begun.', 'Give a "from" in the past, before "to".');
  return makeReport(ports.assess, tenant, { period }, signal);
}

const changed = (change: Change): unknown => ({ ...change, outcome: change.outcome ?? 'done' });

function linked({ publicUrl }: WebPorts, { invitation, token }: Awaited<ReturnType<typeof invite>>): unknown {
  const { customer, expiresAt } = invitation;
  return { customer, expiresAt, link: `${publicUrl}/onboard/${token}` };
}

function known({ sources }: WebPorts): unknown[] {
  return (Object.keys(integrations) as IntegrationId[]).map((id) => {
    const those = [...sources.values()].filter(({ integration }) => integration === id);
    return {
      ...{ id, ...integrations[id] },
      sources: those.map((source) => ({ id: source.id, title: source.title, optional: source.optional === true })),
      permissions: permissionsOf([id], sources.values()),
    };
  });
}
