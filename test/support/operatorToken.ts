import type { OperatorRole } from '../../src/domain/operator';
import type { WebStack } from './webStack';

/** The application that operators sign in to, in tests. */
const operatorClientId = '0b0b0b0b-0000-4000-8000-000000000001';

/** The settings with which operators have to sign in. */
export const signedInSettings = { OPERATOR_ACCESS: 'signedIn', OPERATOR_CLIENT_ID: operatorClientId } as const;

/** The headers of an operator with these roles, whose token is as it is unless something about it is changed. */
export function operatorHeaders(
  web: WebStack,
  roles: readonly OperatorRole[],
  changes: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, string>> {
  const home = web.stack.environment['PUBLISHER_TENANT_ID'] ?? '';
  const now = Math.floor(web.clock.now().getTime() / 1_000);
  const token = web.microsoft.identity.idTokens.sign(
    {
      ...{ ver: '2.0', iss: `${web.microsoft.urls.login}/${home}/v2.0`, aud: operatorClientId, tid: home },
      ...{ oid: '0b0b0b0b-1111-4111-8111-000000000001', sub: 'operator', iat: now, nbf: now, exp: now + 3_600, roles },
      ...changes,
    },
    header,
  );
  return { authorization: `Bearer ${token}` };
}
