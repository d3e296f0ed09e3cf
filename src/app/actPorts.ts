import type { Action, ActionRun } from '../domain/action';
import type { ActionQueue, ActionStore } from '../domain/actionRow';
import type { HourBudget, TargetLine } from '../domain/actionLimits';
import type { Clouds } from '../domain/cloud';
import type { Api } from '../domain/failure';
import type { ProfileStore, RowStore } from '../domain/ports';
import type { Tenant } from '../domain/tenant';
import type { AuditPorts } from './audit';

/** A user or device that was found by name, with the alerts about it. */
export interface FoundTarget {
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly alerts: readonly { readonly title: string; readonly severity: string; readonly at: string }[];
}

/** What an operator has set up for actions. */
export interface ActOptions {
  /** The kill switch: `off` sends nothing, whatever was asked for; `dryRun` looks and says what would be done; `on` acts. */
  readonly mode: 'off' | 'dryRun' | 'on';
  /** Ids and user principal names, in lower case, that nothing is ever done to. */
  readonly protectedTargets: ReadonlySet<string>;
  readonly perTenantAnHour: number;
  readonly allTenantsAnHour: number;
  /** More targets of a tenant in an hour than this need another person's approval. */
  readonly targetsWithoutApproval: number;
  readonly approvalMs: number;
  /** Tells this process from others, for leases. */
  readonly owner: string;
}

/** What acting needs. */
export interface ActPorts extends AuditPorts {
  readonly registry: ReadonlyMap<string, Action>;
  readonly clouds: Clouds;
  readonly actions: ActionStore;
  readonly lines: RowStore<TargetLine>;
  readonly budgets: RowStore<HourBudget>;
  readonly actionQueue: ActionQueue;
  /** What the probe of the collecting application found out about tenants: their licences. */
  readonly profiles: Pick<ProfileStore, 'find'>;
  /** The tenant as the response application signs in to it; undefined as long as there is none for it. */
  readonly responder: (tenant: Tenant) => Tenant | undefined;
  /** The permissions of the response application in the tenant, as its token says, or a `new` one. Throws the failure of the login. */
  readonly responseRoles: (responder: Tenant, api: Api, token: 'held' | 'new', signal: AbortSignal) => Promise<readonly string[]>;
  /** A run in the name of the response application. */
  readonly actionRun: (responder: Tenant, signal: AbortSignal) => ActionRun;
  /** Finds users or devices by the beginning of their name, with the alerts about them. */
  readonly findTargets: (run: ActionRun, kind: 'user' | 'device', text: string) => Promise<readonly FoundTarget[]>;
  readonly actOptions: ActOptions;
}
