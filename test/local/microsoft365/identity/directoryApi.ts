import type { Call } from '../call';
import { jsonReply, type Reply } from '../reply';
import type { Service } from '../service';
import type { Api, TenantControl } from '../tenant';
import { offeredRoles, resourceAppIds, roleId } from './applications';
import type { Application, TenantApplications } from './applications';

interface Asked {
  readonly service: Service;
  readonly control: TenantControl;
  readonly applications: TenantApplications;
  readonly call: Call;
  readonly body: Record<string, unknown>;
}

const error = (status: number, code: string, message: string): Reply =>
  jsonReply(status, { error: { code, message, innerError: {} } });
const notFound = (what: string): Reply =>
  error(
    404,
    'Request_ResourceNotFound',
    `Resource '${what}' does not exist or one of its queried reference-property objects are not present.`,
  );
const nothing = (): Reply => ({ status: 204, headers: {}, body: Buffer.alloc(0) });

/** What a delegated token names as its rights; undefined for a token of an application. */
function scopesOf(authorization: string | undefined): string | undefined {
  try {
    const claims = JSON.parse(Buffer.from(authorization?.split('.')[1] ?? '', 'base64url').toString()) as { scp?: unknown };
    return typeof claims.scp === 'string' ? claims.scp : undefined;
  } catch {
    return undefined;
  }
}

/** Answers what an administrator who lent the rights may do with applications. Undefined for requests of applications, which the simulated Graph answers. */
export function answerDirectory(service: Service, call: Call): Reply | undefined {
  if (call.listener !== 'graph') return undefined;
  const scopes = scopesOf(call.headers.authorization);
  if (scopes === undefined) return undefined;
  const token = /^bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1] ?? '';
  const claims = service.tokens.check(token, service.nowMs());
  const control = claims === undefined ? undefined : service.tenants.get(claims.tid);
  if (claims?.aud !== service.urls.graph || control === undefined)
    return error(401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.');
  if (!scopes.includes('Application.ReadWrite.All'))
    return error(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  const body = call.body === '' ? {} : (JSON.parse(call.body) as Record<string, unknown>);
  const applications = service.identity.applicationsOf(control.tenant.tenantId);
  const asked: Asked = { service, control, applications, call, body };
  const path = call.path.replace(/^\/v1\.0/, '');
  const fault = service.identity.takeFault(call.method, path);
  if (fault !== undefined && fault !== 'lostAnswer') return error(fault.status, fault.code, fault.message ?? fault.code);
  for (const [method, pattern, answer] of routes) {
    const match = call.method === method ? pattern.exec(path) : null;
    if (match === null) continue;
    const reply = answer(asked, ...match.slice(1).map(decodeURIComponent));
    return fault === 'lostAnswer' ? { status: 503, headers: {}, body: Buffer.from('') } : reply;
  }
  return error(400, 'Request_BadRequest', `No such path: ${path}`);
}

type Answer = (asked: Asked, ...parts: string[]) => Reply;

const routes: readonly (readonly [string, RegExp, Answer])[] = [
  ['PATCH', /^\/applications\(uniqueName='([^']+)'\)$/, putApplication],
  [
    'GET',
    /^\/applications\(uniqueName='([^']+)'\)$/,
    ({ applications }, name = '') =>
      shownApplication(
        applications,
        applications.applications.find(({ uniqueName }) => uniqueName === name),
      ),
  ],
  [
    'GET',
    /^\/applications\/([^/()]+)$/,
    ({ applications }, id = '') =>
      shownApplication(
        applications,
        applications.applications.find((one) => one.id === id),
      ),
  ],
  ['POST', /^\/applications\/([^/]+)\/addPassword$/, addPassword],
  ['POST', /^\/applications\/([^/]+)\/removePassword$/, removePassword],
  ['POST', /^\/applications\/([^/]+)\/owners\/\$ref$/, addOwner],
  ['PATCH', /^\/servicePrincipals\(appId='([^']+)'\)$/, putServicePrincipal],
  ['GET', /^\/servicePrincipals\(appId='([^']+)'\)$/, showServicePrincipal],
  [
    'DELETE',
    /^\/servicePrincipals\(appId='([^']+)'\)$/,
    ({ applications }, appId = '') => (applications.removeServicePrincipal(appId) ? nothing() : notFound(appId)),
  ],
  ['GET', /^\/servicePrincipals\/([^/]+)\/appRoleAssignments$/, listGrants],
  ['POST', /^\/servicePrincipals\/([^/]+)\/appRoleAssignedTo$/, grant],
  ['DELETE', /^\/servicePrincipals\/[^/]+\/appRoleAssignedTo\/([^/]+)$/, revoke],
];

function shownApplication(applications: TenantApplications, application: Application | undefined): Reply {
  if (application === undefined || !applications.isVisible(application)) return notFound('application');
  const { id, appId, uniqueName, properties, passwords } = application;
  const passwordCredentials = passwords.map(({ keyId, displayName, endDateTime }) => ({
    keyId,
    displayName,
    endDateTime,
    secretText: null,
  }));
  return jsonReply(200, { id, appId, uniqueName, ...properties, passwordCredentials });
}

function putApplication({ applications, body, call }: Asked, uniqueName = ''): Reply {
  const there = applications.applications.some((one) => one.uniqueName === uniqueName);
  if (!there && call.headers['prefer'] !== 'create-if-missing') return notFound(uniqueName);
  const { application, created } = applications.putApplication(uniqueName, body);
  return created ? jsonReply(201, { id: application.id, appId: application.appId, uniqueName }) : nothing();
}

function addPassword({ applications, body }: Asked, id = ''): Reply {
  const application = applications.applications.find((one) => one.id === id);
  if (application === undefined || !applications.isVisible(application)) return notFound(id);
  const wanted = body['passwordCredential'] as { displayName?: string; endDateTime?: string } | undefined;
  const made = applications.addPassword(application, wanted?.displayName ?? '', wanted?.endDateTime ?? '');
  const { keyId, displayName, endDateTime, secretText } = made;
  return jsonReply(200, { keyId, displayName, endDateTime, secretText, hint: secretText.slice(0, 3), customKeyIdentifier: null });
}

function removePassword({ applications, body }: Asked, id = ''): Reply {
  const application = applications.applications.find((one) => one.id === id);
  if (application === undefined) return notFound(id);
  const there = application.passwords.some(({ keyId }) => keyId === body['keyId']);
  application.passwords = application.passwords.filter(({ keyId }) => keyId !== body['keyId']);
  return there ? nothing() : error(400, 'Request_BadRequest', 'No password credential found with keyId.');
}

function addOwner({ applications, body }: Asked, id = ''): Reply {
  const application = applications.applications.find((one) => one.id === id);
  const owner = String(body['@odata.id']).split('/').at(-1) ?? '';
  const principal = applications.servicePrincipals.find((one) => one.id === owner);
  if (application === undefined || principal === undefined || !applications.isVisible(principal)) return notFound(owner);
  if (application.owners.includes(owner))
    return error(
      400,
      'Request_BadRequest',
      "One or more added object references already exist for the following modified properties: 'owners'.",
    );
  application.owners.push(owner);
  return nothing();
}

function apiOf(appId: string): Api | undefined {
  return (Object.keys(resourceAppIds) as Api[]).find((api) => resourceAppIds[api] === appId);
}

function hasService({ control }: Asked, api: Api): boolean {
  return api !== 'defender' || (control.tenant.cloud !== 'china' && control.features.has('defenderForEndpoint'));
}

function putServicePrincipal(asked: Asked, appId = ''): Reply {
  const { applications } = asked;
  const api = apiOf(appId);
  if (api !== undefined && !hasService(asked, api))
    return error(400, 'Request_BadRequest', `The appId '${appId}' of the service principal is not available in this tenant.`);
  const application = applications.applications.find((one) => one.appId === appId);
  if (api === undefined && (application === undefined || !applications.isVisible(application)))
    return error(
      400,
      'Request_BadRequest',
      `The appId '${appId}' of the service principal does not reference a valid application object.`,
    );
  applications.putServicePrincipal(appId);
  return nothing();
}

function showServicePrincipal(asked: Asked, appId = ''): Reply {
  const { applications } = asked;
  const api = apiOf(appId);
  const principal =
    api !== undefined && hasService(asked, api) ? applications.resourcePrincipal(api) : applications.principalOf(appId);
  if (principal === undefined || !applications.isVisible(principal)) return notFound(appId);
  const appRoles =
    api === undefined
      ? []
      : offeredRoles(api).map((value) => ({
          id: roleId(api, value),
          value,
          isEnabled: true,
          allowedMemberTypes: ['Application'],
        }));
  return jsonReply(200, { id: principal.id, appId, appRoles });
}

function listGrants({ applications }: Asked, id = ''): Reply {
  const value = applications.grants.filter(({ principalId }) => principalId === id);
  return jsonReply(200, {
    value: value.map(({ id: grantId, appRoleId, resourceId }) => ({ id: grantId, appRoleId, resourceId })),
  });
}

function grant({ applications, body }: Asked, resourceId = ''): Reply {
  const principalId = String(body['principalId']);
  const principal = applications.servicePrincipals.find((one) => one.id === principalId);
  if (principal === undefined || !applications.isVisible(principal)) return notFound(principalId);
  const made = applications.grant(principalId, resourceId, String(body['appRoleId']));
  if (made === undefined) return error(400, 'Request_BadRequest', 'Permission being assigned already exists on the object');
  return jsonReply(201, { id: made.id, appRoleId: made.appRoleId, resourceId, principalType: 'ServicePrincipal' });
}

function revoke({ applications }: Asked, id = ''): Reply {
  const before = applications.grants.length;
  applications.grants = applications.grants.filter((one) => one.id !== id);
  return applications.grants.length < before ? nothing() : notFound(id);
}
