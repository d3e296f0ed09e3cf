import { alertProductIds, alertProducts } from '../domain/alertProduct';
import type { AlertProductId } from '../domain/alertProduct';
import { servicePlans } from '../domain/licence';
import { limitTitles, parseLimitUse } from '../domain/limit';
import type { LimitId } from '../domain/limit';
import type { SourceRow } from '../domain/sourceState';
import type { TenantProfile } from '../domain/verdict';

/** Whether the alerts of a product arrive: `flowing`, or `silent` although the tenant may have it, or not to be expected. */
export interface ProductFlow {
  readonly product: AlertProductId;
  readonly title: string;
  readonly flow: 'flowing' | 'silent' | 'notLicensed' | 'unknown';
  /** When its newest alert was last updated. */
  readonly lastAlertAt?: string;
}

/** What is known about the alerts of each Defender product of a tenant. */
export function productFlows(profile: TenantProfile | undefined): readonly ProductFlow[] {
  return alertProductIds.map((product) => {
    const { title, plans } = alertProducts[product];
    const seen = profile?.alertFlows[product];
    if (seen?.lastAlertAt !== undefined) return { product, title, flow: 'flowing', lastAlertAt: seen.lastAlertAt };
    const owned = profile?.servicePlans;
    const canHave = plans.length === 0 || owned === undefined || plans.some((plan) => owned.includes(plan));
    if (!canHave) return { product, title, flow: 'notLicensed' };
    return { product, title, flow: seen === undefined ? 'unknown' : 'silent' };
  });
}

/** How much of one of Microsoft's limits the last runs took at most. */
export interface BudgetUse {
  readonly limit: LimitId;
  readonly title: string;
  /** From 0 to 1 of what Microsoft allows. */
  readonly share: number;
  readonly throttled: number;
}

/** What a tenant's sources took of Microsoft's limits in their last runs, the fullest first. */
export function budgetOf(rows: readonly SourceRow[]): readonly BudgetUse[] {
  const most = new Map<LimitId, BudgetUse>();
  for (const { limit, share, throttled } of rows.flatMap(({ memory }) => parseLimitUse(memory.limitUse ?? ''))) {
    const before = most.get(limit);
    most.set(limit, {
      limit,
      title: limitTitles[limit],
      share: Math.max(share, before?.share ?? 0),
      throttled: throttled + (before?.throttled ?? 0),
    });
  }
  return [...most.values()].sort((a, b) => b.share - a.share);
}

/** The plans of a tenant by their titles; undefined when its licences could not be read. */
export function planTitles(profile: TenantProfile | undefined): readonly string[] | undefined {
  return profile?.servicePlans?.map((plan) => servicePlans[plan].title).sort();
}
