import type { Api } from '../domain/failure';
import type { IntegrationId } from '../domain/integration';
import type { Permission, Source } from '../domain/source';

/** The permissions that the sources of some integrations need, each once, APIs together; those of optional sources only when they are named. */
export function permissionsOf(
  chosen: readonly IntegrationId[],
  sources: Iterable<Source>,
  also: readonly string[] = [],
): readonly Permission[] {
  const found = new Map<string, Permission>();
  for (const source of sources) {
    if (!chosen.includes(source.integration) || (source.optional === true && !also.includes(source.id))) continue;
    for (const permission of source.permissions) {
      const key = `${permission.api}|${permission.role}`;
      if (!found.has(key)) found.set(key, permission);
    }
  }
  return [...found.values()].sort((a, b) => a.api.localeCompare(b.api) || a.role.localeCompare(b.role));
}

/**
 * What an application needs to renew its own key: it is entered as its own owner, and may then change what it owns, and nothing else.
 * https://learn.microsoft.com/graph/permissions-reference#applicationreadwriteownedby
 */
export const renewalPermission: Permission = {
  api: 'graph',
  role: 'Application.ReadWrite.OwnedBy',
  why: 'Renews its own key twice a year, without anybody. It may change only applications that it owns: that is itself alone.',
};

/** The APIs of some permissions. */
export function apisOf(permissions: readonly Permission[]): readonly Api[] {
  return [...new Set(permissions.map(({ api }) => api))];
}
