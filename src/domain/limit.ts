/** Microsoft's request limits, by our names for them; what they are is in `src/microsoft/limits.ts`. */
export const limitIds = [
  'reports',
  'reportsAllTenants',
  'signInActivity',
  'identityProtection',
  'security',
  'secureScore',
  'serviceAnnouncement',
  'serviceAnnouncementHour',
  'directory',
  'intune',
  'intuneOther',
  'defenderMinute',
  'defenderHour',
] as const;

export type LimitId = (typeof limitIds)[number];

/** How much of one of Microsoft's limits was used at most, from 0 to 1 and beyond, and how often Microsoft refused. */
export interface LimitUse {
  readonly limit: LimitId;
  readonly share: number;
  readonly throttled: number;
}

const known: readonly string[] = limitIds;

/** `security=0.031/0`: the shortest text that keeps what was used. */
export function formatLimitUse(uses: readonly LimitUse[]): string {
  return uses.map(({ limit, share, throttled }) => `${limit}=${Number(share.toFixed(4))}/${throttled}`).join(',');
}

/** The inverse of formatLimitUse; what is not of that form is left out, because it is told, never decided on. */
export function parseLimitUse(text: string): LimitUse[] {
  return text.split(',').flatMap((part) => {
    const [, limit = '', share = '', throttled = ''] = /^(\w+)=([\d.]+)\/(\d+)$/.exec(part) ?? [];
    return known.includes(limit) ? [{ limit: limit as LimitId, share: Number(share), throttled: Number(throttled) }] : [];
  });
}
