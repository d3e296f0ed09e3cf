/** What a customer ticks. It names sources and, through them, the permissions they need. */
export const integrations = {
  office365Audit: {
    title: 'Office 365 audit',
    collects: 'Sign-ins, mailbox, file, Teams, admin and data-loss-prevention events from the unified audit log',
  },
  defenderXdr: {
    title: 'Defender XDR',
    collects: 'Alerts and incidents of all Defender products, each time they change',
  },
  defenderForEndpoint: {
    title: 'Defender for Endpoint',
    collects: 'Machines with their health and exposure; their alerts in the form of the older API, if wanted',
  },
  entraId: {
    title: 'Entra ID',
    collects: 'Sign-ins, directory audits, risks, and the users, groups, devices, applications and licences of the directory',
  },
  intune: {
    title: 'Intune',
    collects: 'Managed devices, their configurations and compliance policies, and the applications on them',
  },
  serviceHealth: {
    title: 'Service health',
    collects: 'The health of the Microsoft 365 services, their incidents and announcements',
  },
  posture: {
    title: 'Posture',
    collects: 'Secure Score with its controls, and Conditional Access policies',
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
