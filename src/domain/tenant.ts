import type { CloudId } from './cloud';
import type { IntegrationId } from './integration';

/** A tenant's GUID in lower case; everything stored, sent or cached for a tenant is keyed by it. */
export type TenantId = string & { readonly brand?: 'TenantId' };

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The GUID in lower case, or undefined when the text is not a plain GUID. */
export function parseGuid(text: string): string | undefined {
  const lower = text.trim().toLowerCase();
  return guid.test(lower) ? lower : undefined;
}

/** The tenant that holds all personal Microsoft accounts; it can never be collected. https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
export const personalAccountsTenantId = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** How often one integration of a tenant is polled: adaptively, at a fixed interval, or only on request. */
export type Polling =
  { readonly kind: 'adaptive' } | { readonly kind: 'every'; readonly seconds: number } | { readonly kind: 'disabled' };

export interface ChosenIntegration {
  readonly id: IntegrationId;
  readonly polling: Polling;
}

/** A Microsoft 365 organisation that is collected, as it stands in the tenant table. Holds the name of its secret, never the secret. */
export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly description: string;
  readonly cloud: CloudId;
  readonly clientId: string;
  /** Set when it signs in as the provider's application, whose credential all its tenants share: that one is not removed with the tenant. */
  readonly application?: 'provider';
  readonly secretName: string;
  readonly integrations: readonly ChosenIntegration[];
  /** The optional sources that are collected too, by id. */
  readonly also?: readonly string[];
  readonly stampName: boolean;
  readonly status: 'active' | 'paused';
  readonly statusSince: string;
  /** Rises whenever the tenant is paused, resumed, changed or added again; a run that started under an older number stops. */
  readonly epoch: number;
  readonly addedAt: string;
  /** When an assessment was last asked for, and the id of that assessment. It is due as long as none is kept under it. */
  readonly assessmentAskedAt?: string;
}
