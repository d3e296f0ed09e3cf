import { explainTenant } from '../../src/app/explain';
import { sourcesOf } from '../../src/app/schedule';
import type { ShownState } from '../../src/app/explain';
import type { Connector } from '../../src/composition';
import type { SourceRow } from '../../src/domain/sourceState';
import type { Tenant } from '../../src/domain/tenant';
import { hourOf } from '../../src/domain/window';
import type { HubTally } from './hubTally';

/** One tenant as the live view shows it. */
export interface TenantOverview {
  readonly tenant: Pick<Tenant, 'id' | 'name' | 'addedAt'>;
  readonly state: ShownState;
  readonly stateTitle: string;
  readonly since: string | undefined;
  readonly why: string;
  readonly nextStep: string;
  /** What has arrived in the hubs; of it, what comes from the audit log. */
  readonly records: number;
  readonly auditRecords: number;
  /** Of so many sources so many may be collected, as far as the tenant was probed. */
  readonly sources: number;
  readonly available: number | undefined;
  /** Content blobs of the last 8 days. */
  readonly listed: number;
  readonly delivered: number;
  readonly pending: number;
  readonly gaps: number;
  /** How long ago that was up to which everything is delivered; undefined before the first listing. */
  readonly lagSeconds: number | undefined;
}

type Coverage = Pick<TenantOverview, 'listed' | 'delivered' | 'pending'> & {
  /** The start of the oldest hour that is not delivered. */
  readonly pendingSince: number | undefined;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const tenantsAtOnce = 8;

/** Reads the connector's own stores beside the connector that runs, as its page or the commands would. Coverage is read again only where something has run. */
export class OverviewReader {
  readonly #stores: Connector;
  readonly #tally: HubTally;
  readonly #audit: HubTally;
  readonly #known = new Map<string, { readonly version: string; readonly coverage: Coverage }>();

  constructor(stores: Connector, tally: HubTally, audit: HubTally) {
    this.#stores = stores;
    this.#tally = tally;
    this.#audit = audit;
  }

  /** Every tenant with its state and coverage, in the order in which they were added. */
  async read(signal: AbortSignal): Promise<readonly TenantOverview[]> {
    this.#tally.update();
    this.#audit.update();
    const tenants: Tenant[] = [];
    for await (const tenant of this.#stores.collectPorts.tenants.all(signal)) tenants.push(tenant);
    const found: TenantOverview[] = [];
    for (let start = 0; start < tenants.length; start += tenantsAtOnce)
      found.push(
        ...(await Promise.all(tenants.slice(start, start + tenantsAtOnce).map(async (tenant) => this.#one(tenant, signal)))),
      );
    return found.sort((a, b) => a.tenant.addedAt.localeCompare(b.tenant.addedAt) || a.tenant.name.localeCompare(b.tenant.name));
  }

  async #one(tenant: Tenant, signal: AbortSignal): Promise<TenantOverview> {
    const { sourceRows, sources, profiles } = this.#stores.collectPorts;
    const all = await sourceRows.ofTenant(tenant.id, signal);
    const profile = await profiles.find(tenant.id, signal);
    // Content blobs are of the audit log; other sources are collected by other units.
    const rows = all.filter(({ sourceId }) => sources.get(sourceId)?.progress.kind === 'contentFeed');
    const { state, stateTitle, since, why, nextStep } = explainTenant(tenant, all, sources.values());
    const version = rows.map(({ etag }) => etag).join('|');
    const known = this.#known.get(tenant.id);
    const coverage = known?.version === version ? known.coverage : await this.#coverage(rows, signal);
    this.#known.set(tenant.id, { version, coverage });
    const gaps = all.reduce((total, { gapsTotal }) => total + gapsTotal, 0);
    const records = this.#tally.of(tenant.id);
    const auditRecords = this.#audit.of(tenant.id);
    const verdicts = profile === undefined ? undefined : Object.values(profile.verdicts);
    const available = verdicts?.filter(({ name }) => name === 'ok').length;
    const counts = { records, auditRecords, sources: sourcesOf(tenant, sources.values()).length, available };
    const lagSeconds = lagOf(rows, coverage.pendingSince, this.#stores.clock.now().getTime());
    return { tenant, state, stateTitle, since, why, nextStep, ...counts, gaps, ...coverage, lagSeconds };
  }

  async #coverage(rows: readonly SourceRow[], signal: AbortSignal): Promise<Coverage> {
    const now = this.#stores.clock.now().getTime();
    const from = hourOf(new Date(now - 8 * dayMs));
    const hours = (
      await Promise.all(
        rows.map(async ({ tenantId, sourceId }) =>
          this.#stores.collectPorts.coverage.hours({ tenantId, sourceId }, from, 'z', signal),
        ),
      )
    ).flat();
    const sum = (count: (hour: (typeof hours)[number]) => number) => hours.reduce((total, hour) => total + count(hour), 0);
    const pendingHours = hours.filter(({ pending, hour }) => pending > 0 && hour !== 'undated').map(({ hour }) => hour);
    const oldest = pendingHours.sort()[0];
    return {
      listed: sum(({ listed }) => listed),
      delivered: sum(({ delivered }) => delivered),
      pending: sum(({ pending }) => pending),
      pendingSince: oldest === undefined ? undefined : Date.parse(`${oldest}:00:00Z`),
    };
  }
}

function lagOf(rows: readonly SourceRow[], pendingSince: number | undefined, now: number): number | undefined {
  const listed = rows.flatMap(({ cursor }) => (cursor.listedTo === undefined ? [] : [Date.parse(cursor.listedTo)]));
  if (listed.length === 0) return undefined;
  return Math.max(0, Math.round((now - Math.min(...listed, pendingSince ?? Infinity)) / 1_000));
}
