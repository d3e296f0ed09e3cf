import { createRandom } from '../random';
import type { TenantControl } from '../tenant';

/** What happens when somebody signs in. */
type SignInMood = 'works' | 'secondFactor' | 'blocked';

/** Somebody who can sign in to the simulated Microsoft. */
export interface Person {
  readonly account: string;
  readonly title: string;
  readonly objectId: string;
  readonly tenantId: string;
  /** May consent to application permissions for the organisation, and register applications. */
  readonly mayConsent: boolean;
  readonly mood: SignInMood;
  /** The tenant's id of where a guest comes from. */
  readonly guestOf?: string;
}

/** The tenant of personal accounts. */
export const personalTenantId = '9188040d-6c67-4c5b-b112-36a304b66dad';

const kinds: readonly {
  readonly name: string;
  readonly title: string;
  readonly mayConsent: boolean;
  readonly mood: SignInMood;
}[] = [
  { name: 'admin', title: 'Global Administrator', mayConsent: true, mood: 'works' },
  { name: 'helpdesk', title: 'Helpdesk Administrator, may not consent', mayConsent: false, mood: 'works' },
  { name: 'nophone', title: 'Global Administrator, does not complete the second factor', mayConsent: true, mood: 'secondFactor' },
  { name: 'travelling', title: 'Global Administrator, blocked by Conditional Access', mayConsent: true, mood: 'blocked' },
];

/** The people of a tenant. */
export function peopleOf({ tenant, domain }: Pick<TenantControl, 'tenant' | 'domain'>): Person[] {
  return kinds.map(({ name, ...kind }) => ({
    account: `${name}@${domain}`,
    objectId: createRandom('person', tenant.tenantId, name).guid(),
    tenantId: tenant.tenantId,
    ...kind,
  }));
}

/** Somebody with a personal account, who belongs to no organisation. */
export const personalAccount: Person = {
  account: 'somebody@outlook.example',
  title: 'A personal account',
  objectId: '00000000-0000-4000-8000-00000000abcd',
  tenantId: personalTenantId,
  mayConsent: false,
  mood: 'works',
};
