import type { SimulatedTenant } from '../local/microsoft365/tenant';

/** A healthy tenant whose Exchange subscription is on already. The secret is a canary: it may be seen nowhere but in Key Vault. */
export const contoso: SimulatedTenant = {
  tenantId: 'c0a10c0a-0000-4000-8000-000000000001',
  name: 'Contoso',
  clientId: 'c0a10c0a-aaaa-4000-8000-000000000001',
  secret: 'canary-secret-of-contoso~1',
  mood: 'steady',
  activity: 'none',
  subscribed: ['Audit.Exchange'],
};

/** Another one, of whose troubles Contoso must not notice anything, and the other way round. */
export const fabrikam: SimulatedTenant = {
  ...contoso,
  tenantId: 'fab00fab-0000-4000-8000-000000000002',
  name: 'Fabrikam',
  clientId: 'fab00fab-aaaa-4000-8000-000000000002',
  secret: 'canary-secret-of-fabrikam~2',
};

/** A tenant without any subscription yet. */
export const unsubscribed: SimulatedTenant = { ...contoso, subscribed: [] };

/** Whoever operates the connector. */
export const providerTenantId = '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9';
