import type { Reply } from '../reply';
import { jsonReply } from '../reply';
import type { Service } from '../service';
import type { Api } from '../tenant';

/** Below the five minutes before its end in which SDKs ask for a new one: what was assigned a moment ago counts at once. */
const tokenLifeSeconds = 240;

/**
 * Answers as the identity endpoint of App Service does, which the Azure SDKs ask for tokens of the identity the code runs as. Undefined for other paths.
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export function answerIdentityEndpoint(service: Service, target: string, header: string | undefined): Reply | undefined {
  const url = new URL(target, 'http://identity.invalid');
  if (url.pathname !== '/msi/token') return undefined;
  const identity = service.identity.managed;
  if (header === undefined || identity === undefined) return jsonReply(401, { message: 'There is no such identity.' });
  if (url.searchParams.get('client_id') !== identity.clientId)
    return jsonReply(400, { message: 'No User Assigned or Delegated Managed Identity found for specified ClientId.' });
  const resource = (url.searchParams.get('resource') ?? '').replace(/\/\.default$/, '');
  const api = (Object.keys(service.urls) as (keyof typeof service.urls)[]).find((one) => service.urls[one] === resource);
  const granted = service.identity.applicationsOf(identity.tenantId);
  const roles = api === undefined || api === 'login' ? [] : (granted.rolesOf(identity.clientId, api satisfies Api) ?? []);
  const { clientId: appid, tenantId: tid } = identity;
  const now = service.nowMs();
  return jsonReply(200, {
    access_token: service.tokens.issue({ aud: resource, tid, appid, roles }, now, tokenLifeSeconds),
    expires_on: String(Math.floor(now / 1000) + tokenLifeSeconds),
    resource,
    token_type: 'Bearer',
    client_id: appid,
  });
}
