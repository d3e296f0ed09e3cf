/** Microsoft's request limits, by our names for them, and what they are called; what they are is in `src/microsoft/limits.ts`. */
export const limitTitles = {
  reports: 'Sign-in and audit reports',
  reportsAllTenants: 'Sign-in and audit reports, all tenants together',
  signInActivity: 'Sign-in activity of users',
  identityProtection: 'Identity Protection and Conditional Access',
  security: 'Security alerts, incidents and scores',
  secureScore: 'Secure Score',
  serviceAnnouncement: 'Service health and messages, a minute',
  serviceAnnouncementHour: 'Service health and messages, an hour',
  directory: 'Directory',
  intune: 'Intune devices',
  intuneOther: 'Intune policies and apps',
  defenderMinute: 'Defender for Endpoint, a minute',
  defenderHour: 'Defender for Endpoint, an hour',
} as const;

export type LimitId = keyof typeof limitTitles;

/** How much of one of Microsoft's limits was used at most, from 0 to 1 and beyond, and how often Microsoft refused. */
export interface LimitUse {
  readonly limit: LimitId;
  readonly share: number;
  readonly throttled: number;
}

const isLimitId = (text: string): text is LimitId => Object.hasOwn(limitTitles, text);

/** `security=0.031/0`: the shortest text that keeps what was used. */
export function formatLimitUse(uses: readonly LimitUse[]): string {
  return uses.map(({ limit, share, throttled }) => `${limit}=${Number(share.toFixed(4))}/${throttled}`).join(',');
}

/** The inverse of formatLimitUse; what is not of that form is left out, because it is told, never decided on. */
export function parseLimitUse(text: string): LimitUse[] {
  return text.split(',').flatMap((part) => {
    const [, limit = '', share = '', throttled = ''] = /^(\w+)=([\d.]+)\/(\d+)$/.exec(part) ?? [];
    return isLimitId(limit) ? [{ limit, share: Number(share), throttled: Number(throttled) }] : [];
  });
}
