import { openAssertion } from './applicationsApi';
import type { Call } from './call';
import { applicationLogin, redeemCode } from './identity/tokenGrants';
import { jsonReply, type Reply } from './reply';
import type { Service } from './service';
import type { SecretVerdict } from './application';
import type { Api, TenantControl } from './tenant';

interface LoginError {
  error: string;
  status: number;
  text: string;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Answers the requests of the login listener: tenant discovery and the client-credentials flow. */
export function answerLogin(service: Service, call: Call): Reply {
  if (call.operation === 'unknown') {
    service.violate('unknownRoute', call, `${call.method} ${call.path}`);
    return jsonReply(404, { error: 'invalid_request', error_description: `AADSTS900439: no route ${call.path}` });
  }
  const method = call.operation === 'token' ? 'POST' : 'GET';
  if (call.method !== method) {
    service.violate('wrongMethod', call, `${call.method} ${call.path}`);
    return jsonReply(405, {
      error: 'invalid_request',
      error_description: 'AADSTS900561: The endpoint only accepts POST requests.',
    });
  }
  if (call.operation === 'keys') return jsonReply(200, service.identity.idTokens.jwks());
  const form = new URLSearchParams(call.body);
  if (call.operation === 'token' && form.get('grant_type') === 'authorization_code') {
    const redeemed = redeemCode(service, call.tenantId ?? '', form);
    return 'body' in redeemed ? jsonReply(200, redeemed.body) : refuse(service, redeemed.code, redeemed);
  }
  const tenant = service.tenantByName(call.tenantId ?? '');
  if (!tenant) {
    return refuse(service, 90002, {
      error: call.operation === 'openId' ? 'invalid_tenant' : 'invalid_request',
      status: 400,
      text: `Tenant '${call.tenantId ?? ''}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
    });
  }
  return call.operation === 'openId' ? describeTenant(service, tenant) : issueToken(service, tenant, call);
}

const regions = {
  global: {},
  gcc: { tenant_region_scope: 'NA', tenant_region_sub_scope: 'GCC' },
  gccHigh: { tenant_region_scope: 'USGov', tenant_region_sub_scope: 'DODCON', cloud_instance_name: 'microsoftonline.us' },
  china: { tenant_region_scope: 'CN', cloud_instance_name: 'partner.microsoftonline.cn' },
};

function describeTenant(service: Service, { tenant }: TenantControl): Reply {
  const root = `${service.urls.login}/${tenant.tenantId}`;
  return jsonReply(200, {
    token_endpoint: `${root}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${root}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${root}/v2.0`,
    authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
    tenant_region_scope: 'EU',
    cloud_instance_name: 'microsoftonline.com',
    ...regions[tenant.cloud ?? 'global'],
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: new URL(service.urls.graph).host,
  });
}

function issueToken(service: Service, control: TenantControl, call: Call): Reply {
  const { tenant } = control;
  const form = new URLSearchParams(call.body);
  const missing = ['grant_type', 'client_id', 'scope'].find((name) => !form.get(name));
  if (missing !== undefined) {
    const text = `The request body must contain the following parameter: '${missing}'.`;
    return refuse(service, 900144, { error: 'invalid_request', status: 400, text });
  }
  if (form.get('grant_type') !== 'client_credentials') {
    const text = `The app requested an unsupported grant type '${form.get('grant_type') ?? ''}'.`;
    return refuse(service, 70003, { error: 'unsupported_grant_type', status: 400, text });
  }
  const clientId = (form.get('client_id') ?? '').toLowerCase();
  const other = applicationLogin(service, tenant.tenantId, clientId, form.get('client_secret') ?? '');
  const unknown = other === undefined || other === 'notConsented' ? unknownApplication(service, control, clientId) : undefined;
  if (unknown) return unknown;

  const assertion = form.get('client_assertion');
  const secret = form.get('client_secret') ?? '';
  const wrongCredential =
    other !== undefined && other !== 'notConsented'
      ? refuseVerdict(service, clientId, secret, other.verdict)
      : assertion === null
        ? judgeSecret(service, control, secret)
        : judgeAssertion(service, control, assertion, `${service.urls.login}/${call.tenantId ?? ''}/oauth2/v2.0/token`);
  if (wrongCredential) return wrongCredential;

  const scope = form.get('scope') ?? '';
  const api = apiOf(service, scope);
  if (!api || (api === 'defender' && !hasDefenderApplication(control))) {
    if (!/^\S+\/\.default$/.test(scope)) {
      const text = `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`;
      return refuse(service, 70011, { error: 'invalid_scope', status: 400, text });
    }
    const text = `The resource principal named ${scope.slice(0, -'/.default'.length)} was not found in the tenant named ${tenant.name}.`;
    return refuse(service, 500011, { error: 'invalid_resource', status: 400, text });
  }
  if (api === 'management' && control.mood === 'disabledService') {
    const text = `The service principal for resource '${service.urls.management}' is disabled. This indicate that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.`;
    return refuse(service, 500014, { error: 'invalid_resource', status: 400, text });
  }
  const life = service.settings.tokenLifeSeconds ?? control.tokenLifeSeconds;
  const roles = other === undefined || other === 'notConsented' ? control.roles(api) : other.roles(api);
  const subject = { aud: service.urls[api], tid: tenant.tenantId, appid: clientId, roles };
  return jsonReply(200, {
    token_type: 'Bearer',
    expires_in: life,
    ext_expires_in: life,
    access_token: service.tokens.issue(subject, service.nowMs(), life),
  });
}

// Tenants without a plan of it have no service principal WindowsDefenderATP, and China has no such API.
function hasDefenderApplication({ tenant, features }: TenantControl): boolean {
  return tenant.cloud !== 'china' && features.has('defenderForEndpoint');
}

function unknownApplication(service: Service, { tenant, consented }: TenantControl, clientId: string): Reply | undefined {
  if (clientId.toLowerCase() === tenant.clientId.toLowerCase() && consented) return undefined;
  if (clientId.toLowerCase() === tenant.clientId.toLowerCase() && tenant.consentError === 65001) {
    const text = `The user or administrator has not consented to use the application with ID '${clientId}' named 'Microsoft 365 security connector'. Send an interactive authorization request for this user and resource.`;
    return refuse(service, 65001, { error: 'invalid_grant', status: 400, text });
  }
  const text = `Application with identifier '${clientId}' was not found in the directory '${tenant.name}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`;
  return refuse(service, 700016, { error: 'unauthorized_client', status: 400, text });
}

function judgeSecret(service: Service, control: TenantControl, secret: string): Reply | undefined {
  const { clientId } = control.tenant;
  if (secret === '') {
    const text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    return refuse(service, 7000218, { error: 'invalid_client', status: 401, text });
  }
  return refuseVerdict(service, clientId, secret, control.judge(secret));
}

function refuseVerdict(service: Service, clientId: string, secret: string, verdict: SecretVerdict): Reply | undefined {
  if (verdict === 'accepted') return undefined;
  if (verdict === 'expired') {
    const text = `The provided client secret keys for app '${clientId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`;
    return refuse(service, 7000222, { error: 'invalid_client', status: 401, text });
  }
  const text = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.${guid.test(secret) ? ' The value sent looks like a client secret ID.' : ''}`;
  return refuse(service, 7000215, { error: 'invalid_client', status: 401, text });
}

/** A proof by certificate, or by the token of a managed identity that the application trusts. */
function judgeAssertion(service: Service, control: TenantControl, assertion: string, url: string): Reply | undefined {
  const { application } = control;
  const refused = (code: number, text: string): Reply => refuse(service, code, { error: 'invalid_client', status: 401, text });
  const identity = service.tokens.check(assertion, service.nowMs());
  if (identity) {
    if (application.federated.length === 0)
      return refused(7000226, `No configured federated identity credentials on application '${application.clientId}'.`);
    const sameIssuer = application.federated.filter(({ issuer }) => issuer === `${service.urls.login}/${identity.tid}/v2.0`);
    if (sameIssuer.length === 0)
      return refused(700211, 'No matching federated identity record found for presented assertion issuer.');
    const sameSubject = sameIssuer.filter(({ subject }) => subject === identity.appid);
    if (sameSubject.length === 0)
      return refused(700213, 'No matching federated identity record found for presented assertion subject.');
    if (!sameSubject.some(({ audience }) => audience === identity.aud))
      return refused(700212, 'No matching federated identity record found for presented assertion audience.');
    return undefined;
  }
  const claims = openAssertion(application, assertion, service.nowMs());
  if (claims?.iss !== application.clientId || claims.sub !== application.clientId)
    return refused(700027, 'Client assertion contains an invalid signature. [Reason - The key was not found.]');
  return claims.aud.toLowerCase() === url.toLowerCase()
    ? undefined
    : refused(700023, `Client assertion audience claim does not match Realm issuer.`);
}

function apiOf(service: Service, scope: string): Api | undefined {
  return (['management', 'graph', 'defender'] as const).find((api) => scope === `${service.urls[api]}/.default`);
}

function refuse(service: Service, code: number, { error, status, text }: LoginError): Reply {
  const at = new Date(service.nowMs()).toISOString();
  const timestamp = `${at.slice(0, 10)} ${at.slice(11, 19)}Z`;
  const trace = service.random.guid();
  const correlation = service.random.guid();
  return jsonReply(status, {
    error,
    error_description: `AADSTS${code}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `${service.urls.login}/error?code=${code}`,
  });
}
