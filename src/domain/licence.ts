/**
 * Service plans that open a feed, by the name Microsoft gives them: a licence contains plans, hundreds of products contain the same ones, and only the
 * plan's id says what a tenant has. https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
 */
export const servicePlans = {
  AAD_PREMIUM: { id: '41781fb2-bc02-4b7c-bd55-b576c07bb09d', title: 'Entra ID P1' },
  AAD_PREMIUM_P2: { id: 'eec0eb4f-6444-4f95-aba0-50c24d67f998', title: 'Entra ID P2' },
  AAD_WRKLDID_P2: { id: '7dc0e92d-bf15-401d-907e-0884efe7c760', title: 'Entra Workload ID Premium' },
  MTP: { id: 'bf28f719-7844-4079-9c78-c1307898e192', title: 'Defender XDR' },
  WINDEFATP: { id: '871d91ec-ec1a-452b-a83f-bd76c7d770ef', title: 'Defender for Endpoint P2' },
  MDE_LITE: { id: '292cc034-7b7c-4950-aaf5-943befd3f1d4', title: 'Defender for Endpoint P1' },
  MDE_SMB: { id: 'bfc1bbd9-981b-4f71-9b82-17c35fd0e2a4', title: 'Defender for Business' },
  ATP_ENTERPRISE: { id: 'f20fedf3-f3c3-43c3-8267-2bfdd51c0939', title: 'Defender for Office 365 P1' },
  ATP_ENTERPRISE_GOV: { id: '493ff600-6a2b-4db6-ad37-a7d4eb214516', title: 'Defender for Office 365 P1 (Government)' },
  THREAT_INTELLIGENCE: { id: '8e0c0a52-6a6c-4d40-8370-dd62790dcd70', title: 'Defender for Office 365 P2' },
  THREAT_INTELLIGENCE_GOV: { id: '900018f1-0cdb-4ecb-94d4-90281760fdc6', title: 'Defender for Office 365 P2 (Government)' },
  ADALLOM_S_STANDALONE: { id: '2e2ddb96-6af9-4b1d-a3f0-d6ecfd22edb2', title: 'Defender for Cloud Apps' },
  ADALLOM_S_STANDALONE_DOD: { id: '6ebdddb7-8e55-4af2-952b-69e77262f96c', title: 'Defender for Cloud Apps (DoD)' },
  ATA: { id: '14ab5db5-e6c4-4b20-b4bc-13e36fd2227f', title: 'Defender for Identity' },
  BPOS_S_DlpAddOn: { id: '9bec7e34-c9fa-40b7-a9d1-bd6d1165c7ed', title: 'Data Loss Prevention' },
  MICROSOFTENDPOINTDLP: { id: '64bfac92-2b17-4482-b5e5-a0304429de3e', title: 'Endpoint DLP' },
  COMMUNICATIONS_DLP: { id: '6dc145d6-95dd-4191-b9c3-185575ee6f6b', title: 'Teams DLP' },
  INTUNE_A: { id: 'c1ec4a95-1f05-45b3-a911-aa3fa01094f5', title: 'Intune P1' },
  INTUNE_A_GOV: { id: 'd216f254-796f-4dab-bbfa-710686e646b9', title: 'Intune P1 (Government)' },
  INTUNE_A_VL: { id: '3e170737-c728-4eae-bbb9-3f3360f7184c', title: 'Intune P1 (volume)' },
  INTUNE_SMBIZ: { id: '8e9ff0ff-aa7a-4b20-83c1-2f636b600ac2', title: 'Intune for small business' },
  INTUNE_EDU: { id: 'da24caf9-af8e-485c-b7c8-e73336da2693', title: 'Intune for Education' },
} as const satisfies Readonly<Record<string, { readonly id: string; readonly title: string }>>;

/** A service plan by Microsoft's name for it. */
export type ServicePlan = keyof typeof servicePlans;

/** Plans of which each opens the same features, so that sources name them once. A tenant needs one of them. */
export const licences = {
  entraP1: ['AAD_PREMIUM', 'AAD_PREMIUM_P2'],
  entraP2: ['AAD_PREMIUM_P2'],
  workloadIdentities: ['AAD_WRKLDID_P2'],
  defenderXdr: [
    'MTP',
    'WINDEFATP',
    'MDE_SMB',
    'ATP_ENTERPRISE',
    'ATP_ENTERPRISE_GOV',
    'THREAT_INTELLIGENCE',
    'THREAT_INTELLIGENCE_GOV',
    'ADALLOM_S_STANDALONE',
    'ADALLOM_S_STANDALONE_DOD',
    'ATA',
  ],
  defenderForEndpoint: ['WINDEFATP', 'MDE_SMB', 'MDE_LITE'],
  intune: ['INTUNE_A', 'INTUNE_A_GOV', 'INTUNE_A_VL', 'INTUNE_SMBIZ', 'INTUNE_EDU'],
} as const satisfies Readonly<Record<string, readonly ServicePlan[]>>;

const byId: ReadonlyMap<string, string> = new Map(Object.entries(servicePlans).map(([name, { id }]) => [id, name]));

/** The plan with this id, if it opens a feed. */
export function servicePlanOf(id: string): ServicePlan | undefined {
  const name = byId.get(id.toLowerCase());
  return name !== undefined && isServicePlan(name) ? name : undefined;
}

/** Narrows text from outside to a plan that opens a feed. */
export function isServicePlan(text: string): text is ServicePlan {
  return Object.hasOwn(servicePlans, text);
}

/** The titles of plans, for a person: "Entra ID P1 or Entra ID P2". */
export function licenceText(plans: readonly ServicePlan[]): string {
  const titles = plans.map((plan) => servicePlans[plan].title);
  return titles.length < 2 ? (titles[0] ?? '') : `${titles.slice(0, -1).join(', ')} or ${titles.at(-1) ?? ''}`;
}
