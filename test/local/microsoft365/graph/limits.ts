/** One request limit of the service. */
export interface Limit {
  /** Requests, or resource units, in any period of so many seconds. */
  most: number;
  seconds: number;
  /** Who shares it; `tenant` counts other applications, too, which the simulation can play. */
  scope: 'tenantAndApplication' | 'application' | 'tenant';
  retryAfter: boolean;
  counts: 'requests' | 'units';
}

/** The limits that the simulation keeps. https://learn.microsoft.com/graph/throttling-limits, https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list */
export const limits = {
  reports: { most: 5, seconds: 10, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  reportsAllTenants: { most: 122, seconds: 10, scope: 'application', retryAfter: true, counts: 'requests' },
  signInActivity: { most: 10, seconds: 60, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  identityProtection: { most: 1, seconds: 1, scope: 'tenant', retryAfter: false, counts: 'requests' },
  security: { most: 150, seconds: 60, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  secureScore: { most: 10_000, seconds: 600, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  serviceAnnouncement: { most: 240, seconds: 60, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  serviceAnnouncementHour: { most: 800, seconds: 3600, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  directorySmall: { most: 3500, seconds: 10, scope: 'tenantAndApplication', retryAfter: true, counts: 'units' },
  directoryMedium: { most: 5000, seconds: 10, scope: 'tenantAndApplication', retryAfter: true, counts: 'units' },
  directoryLarge: { most: 8000, seconds: 10, scope: 'tenantAndApplication', retryAfter: true, counts: 'units' },
  directoryWrites: { most: 3000, seconds: 150, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  directoryAllTenants: { most: 150_000, seconds: 20, scope: 'application', retryAfter: true, counts: 'units' },
  intune: { most: 2000, seconds: 20, scope: 'tenantAndApplication', retryAfter: false, counts: 'requests' },
  intuneOther: { most: 1000, seconds: 20, scope: 'tenantAndApplication', retryAfter: false, counts: 'requests' },
  allGraph: { most: 130_000, seconds: 10, scope: 'application', retryAfter: true, counts: 'requests' },
  defenderMinute: { most: 100, seconds: 60, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
  defenderHour: { most: 1500, seconds: 3600, scope: 'tenantAndApplication', retryAfter: true, counts: 'requests' },
} as const satisfies Record<string, Limit>;

/** Requests for scores or control profiles that a tenant's application may have in flight. */
export const secureScoresInFlight = 4;

/** The name of a limit; `directory` stands for the one that fits the tenant's size. */
export type LimitName = keyof typeof limits;

/** The limit of resource units for a tenant with so many users. */
export function directoryLimit(users: number): LimitName {
  return users < 50 ? 'directorySmall' : users <= 500 ? 'directoryMedium' : 'directoryLarge';
}

/** What a limit says about one more request. */
export interface Counted {
  /** Share of the limit that is used, this request included. */
  used: number;
  /** Seconds until there is room again, when the request is too much. */
  waitSeconds: number | undefined;
}

/** Counts requests in sliding periods. */
export class LimitCounters {
  readonly #entries = new Map<string, { atMs: number; amount: number }[]>();
  readonly #sums = new Map<string, number>();

  /** Counts one request unless it is too much; requests that are refused do not count. */
  count(name: LimitName, owner: string, amount: number, nowMs: number): Counted {
    const limit: Limit = limits[name];
    const key = `${name}|${owner}`;
    const entries = this.#entries.get(key) ?? [];
    this.#entries.set(key, entries);
    let sum = this.#sums.get(key) ?? 0;
    while (entries[0] && entries[0].atMs <= nowMs - limit.seconds * 1000) sum -= entries.shift()?.amount ?? 0;
    const used = (sum + amount) / limit.most;
    if (used > 1) {
      this.#sums.set(key, sum);
      const oldest = entries[0]?.atMs ?? nowMs;
      return { used, waitSeconds: Math.max(1, Math.ceil((oldest + limit.seconds * 1000 - nowMs) / 1000)) };
    }
    entries.push({ atMs: nowMs, amount });
    this.#sums.set(key, sum + amount);
    return { used, waitSeconds: undefined };
  }
}
