import { createHash } from 'node:crypto';
import type { Service } from '../service';
import type { Api } from '../tenant';
import { personalTenantId } from './people';

/** A refusal of the token endpoint: the AADSTS code with its words. */
interface GrantRefusal {
  readonly code: number;
  readonly error: string;
  readonly status: number;
  readonly text: string;
}

/** What the token endpoint makes of a code. */
export type Redeemed = { readonly body: object } | GrantRefusal;

const idTokenLifeSeconds = 3600;

/** Redeems an authorization code, as `POST /{tenant}/oauth2/v2.0/token` does. */
export function redeemCode(service: Service, tenant: string, form: URLSearchParams): Redeemed {
  const { identity } = service;
  const refuse = (code: number, error: string, text: string): GrantRefusal => ({ code, error, status: 400, text });
  const code = form.get('code') ?? '';
  const issued = identity.codes.get(code);
  if (issued === undefined) return refuse(70000, 'invalid_grant', 'The provided authorization code is malformed.');
  const application = identity.published.get((form.get('client_id') ?? '').toLowerCase());
  if (application === undefined) return refuse(700016, 'unauthorized_client', 'Application was not found in the directory.');
  if (issued.clientId !== application.clientId) return refuse(70000, 'invalid_grant', 'The code was issued to another client.');
  const presented = form.get('client_secret');
  if (!identity.passwordsOf(application).some(({ secretText }) => secretText === presented))
    return refuse(7000215, 'invalid_client', 'Invalid client secret provided.');
  if (issued.redirectUri !== form.get('redirect_uri'))
    return refuse(500112, 'invalid_client', 'The reply address does not match.');
  if (issued.used)
    return refuse(54005, 'invalid_grant', 'OAuth2 Authorization code was already redeemed, please retry with a new valid code.');
  if (service.nowMs() > issued.expiresMs) return refuse(70008, 'invalid_grant', 'The provided authorization code has expired.');
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  if (challenge !== issued.challenge)
    return refuse(
      501481,
      'invalid_grant',
      'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    );
  const { person } = issued;
  const named = tenant === 'organizations' || tenant === 'common' ? undefined : service.tenantByName(tenant)?.tenant.tenantId;
  if (named !== undefined && named !== person.tenantId && person.tenantId !== personalTenantId)
    return refuse(700005, 'invalid_grant', 'Provided Authorization Code is intended to use against other tenant.');
  issued.used = true;
  const now = Math.floor(service.nowMs() / 1000);
  const claims = {
    ver: '2.0',
    iss: `${service.urls.login}/${person.tenantId}/v2.0`,
    aud: application.clientId,
    sub: `sub-${person.objectId}`,
    oid: person.objectId,
    tid: person.tenantId,
    nonce: issued.nonce,
    iat: now,
    nbf: now,
    exp: now + idTokenLifeSeconds,
    uti: 'simulated',
  };
  const changed = identity.changeClaims?.(claims) ?? claims;
  const idToken = identity.replaceIdToken?.(changed, identity.idTokens) ?? identity.idTokens.sign(changed);
  const delegated = issued.scopes.filter((scope) => scope.startsWith('https://')).map((scope) => scope.split('/').at(-1) ?? '');
  const accessToken = service.tokens.issue(
    { aud: service.urls.graph, tid: person.tenantId, appid: application.clientId, roles: [] },
    service.nowMs(),
    3599,
    { scp: ['openid', 'profile', ...delegated].join(' '), oid: person.objectId },
  );
  return {
    body: {
      token_type: 'Bearer',
      expires_in: 3599,
      scope: issued.scopes.join(' '),
      access_token: accessToken,
      id_token: idToken,
    },
  };
}

/** What is known of an application in a tenant beyond the one it was made with: its secret's verdict, and its roles. Undefined when there is none of that id. */
export function applicationLogin(
  service: Service,
  tenantId: string,
  clientId: string,
  secret: string,
):
  | { readonly verdict: 'accepted' | 'wrong' | 'expired'; readonly roles: (api: Api) => readonly string[] }
  | 'notConsented'
  | undefined {
  const { identity } = service;
  const id = clientId.toLowerCase();
  const applications = identity.applicationsOf(tenantId);
  const published = identity.published.get(id);
  const own = applications.applications.find(({ appId }) => appId === id);
  if (published === undefined && own === undefined) return undefined;
  const graph = applications.rolesOf(id, 'graph');
  if (graph === undefined) return 'notConsented';
  const passwords = published === undefined ? (own?.passwords ?? []) : identity.passwordsOf(published);
  const password = passwords.find(({ secretText }) => secretText === secret);
  const accepted = password !== undefined && password.acceptedFromMs <= service.nowMs();
  const expired = password !== undefined && Date.parse(password.endDateTime) <= service.nowMs();
  return {
    verdict: expired ? 'expired' : accepted ? 'accepted' : 'wrong',
    roles: (api) => (api === 'graph' ? graph : (applications.rolesOf(id, api) ?? [])),
  };
}
