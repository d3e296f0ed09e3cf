import { z } from 'zod';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { resourceAppIds } from '../domain/resource';
import type { Directory, DirectoryAccess } from '../domain/signIn';
import type { Http } from './http';
import { parseJson } from './parseJson';

const graphError = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string().catch('') }) });
const entity = z.looseObject({ id: z.string() });
const application = z.looseObject({ id: z.string(), appId: z.string() });
const resourceBody = z.looseObject({
  id: z.string(),
  appRoles: z.array(z.looseObject({ id: z.string(), value: z.string().nullish(), isEnabled: z.boolean().catch(true) })),
});
const grantList = z.looseObject({
  value: z.array(z.looseObject({ id: z.string(), appRoleId: z.string(), resourceId: z.string() })),
});
const passwordList = z.looseObject({
  passwordCredentials: z.array(z.looseObject({ keyId: z.string(), displayName: z.string().nullish() })),
});
const newPassword = z.looseObject({ keyId: z.string(), secretText: z.string().min(1) });

interface Reply {
  readonly status: number;
  readonly json: unknown;
}

/**
 * The directory of a tenant over Microsoft Graph. Applications and service principals are made with an upsert by their unique name, which makes them once
 * however often it is repeated. https://learn.microsoft.com/graph/api/application-upsert
 */
export function createDirectory(http: Http, setupClientId: string): Directory {
  const call = async (
    access: DirectoryAccess,
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> => {
    const answer = await http.send(
      {
        method,
        // The host is the cloud's own; what stands in the path is ours or came from the same directory, encoded.
        url: `${access.cloud.hosts.graph}/v1.0${path}`,
        headers: { authorization: `Bearer ${access.accessToken}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        repeatable: method === 'PATCH' || method === 'DELETE' || method === 'GET',
      },
      signal,
    );
    const text = await answer.text(4 * 1024 * 1024);
    const json = parseJson(text);
    if (answer.status >= 200 && answer.status < 300) return { status: answer.status, json };
    throw new ConnectorError(`${method} in the directory`, failureOfAnswer(answer.status, json));
  };

  const upsert = async (access: DirectoryAccess, path: string, body: object, signal: AbortSignal): Promise<void> => {
    await call(access, 'PATCH', path, signal, body, { prefer: 'create-if-missing' });
  };

  const servicePrincipalPath = (appId: string): string => `/servicePrincipals(appId='${encodeURIComponent(appId)}')`;

  return {
    resource: async (access, api, signal) => {
      const appId = resourceAppIds[api];
      const path = servicePrincipalPath(appId);
      const read = async () => {
        const { json } = await call(access, 'GET', `${path}?$select=id,appRoles`, signal);
        const { id, appRoles } = parsed(resourceBody, json);
        const roles = appRoles.flatMap((role) => (role.value != null && role.isEnabled ? [[role.value, role.id] as const] : []));
        return { id, appId, roles: new Map(roles) };
      };
      try {
        return await read();
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      try {
        await upsert(access, path, {}, signal);
      } catch (error) {
        // The tenant may not have this service: Microsoft then refuses to make its service principal.
        if (error instanceof ConnectorError && error.failure.kind === 'rejectedRequest') return undefined;
        throw error;
      }
      return read();
    },

    putApplication: async (access, { uniqueName, displayName, requires }, signal) => {
      const path = `/applications(uniqueName='${encodeURIComponent(uniqueName)}')`;
      await upsert(
        access,
        path,
        {
          displayName,
          signInAudience: 'AzureADMyOrg',
          requiredResourceAccess: requires.map(({ resource, roleIds }) => ({
            resourceAppId: resource.appId,
            resourceAccess: roleIds.map((id) => ({ id, type: 'Role' })),
          })),
          // https://learn.microsoft.com/entra/identity-platform/howto-configure-app-instance-property-locks
          servicePrincipalLockConfiguration: { isEnabled: true, allProperties: true },
        },
        signal,
      );
      const { json } = await call(access, 'GET', `${path}?$select=id,appId`, signal);
      const { id, appId } = parsed(application, json);
      return { objectId: id, appId };
    },

    putServicePrincipal: async (access, { objectId, appId }, signal) => {
      const path = servicePrincipalPath(appId);
      await upsert(access, path, {}, signal);
      const { id } = parsed(entity, (await call(access, 'GET', `${path}?$select=id`, signal)).json);
      const reference = { '@odata.id': `${access.cloud.hosts.graph}/v1.0/directoryObjects/${id}` };
      try {
        await call(access, 'POST', `/applications/${encodeURIComponent(objectId)}/owners/$ref`, signal, reference);
      } catch (error) {
        if (!alreadyThere(error)) throw error;
      }
      return id;
    },

    grants: async (access, servicePrincipalId, signal) => {
      const path = `/servicePrincipals/${encodeURIComponent(servicePrincipalId)}/appRoleAssignments?$top=999`;
      const { value } = parsed(grantList, (await call(access, 'GET', path, signal)).json);
      return value.map(({ id, appRoleId, resourceId }) => ({ id, roleId: appRoleId, resourceId }));
    },

    grant: async (access, { servicePrincipalId, resourceId, roleId }, signal) => {
      const path = `/servicePrincipals/${encodeURIComponent(resourceId)}/appRoleAssignedTo`;
      try {
        await call(access, 'POST', path, signal, { principalId: servicePrincipalId, resourceId, appRoleId: roleId });
      } catch (error) {
        if (!alreadyThere(error)) throw error;
      }
    },

    revoke: async (access, { id, resourceId }, signal) => {
      const path = `/servicePrincipals/${encodeURIComponent(resourceId)}/appRoleAssignedTo/${encodeURIComponent(id)}`;
      await unlessGone(call(access, 'DELETE', path, signal));
    },

    passwords: async (access, objectId, signal) => {
      const path = `/applications/${encodeURIComponent(objectId)}?$select=passwordCredentials`;
      const { passwordCredentials } = parsed(passwordList, (await call(access, 'GET', path, signal)).json);
      return passwordCredentials.map(({ keyId, displayName }) => ({ keyId, displayName: displayName ?? '' }));
    },

    addPassword: async (access, { objectId, displayName, endsAt }, signal) => {
      const path = `/applications/${encodeURIComponent(objectId)}/addPassword`;
      const body = { passwordCredential: { displayName, endDateTime: endsAt.toISOString() } };
      const { keyId, secretText } = parsed(newPassword, (await call(access, 'POST', path, signal, body)).json);
      return { keyId, secret: secretText };
    },

    removePassword: async (access, objectId, keyId, signal) => {
      const path = `/applications/${encodeURIComponent(objectId)}/removePassword`;
      await unlessGone(call(access, 'POST', path, signal, { keyId }));
    },

    leave: async (access, signal) => {
      await unlessGone(call(access, 'DELETE', servicePrincipalPath(setupClientId), signal));
    },
  };
}

function parsed<Type>(schema: z.ZodType<Type>, json: unknown): Type {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new ConnectorError('reading the directory', {
    kind: 'unexpectedResponse',
    code: 'directory',
    detail: 'An answer of the directory cannot be read.',
  });
}

async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return (
    error instanceof ConnectorError && error.failure.kind === 'replicating' && error.failure.code === 'Request_ResourceNotFound'
  );
}

const duplicate = 'duplicate';

function alreadyThere(error: unknown): boolean {
  return error instanceof ConnectorError && error.failure.kind === 'conflict' && error.failure.code === duplicate;
}

/** What an answer that is no success means. https://learn.microsoft.com/graph/errors */
function failureOfAnswer(status: number, json: unknown): Failure {
  const { code = `HTTP ${status}`, message = '' } = graphError.safeParse(json).data?.error ?? {};
  if (status === 401) return { kind: 'unauthorized', code, api: 'graph' };
  if (status === 403)
    return { kind: 'permissionMissing', code, permission: 'the right to register applications and to grant their permissions' };
  if (status === 429) return { kind: 'throttled', code };
  if (status >= 500) return { kind: 'unavailable', code };
  if (/AsPerAppPolicy$/.test(code))
    return { kind: 'blockedByPolicy', code, detail: 'A policy of the tenant does not allow such a credential.' };
  // What was made a moment ago is not known to every replica yet: seconds, sometimes a minute.
  if (status === 404) return { kind: 'replicating', code };
  if (status === 400 && /does not reference a valid|does not exist|not present in the directory/i.test(message))
    return { kind: 'replicating', code };
  if (status === 409 || /already exist|already been assigned/i.test(message)) return { kind: 'conflict', code: duplicate };
  return { kind: 'rejectedRequest', code, detail: '' };
}
