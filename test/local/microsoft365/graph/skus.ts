/** A product as `subscribedSkus` shows it. */
export interface Sku {
  skuId: string;
  /** Names of `servicePlanIds`. */
  plans: readonly PlanName[];
}

/** Service plan ids: https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference */
export const servicePlanIds = {
  AAD_PREMIUM: '41781fb2-bc02-4b7c-bd55-b576c07bb09d',
  AAD_PREMIUM_P2: 'eec0eb4f-6444-4f95-aba0-50c24d67f998',
  WINDEFATP: '871d91ec-ec1a-452b-a83f-bd76c7d770ef',
  MDE_LITE: '292cc034-7b7c-4950-aaf5-943befd3f1d4',
  MDE_SMB: 'bfc1bbd9-981b-4f71-9b82-17c35fd0e2a4',
  ATP_ENTERPRISE: 'f20fedf3-f3c3-43c3-8267-2bfdd51c0939',
  ATP_ENTERPRISE_GOV: '493ff600-6a2b-4db6-ad37-a7d4eb214516',
  THREAT_INTELLIGENCE: '8e0c0a52-6a6c-4d40-8370-dd62790dcd70',
  THREAT_INTELLIGENCE_GOV: '900018f1-0cdb-4ecb-94d4-90281760fdc6',
  ADALLOM_S_STANDALONE: '2e2ddb96-6af9-4b1d-a3f0-d6ecfd22edb2',
  ADALLOM_S_O365: '8c098270-9dd4-4350-9b30-ba4703f3b36b',
  ADALLOM_S_DISCOVERY: '932ad362-64a8-4783-9106-97849a1a30b9',
  ATA: '14ab5db5-e6c4-4b20-b4bc-13e36fd2227f',
  MTP: 'bf28f719-7844-4079-9c78-c1307898e192',
  INTUNE_A: 'c1ec4a95-1f05-45b3-a911-aa3fa01094f5',
  INTUNE_A_GOV: 'd216f254-796f-4dab-bbfa-710686e646b9',
  INTUNE_SMBIZ: '8e9ff0ff-aa7a-4b20-83c1-2f636b600ac2',
  INTUNE_O365: '882e1d05-acd1-4ccb-8708-6ee03664b117',
  M365_ADVANCED_AUDITING: '2f442157-a11c-46b9-ae5b-6e39ff4e5849',
  COMMUNICATIONS_DLP: '6dc145d6-95dd-4191-b9c3-185575ee6f6b',
  BPOS_S_DlpAddOn: '9bec7e34-c9fa-40b7-a9d1-bd6d1165c7ed',
  EXCHANGE_S_STANDARD: '9aaf7827-d63c-4b61-89c3-182f06f82e5c',
  EXCHANGE_S_ENTERPRISE: 'efb87545-963c-4e0d-99df-69c6916d9eb0',
  AAD_WRKLDID_P2: '7dc0e92d-bf15-401d-907e-0884efe7c760',
} as const;

/** A service plan by name. */
type PlanName = keyof typeof servicePlanIds;

const e3: readonly PlanName[] = [
  'EXCHANGE_S_ENTERPRISE',
  'AAD_PREMIUM',
  'ADALLOM_S_DISCOVERY',
  'ATP_ENTERPRISE',
  'INTUNE_A',
  'MDE_LITE',
];
const e5: readonly PlanName[] = [
  ...e3,
  'AAD_PREMIUM_P2',
  'WINDEFATP',
  'THREAT_INTELLIGENCE',
  'ADALLOM_S_STANDALONE',
  'ATA',
  'MTP',
  'M365_ADVANCED_AUDITING',
  'COMMUNICATIONS_DLP',
];

/** The products a simulated tenant can have, by skuPartNumber. Ids ending in `f0..` are made up. */
export const skus: Readonly<Record<string, Sku>> = {
  SPE_E5: { skuId: '06ebc4ee-1bb5-47dd-8120-11324bc54e06', plans: e5 },
  SPE_E3: { skuId: '05e9a617-0261-4cee-bb44-138d3ef5d965', plans: e3 },
  SPB: {
    skuId: 'cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46',
    plans: [
      'EXCHANGE_S_STANDARD',
      'AAD_PREMIUM',
      'MDE_SMB',
      'ATP_ENTERPRISE',
      'INTUNE_A',
      'INTUNE_SMBIZ',
      'BPOS_S_DlpAddOn',
      'ADALLOM_S_DISCOVERY',
    ],
  },
  O365_BUSINESS_ESSENTIALS: {
    skuId: '3b555118-da6a-4418-894f-7df1e2096870',
    plans: ['EXCHANGE_S_STANDARD', 'INTUNE_O365'],
  },
  ENTERPRISEPACK: {
    skuId: '6fd2c87f-b296-42f0-b197-1e91e994b900',
    plans: ['EXCHANGE_S_ENTERPRISE', 'ATP_ENTERPRISE', 'INTUNE_O365'],
  },
  ENTERPRISEPREMIUM: {
    skuId: 'c7df2760-2c81-4ef7-b578-5b5392b571df',
    plans: [
      'EXCHANGE_S_ENTERPRISE',
      'ADALLOM_S_O365',
      'ATP_ENTERPRISE',
      'THREAT_INTELLIGENCE',
      'M365_ADVANCED_AUDITING',
      'COMMUNICATIONS_DLP',
      'MTP',
    ],
  },
  AAD_PREMIUM: { skuId: '078d2b04-f1bd-4111-bbd4-b4b1b354cef4', plans: ['AAD_PREMIUM'] },
  AAD_PREMIUM_P2: { skuId: '84a661c4-e949-4bd2-a560-ed7766fcaf2b', plans: ['AAD_PREMIUM', 'AAD_PREMIUM_P2'] },
  ATP_ENTERPRISE: { skuId: '4ef96642-f096-40de-a3e9-d83fb2f90211', plans: ['ATP_ENTERPRISE'] },
  WIN_DEF_ATP: { skuId: '111046dd-295b-4d6d-9724-d52ac90bd1f2', plans: ['WINDEFATP', 'MTP'] },
  SPE_E5_USGOV_GCCHIGH: {
    skuId: '51d0a7ed-0000-4000-8000-0000000000f1',
    plans: [
      'EXCHANGE_S_ENTERPRISE',
      'AAD_PREMIUM',
      'AAD_PREMIUM_P2',
      'WINDEFATP',
      'ATP_ENTERPRISE_GOV',
      'THREAT_INTELLIGENCE_GOV',
      'INTUNE_A_GOV',
      'MTP',
    ],
  },
  SPE_E3_CHINA: {
    skuId: '51d0a7ed-0000-4000-8000-0000000000f2',
    plans: ['EXCHANGE_S_ENTERPRISE', 'AAD_PREMIUM', 'INTUNE_A'],
  },
  WORKLOAD_IDENTITIES_PREMIUM: {
    skuId: '51d0a7ed-0000-4000-8000-0000000000f3',
    plans: ['AAD_WRKLDID_P2'],
  },
};

/** What the licences of a tenant switch on, as far as the simulated APIs care. */
export type Feature = 'entraP1' | 'entraP2' | 'workloadIdentities' | 'defenderXdr' | 'defenderForEndpoint' | 'intune';

const featurePlans: Record<Feature, readonly PlanName[]> = {
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
    'ATA',
  ],
  defenderForEndpoint: ['WINDEFATP', 'MDE_SMB', 'MDE_LITE'],
  intune: ['INTUNE_A', 'INTUNE_A_GOV', 'INTUNE_SMBIZ'],
};

/** The licences of a tenant that says nothing about them: everything. */
export const everything: readonly string[] = ['SPE_E5', 'WORKLOAD_IDENTITIES_PREMIUM'];

/** The features that these products switch on; `without` are licensed, but never set up. */
export function featuresOf(skuNames: readonly string[], without: readonly Feature[] = []): ReadonlySet<Feature> {
  const plans = new Set(skuNames.flatMap((name) => skus[name]?.plans ?? []));
  const names = Object.keys(featurePlans) as Feature[];
  return new Set(names.filter((name) => !without.includes(name) && featurePlans[name].some((plan) => plans.has(plan))));
}
