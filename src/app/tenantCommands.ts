import type { OperatorRole } from '../domain/operator';
import type { Tenant } from '../domain/tenant';
import { askForAssessment } from './askForAssessment';
import { audited } from './audit';
import type { Actor } from './audit';
import { changeTenant } from './changeTenant';
import type { TenantChanges } from './changeTenant';
import { askForRotation } from './credentials';
import type { GivenCredential } from './credentials';
import { invite } from './invitations';
import type { OnboardPorts } from './onboardPorts';
import { askForPurge } from './purge';
import { setCredential } from './setCredential';
import { InputError, removeTenant, sendTestRecord, setStatus, syncTenant } from './tenants';

/** A command, given to somebody's tenant. */
interface Run<Input> {
  readonly ports: OnboardPorts;
  readonly tenant: Tenant;
  readonly input: Input;
  readonly by: Actor;
  readonly signal: AbortSignal;
}

/** Something an operator may do to a tenant: who may, how the audit calls it, and how it is done. */
export interface TenantCommand<Input, Result> {
  readonly role: OperatorRole;
  /** The word of the history. */
  readonly what: string;
  /** What the history says besides; never anything secret. */
  readonly detail?: (input: Input, tenant: Tenant) => string;
  /** Throws InputError for what cannot be right. */
  readonly run: (run: Run<Input>) => Promise<Result>;
}

const command = <Input, Result>(made: TenantCommand<Input, Result>): TenantCommand<Input, Result> => made;

/** A person waits for a page or an answer; the command line waits longer for a credential that is new. */
const patienceMs = 30_000;

const named = ({ integrations, ...rest }: TenantChanges): string => {
  const words = (integrations ?? []).map(({ id, polling }) => {
    const how = polling.kind === 'every' ? `every ${polling.seconds} s` : polling.kind;
    return `${id} ${how}`;
  });
  return [...words, ...Object.keys(rest)].join(', ');
};

/** Everything that can be done to a tenant that is there. The pages, the API and their audit are made from it. */
export const tenantCommands = {
  pause: command<undefined, Tenant>({
    role: 'Onboarder',
    what: 'paused',
    run: async ({ ports, tenant, signal }) => setStatus(ports, tenant.id, 'paused', signal),
  }),
  resume: command<undefined, Tenant>({
    role: 'Onboarder',
    what: 'resumed',
    run: async ({ ports, tenant, signal }) => setStatus(ports, tenant.id, 'active', signal),
  }),
  sync: command<undefined, { readonly sources: number }>({
    role: 'Onboarder',
    what: 'synced',
    run: async ({ ports, tenant, signal }) => syncTenant(ports, tenant.id, signal),
  }),
  test: command<undefined, { readonly id: string; readonly hubs: readonly string[] }>({
    role: 'Onboarder',
    what: 'tested',
    run: async ({ ports, tenant, signal }) => sendTestRecord(ports, tenant.id, signal),
  }),
  assess: command<undefined, Awaited<ReturnType<typeof askForAssessment>>>({
    role: 'Onboarder',
    what: 'assessmentAsked',
    run: async ({ ports, tenant, signal }) => askForAssessment(ports, tenant, signal),
  }),
  change: command<TenantChanges, Tenant>({
    role: 'Onboarder',
    what: 'changed',
    detail: named,
    run: async ({ ports, tenant, input, signal }) => changeTenant(ports, tenant.id, input, signal),
  }),
  consent: command<undefined, Awaited<ReturnType<typeof invite>>>({
    role: 'Onboarder',
    what: 'consentAsked',
    run: async ({ ports, tenant, by, signal }) => {
      const { who, ...role } = by;
      return invite(ports, { customer: tenant.name, createdBy: who, ...role, tenantId: tenant.id }, signal);
    },
  }),
  rotate: command<undefined, Awaited<ReturnType<typeof askForRotation>>>({
    role: 'Onboarder',
    what: 'rotationAsked',
    run: async ({ ports, tenant, signal }) => askForRotation(ports.rotation, tenant, signal),
  }),
  setCredential: command<GivenCredential, Awaited<ReturnType<typeof setCredential>>>({
    role: 'Onboarder',
    what: 'credentialGiven',
    detail: ({ kind }) => kind,
    run: async ({ ports, tenant, input, signal }) => setCredential(ports, tenant.id, input, () => undefined, signal, patienceMs),
  }),
  remove: command<{ readonly confirm: string; readonly purge?: boolean | undefined }, Tenant>({
    role: 'Onboarder',
    what: 'removed',
    detail: ({ purge }, { name }) => (purge === true ? `${name}, with everything that is kept about it` : name),
    run: async ({ ports, tenant, input, signal }) => {
      if (input.confirm.trim() !== tenant.name)
        throw new InputError(
          `Nothing was removed: the name given is not ${tenant.name}.`,
          'Give the name of the tenant exactly.',
        );
      // The note first: it does nothing as long as the tenant is there, and a process that dies in between has not forgotten it.
      if (input.purge === true) await askForPurge(ports, tenant.id, signal);
      return removeTenant(ports, tenant.id, signal);
    },
  }),
} as const;

/** Does a command on a tenant, and keeps who did it. Throws InputError, or the failure of what was asked for. */
export async function runTenantCommand<Input, Result>(
  { what, detail, run }: TenantCommand<Input, Result>,
  given: Run<Input>,
): Promise<Result> {
  const { ports, tenant, input, by, signal } = given;
  const more = detail === undefined ? {} : { detail: detail(input, tenant) };
  return audited(ports, { by, what, tenant, ...more }, async () => run(given), signal);
}
