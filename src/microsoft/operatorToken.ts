import type { Cloud } from '../domain/cloud';
import { operatorRoles } from '../domain/operator';
import type { Operator } from '../domain/operator';
import type { TenantId } from '../domain/tenant';
import type { TokenVerifier } from './verifyToken';

interface OperatorRules {
  readonly cloud: Cloud;
  readonly clientId: string;
  /** The provider's own tenant: nobody else's people are operators. */
  readonly tenantId: TenantId;
}

/** Verifies the token of an operator, of the application of the operators and in the provider's tenant. Throws `proofRefused`. */
export async function verifyOperator(
  verifier: TokenVerifier,
  { cloud, clientId, tenantId }: OperatorRules,
  token: string,
  signal: AbortSignal,
): Promise<Operator> {
  const claims = await verifier.verify(token, { cloud, audience: clientId, tenantId }, signal);
  const given: unknown = claims['roles'];
  const objectId = typeof claims['oid'] === 'string' ? claims['oid'] : (claims.sub ?? 'unknown');
  const roles = operatorRoles.filter((role) => Array.isArray(given) && given.includes(role));
  // A token for an application names it as its own subject. https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
  const isApplication = claims['idtyp'] === 'app' || claims.sub === objectId;
  return { who: `${claims.tid}/${objectId}`, roles, ...(isApplication ? { application: true } : {}) };
}
