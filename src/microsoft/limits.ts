import type { LimitId } from '../domain/limit';
import type { Pace } from './requestBudget';

/** One of Microsoft's request limits, and how much of it this connector takes. */
export interface LimitFacts {
  /** Requests, or resource units, in any period of so many seconds. */
  readonly most: number;
  readonly seconds: number;
  readonly counts: 'requests' | 'units';
  /**
   * Who shares it: `application` all tenants of the connector together, over all its instances; `tenant` this connector in one tenant;
   * `tenantOfAll` all applications of a tenant together.
   */
  readonly scope: 'tenant' | 'tenantOfAll' | 'application';
  /** The share we use, from 0 to 1. */
  readonly share: number;
  /** Whether Microsoft says how long to wait. */
  readonly retryAfter: boolean;
  readonly docs: `https://learn.microsoft.com/${string}`;
}

const graph = 'https://learn.microsoft.com/graph/throttling-limits';
const defender = 'https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list';

/** Microsoft's limits as data. */
export const limits: Readonly<Record<LimitId, LimitFacts>> = {
  reports: {
    most: 5,
    seconds: 10,
    counts: 'requests',
    scope: 'tenant',
    share: 0.8,
    retryAfter: true,
    docs: graph,
  },
  reportsAllTenants: {
    most: 122,
    seconds: 10,
    counts: 'requests',
    scope: 'application',
    share: 0.8,
    retryAfter: true,
    docs: graph,
  },
  signInActivity: {
    most: 10,
    seconds: 60,
    counts: 'requests',
    scope: 'tenant',
    share: 0.8,
    retryAfter: true,
    docs: graph,
  },
  // Shared with everybody else who reads this tenant, and never with a Retry-After: half of it is left to them.
  identityProtection: {
    most: 1,
    seconds: 1,
    counts: 'requests',
    scope: 'tenantOfAll',
    share: 0.5,
    retryAfter: false,
    docs: graph,
  },
  security: {
    most: 150,
    seconds: 60,
    counts: 'requests',
    scope: 'tenant',
    share: 0.8,
    retryAfter: true,
    docs: graph,
  },
  secureScore: {
    most: 10_000,
    seconds: 600,
    counts: 'requests',
    scope: 'tenant',
    share: 0.5,
    retryAfter: true,
    docs: graph,
  },
  serviceAnnouncement: {
    most: 240,
    seconds: 60,
    counts: 'requests',
    scope: 'tenant',
    share: 0.8,
    retryAfter: true,
    docs: graph,
  },
  serviceAnnouncementHour: {
    most: 800,
    seconds: 3_600,
    counts: 'requests',
    scope: 'tenant',
    share: 0.8,
    retryAfter: true,
    docs: graph,
  },
  // What the smallest tenants have; larger ones have up to 8,000.
  directory: {
    most: 3_500,
    seconds: 10,
    counts: 'units',
    scope: 'tenant',
    share: 0.5,
    retryAfter: true,
    docs: graph,
  },
  intune: {
    most: 2_000,
    seconds: 20,
    counts: 'requests',
    scope: 'tenant',
    share: 0.5,
    retryAfter: false,
    docs: graph,
  },
  intuneOther: {
    most: 1_000,
    seconds: 20,
    counts: 'requests',
    scope: 'tenant',
    share: 0.5,
    retryAfter: false,
    docs: graph,
  },
  defenderMinute: {
    most: 100,
    seconds: 60,
    counts: 'requests',
    scope: 'tenant',
    share: 0.8,
    retryAfter: true,
    docs: defender,
  },
  defenderHour: {
    most: 1_500,
    seconds: 3_600,
    counts: 'requests',
    scope: 'tenant',
    share: 0.8,
    retryAfter: true,
    docs: defender,
  },
};

/** How long to keep quiet after the first throttled answer that does not say so; it doubles from there. */
export const unsaidQuietMs = 2_000;

/**
 * How requests are spread so that no period has more than our share: half of the share may come at once, the other half is spread evenly.
 * A limit that all tenants share is divided by the workers that are alive.
 */
export function paceOf({ most, seconds, share, scope }: LimitFacts, workers: number, cost = 1): Pace {
  const allowed = (most * share) / (scope === 'application' ? Math.max(1, workers) : 1);
  const burst = Math.max(1, Math.floor(allowed / 2));
  const spacingMs = (seconds * 1_000) / (allowed > burst ? allowed - burst : allowed);
  return { spacingMs: spacingMs * cost, burstMs: (burst - 1) * spacingMs };
}
