import { createRandom } from './random';
import { defaultRoles, type SimulatedTenant, type TenantMood } from './tenant';

const names = [
  'Contoso',
  'Fabrikam',
  'Northwind Traders',
  'Adventure Works',
  'Tailspin Toys',
  'Wingtip Toys',
  'Litware',
  'Proseware',
  'Woodgrove Bank',
  'Fourth Coffee',
  "Margie's Travel",
  'Alpine Ski House',
  'Coho Winery',
  'Consolidated Messenger',
  'Graphic Design Institute',
  'Humongous Insurance',
  'Lucerne Publishing',
  "Munson's Pickles",
  'Nod Publishers',
  'Relecloud',
  'School of Fine Art',
  'Southridge Video',
  'Trey Research',
  'The Phone Company',
  'VanArsdel',
  'Wide World Importers',
  'Bellows College',
  'Best For You Organics',
  'City Power & Light',
  'First Up Consultants',
  'Lamna Healthcare',
  'Parnell Aerospace',
] as const;

const firstMoods: readonly TenantMood[] = [
  'busy',
  'steady',
  'quiet',
  'steady',
  'auditOff',
  'noConsent',
  'noPermission',
  'subscriptionDisabled',
  'secretExpired',
  'disabledService',
  'dlpWithoutPermission',
];

const licences = [['SPE_E5'], ['SPE_E3', 'ATP_ENTERPRISE'], ['SPB'], ['ENTERPRISEPACK', 'AAD_PREMIUM'], ['ENTERPRISEPREMIUM']];

/** What the consent of a tenant was granted for, when only a part of it was. */
const partOfTheRoles = [
  'AuditLog.Read.All',
  'Organization.Read.All',
  'SecurityIncident.Read.All',
  'IdentityRiskyServicePrincipal.Read.All',
];

/** Kinds of tenants that differ in what they may read; they follow those with a trouble. */
const kinds: readonly Partial<SimulatedTenant>[] = [
  { skus: ['O365_BUSINESS_ESSENTIALS'] },
  { skus: ['WIN_DEF_ATP'] },
  { skus: ['SPE_E5_USGOV_GCCHIGH'], cloud: 'gccHigh' },
  { skus: ['SPE_E3_CHINA'], cloud: 'china' },
  {
    skus: ['SPE_E5', 'WORKLOAD_IDENTITIES_PREMIUM'],
    roles: { ...defaultRoles, graph: partOfTheRoles, defender: ['Machine.Read.All'] },
  },
  { skus: ['SPE_E5'], notProvisioned: ['defenderXdr', 'intune'] },
  { skus: ['SPE_E3'], riskWithP1: true },
];

/** How many tenants it takes until there is one of each trouble and one of each kind. */
export const tenantsOfEveryKind = firstMoods.length + kinds.length;

const prospectNames = ['Blue Yonder Airlines', 'Datum Corporation', 'Coho Vineyard'];

/** Organisations that are not collected yet: their administrators can be invited. */
export function prospects(seed: number): SimulatedTenant[] {
  return prospectNames.map((name, index) => {
    const random = createRandom(seed, 'prospect', index);
    const word = name.toLowerCase().replace(/[^a-z0-9]/g, '');
    return {
      tenantId: random.guid(),
      name,
      domain: `${word}.onmicrosoft.com`,
      // An application its administrators have made themselves.
      clientId: random.guid(),
      secret: `fake-secret-${word}~${random.hex(10)}`,
      mood: 'steady',
      prospect: true,
      skus: licences[index % licences.length] ?? [],
    };
  });
}

/** Varied tenants with made-up names: four healthy ones first, then one of each trouble, one of each kind, then mostly quiet ones. */
export function defaultTenants(count: number, seed: number): SimulatedTenant[] {
  return Array.from({ length: count }, (_, index) => {
    const random = createRandom(seed, 'tenant', index);
    const round = Math.floor(index / names.length);
    const name = `${names[index % names.length] ?? ''}${round > 0 ? ` ${round + 1}` : ''}`;
    const word = name.toLowerCase().replace(/[^a-z0-9]/g, '');
    return {
      tenantId: random.guid(),
      name,
      domain: `${word}.onmicrosoft.com`,
      clientId: random.guid(),
      secret: `fake-secret-${word}~${random.hex(10)}`,
      mood: firstMoods[index] ?? (index % 10 === 9 ? 'steady' : 'quiet'),
      consentError: index % 2 === 0 ? 65001 : 700016,
      skus: licences[index % licences.length] ?? [],
      cloud: index % 7 === 3 ? 'gcc' : 'global',
      ...kinds[index - firstMoods.length],
    };
  });
}
