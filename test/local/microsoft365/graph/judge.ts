import type { TenantControl } from '../tenant';
import type { Endpoint } from './endpoint';
import { noSegment, notLicensed, permissionMissing, Refusal } from './graphError';
import { featuresOf } from './skus';

/** Whether an endpoint can be read for a tenant, and what is in the way. */
export type Verdict = 'ok' | 'notLicensed' | 'notProvisioned' | 'permissionMissing' | 'notInThisCloud';

/** What an endpoint says to a tenant with these roles, whatever is asked: nothing, or its refusal. */
export function judge(
  control: TenantControl,
  endpoint: Endpoint,
  roles: readonly string[],
): { verdict: Verdict; refusal?: Refusal } {
  if (control.tenant.cloud === 'china' && endpoint.notIn?.includes('china') === true) {
    return { verdict: 'notInThisCloud', refusal: noSegment(endpoint.route.split('/')[0] ?? '') };
  }
  if (!endpoint.permissions.some((permission) => roles.includes(permission))) {
    return { verdict: 'permissionMissing', refusal: permissionMissing(endpoint.permissionWords, endpoint.permissions, roles) };
  }
  if (endpoint.api === 'defender' && !control.features.has('defenderForEndpoint')) {
    return {
      verdict: verdictWithout(control, 'defenderForEndpoint'),
      refusal: new Refusal(403, 'DisabledFeature', "Tenant feature isn't enabled"),
    };
  }
  const { needs } = endpoint;
  if (!needs || control.features.has(needs.feature)) return { verdict: 'ok' };
  if (needs.feature === 'entraP2' && control.tenant.riskWithP1 === true && control.features.has('entraP1'))
    return { verdict: 'ok' };
  return { verdict: verdictWithout(control, needs.feature), refusal: notLicensed(needs.words) };
}

function verdictWithout({ skus }: TenantControl, feature: Parameters<ReturnType<typeof featuresOf>['has']>[0]): Verdict {
  return featuresOf(skus).has(feature) ? 'notProvisioned' : 'notLicensed';
}
