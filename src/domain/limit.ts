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
