/** What a customer ticks. It names sources and, through them, the permissions they need. */
export const integrations = {
  office365Audit: {
    title: 'Office 365 audit',
    collects: 'Sign-ins, mailbox, file, Teams, admin and data-loss-prevention events from the unified audit log',
  },
  evidence: {
    title: 'Evidence',
    collects:
      'An assessment for auditors, once a day: Secure Score, unresolved alerts, risky users, Conditional Access, completeness of collection',
  },
} as const satisfies Record<string, { readonly title: string; readonly collects: string }>;

export type IntegrationId = keyof typeof integrations;

/** Narrows text from outside (a command line, a table row) to an integration that exists. */
export function isIntegrationId(text: string): text is IntegrationId {
  return Object.hasOwn(integrations, text);
}
