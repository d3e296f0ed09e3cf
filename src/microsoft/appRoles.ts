import { z } from 'zod';
import { ConnectorError } from '../domain/failure';
import type { Api } from '../domain/failure';
import type { Permission, Run } from '../domain/source';
import { ask } from './graphAsk';

/**
 * The applications that offer the permissions of each API, by their ids, which are the same in every tenant and cloud: Office 365 Management APIs,
 * Microsoft Graph, WindowsDefenderATP. https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
 */
export const apiApplications: Readonly<Record<Api, string>> = {
  management: 'c5393580-f805-4401-95e8-94b7a6ef2fc2',
  graph: '00000003-0000-0000-c000-000000000000',
  defender: 'fc780465-2017-40d4-a0c5-307022471b92',
};

const principal = z.looseObject({
  id: z.string(),
  appRoles: z.array(z.looseObject({ id: z.string(), value: z.string().nullable(), isEnabled: z.boolean().optional() })),
});

/** The permissions of one API as a tenant knows them. */
export interface AppRoles {
  /** The service principal of the API in the tenant, which grants are made on. */
  readonly servicePrincipalId: string;
  /** The app role ids of the permissions, by name. */
  readonly ids: ReadonlyMap<string, string>;
  /** Names that this tenant's API does not offer. */
  readonly unknown: readonly string[];
}

/**
 * Resolves permissions of one API from names to ids, from the API's own service principal in the tenant, because nobody promises that ids are the same in every cloud.
 * `run` may carry any token that can read applications, such as that of an administrator who is signed in. Throws `serviceMissing` when the tenant does not have the API.
 */
export async function resolveAppRoles(
  run: Pick<Run, 'tenant' | 'send' | 'now'>,
  api: Api,
  permissions: readonly Pick<Permission, 'role'>[],
): Promise<AppRoles> {
  const filter = encodeURIComponent(`appId eq '${apiApplications[api]}'`);
  const [found] = await ask(run, {
    doing: 'reading the permissions of an API',
    path: `/v1.0/servicePrincipals?$filter=${filter}&$select=id,appId,appRoles`,
    permission: { api: 'graph', role: 'Application.Read.All' },
    limits: ['directory'],
  });
  const { success, data } = principal.safeParse(found);
  if (!success)
    throw new ConnectorError('reading the permissions of an API', {
      kind: 'serviceMissing',
      code: 'servicePrincipal',
      detail: apiApplications[api],
    });
  const offered = new Map(
    data.appRoles.flatMap(({ id, value, isEnabled }) => (value === null || isEnabled === false ? [] : [[value, id] as const])),
  );
  const names = [...new Set(permissions.map(({ role }) => role))];
  return {
    servicePrincipalId: data.id,
    ids: new Map(names.flatMap((name) => (offered.has(name) ? [[name, offered.get(name) ?? ''] as const] : []))),
    unknown: names.filter((name) => !offered.has(name)),
  };
}
