import { servicePlanIds, skus } from '../skus';
import { randomOf, wholeSeconds, type Maker } from './world';

/** The tenant itself and its licences. */
export const organization: Maker = {
  feeds: ['organization', 'subscribedSkus'],
  begin(world, atMs, put) {
    const random = randomOf(world, 'organization');
    const created = wholeSeconds(Date.parse('2019-05-01T08:00:00Z') + random.int(0, 1e9));
    const object = {
      id: world.tenantId,
      deletedDateTime: null,
      businessPhones: [],
      city: random.pick(['Köln', '東京', 'Århus', 'Springfield']),
      country: null,
      countryLetterCode: random.pick(['DE', 'JP', 'DK', 'US']),
      createdDateTime: created,
      displayName: world.name,
      onPremisesSyncEnabled: null,
      tenantType: 'AAD',
      assignedPlans: world.skus.flatMap((name) =>
        (skus[name]?.plans ?? []).map((plan) => ({
          assignedDateTime: created,
          capabilityStatus: 'Enabled',
          service: plan.split('_')[0] ?? plan,
          servicePlanId: servicePlanIds[plan],
        })),
      ),
      verifiedDomains: [
        {
          capabilities: 'Email, OfficeCommunicationsOnline',
          isDefault: true,
          isInitial: true,
          name: world.domain,
          type: 'Managed',
        },
      ],
    };
    put('organization', { id: world.tenantId, version: 'first', timeMs: atMs, object });
    for (const name of world.skus) {
      const sku = skus[name];
      if (!sku) continue;
      const enabled = world.size.users + 5;
      const id = `${world.tenantId}_${sku.skuId}`;
      const product = {
        accountName: world.domain.split('.')[0],
        accountId: world.tenantId,
        appliesTo: 'User',
        capabilityStatus: 'Enabled',
        consumedUnits: world.size.users,
        id,
        skuId: sku.skuId,
        skuPartNumber: name,
        subscriptionIds: [random.guid()],
        prepaidUnits: { enabled, suspended: 0, warning: 0, lockedOut: 0 },
        servicePlans: sku.plans.map((plan) => ({
          servicePlanId: servicePlanIds[plan],
          servicePlanName: plan,
          provisioningStatus: 'Success',
          appliesTo: 'User',
        })),
      };
      put('subscribedSkus', { id, version: 'first', timeMs: atMs, object: product });
    }
  },
};
