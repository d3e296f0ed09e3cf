import { z } from 'zod';
import { ConnectorError } from '../domain/failure';
import { servicePlanOf } from '../domain/licence';
import type { ServicePlan } from '../domain/licence';
import type { Credentials, TenantFacts } from '../domain/ports';
import { ask } from './graphAsk';
import { readClaims } from './tokenClaims';

const sku = z.looseObject({
  capabilityStatus: z.string(),
  servicePlans: z.array(z.looseObject({ servicePlanId: z.string(), provisioningStatus: z.string() })).catch([]),
});
const alert = z.looseObject({ lastUpdateDateTime: z.iso.datetime({ offset: true }).optional().catch(undefined) });

/** A licence that is being renewed still works. https://learn.microsoft.com/graph/api/resources/subscribedsku */
const living = ['Enabled', 'Warning'];
/** Plans of the whole company wait for a step that does not keep their APIs from answering. */
const present = ['Success', 'PendingInput', 'PendingActivation', 'PendingProvisioning'];

/** What a tenant tells about itself: its tokens, its licences, its alerts. */
export function createTenantFacts({ credentials }: { readonly credentials: Credentials }): TenantFacts {
  return {
    roles: async (tenant, api, signal) => {
      // A token carries the permissions of the moment it was made.
      credentials.forget(tenant.id, api);
      const claims = readClaims(await credentials.token(tenant, api, signal));
      if (claims === undefined)
        throw new ConnectorError('reading the token', {
          kind: 'unexpectedResponse',
          code: 'token',
          detail: 'The access token cannot be read.',
        });
      return claims.roles;
    },

    servicePlans: async (run) => {
      const skus = await ask(run, {
        doing: 'reading licences',
        path: '/v1.0/subscribedSkus',
        permission: { api: 'graph', role: 'LicenseAssignment.Read.All' },
        limits: ['directory'],
        units: 3,
      });
      return [...new Set(skus.flatMap(plansOf))];
    },

    newestAlertAt: async (run, product) => {
      const filter = encodeURIComponent(`serviceSource eq '${product}'`);
      // Newest first unless asked otherwise.
      const [newest] = await ask(run, {
        doing: 'looking for alerts of a product',
        path: `/v1.0/security/alerts_v2?$filter=${filter}&$top=1`,
        permission: { api: 'graph', role: 'SecurityAlert.Read.All' },
        limits: ['security'],
      });
      return alert.safeParse(newest).data?.lastUpdateDateTime;
    },
  };
}

function plansOf(item: unknown): ServicePlan[] {
  const { success, data } = sku.safeParse(item);
  if (!success || !living.includes(data.capabilityStatus)) return [];
  return data.servicePlans.flatMap(({ servicePlanId, provisioningStatus }) => {
    const plan = present.includes(provisioningStatus) ? servicePlanOf(servicePlanId) : undefined;
    return plan === undefined ? [] : [plan];
  });
}
