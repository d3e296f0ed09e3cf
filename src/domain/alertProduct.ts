import type { ServicePlan } from './licence';

/** A product whose alerts arrive through Defender XDR. */
interface AlertProduct {
  readonly title: string;
  /** The plans that contain it; empty for what is bought otherwise, such as per Azure resource. */
  readonly plans: readonly ServicePlan[];
}

/** The products, by the `serviceSource` of their alerts. https://learn.microsoft.com/graph/api/resources/security-alert#servicesource-values */
export const alertProducts = {
  microsoftDefenderForEndpoint: { title: 'Defender for Endpoint', plans: ['WINDEFATP', 'MDE_SMB', 'MDE_LITE'] },
  microsoftDefenderForOffice365: {
    title: 'Defender for Office 365',
    plans: ['ATP_ENTERPRISE', 'ATP_ENTERPRISE_GOV', 'THREAT_INTELLIGENCE', 'THREAT_INTELLIGENCE_GOV'],
  },
  microsoftDefenderForIdentity: { title: 'Defender for Identity', plans: ['ATA'] },
  microsoftDefenderForCloudApps: {
    title: 'Defender for Cloud Apps',
    plans: ['ADALLOM_S_STANDALONE', 'ADALLOM_S_STANDALONE_DOD'],
  },
  microsoftDefenderForCloud: { title: 'Defender for Cloud', plans: [] },
  dataLossPrevention: { title: 'Data Loss Prevention', plans: ['BPOS_S_DlpAddOn', 'MICROSOFTENDPOINTDLP', 'COMMUNICATIONS_DLP'] },
  azureAdIdentityProtection: { title: 'Entra ID Protection', plans: ['AAD_PREMIUM_P2'] },
  microsoftSentinel: { title: 'Sentinel', plans: [] },
} as const satisfies Readonly<Record<string, AlertProduct>>;

/** The `serviceSource` of a product. */
export type AlertProductId = keyof typeof alertProducts;

/** All of them, in the order in which they are shown. */
export const alertProductIds = Object.keys(alertProducts) as readonly AlertProductId[];
