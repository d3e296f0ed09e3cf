import { z } from 'zod';
import type { Cloud, CloudId } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import { parseGuid } from '../domain/tenant';
import type { TenantId } from '../domain/tenant';
import type { Http } from './http';
import { parseJson } from './parseJson';

/** A tenant as a login authority describes it, and the cloud that follows from that. */
interface DiscoveredTenant {
  readonly tenantId: TenantId;
  readonly cloud: CloudId;
  readonly login: string;
  readonly regionScope?: string;
  readonly regionSubScope?: string;
}

/** What the login authorities know of a name: nothing, a tenant, or (`others`) the same domain as another tenant of another cloud. */
export type Discovery =
  ({ readonly found: true; readonly others: readonly DiscoveredTenant[] } & DiscoveredTenant) | { readonly found: false };

const configuration = z.looseObject({
  issuer: z.string(),
  tenant_region_scope: z.string().nullish(),
  tenant_region_sub_scope: z.string().nullish(),
  cloud_instance_name: z.string().nullish(),
});

type Configuration = z.infer<typeof configuration>;

/**
 * Asks each login authority of the candidates for a tenant, by its GUID or one of its domains, without signing in. Domains of personal accounts
 * are found as `personalAccountsTenantId`.
 * Throws when none knows the tenant and one did not answer. https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 */
export async function discoverCloud(
  http: Http,
  candidates: readonly Cloud[],
  tenant: string,
  signal: AbortSignal,
): Promise<Discovery> {
  const name = tenant.trim().toLowerCase();
  // `common`, `organizations` and `consumers` are answered, too, but are no tenants.
  if (parseGuid(name) === undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name)) return { found: false };
  const logins = [...new Set(candidates.map(({ login }) => login))];
  const answers = await Promise.allSettled(
    logins.map(async (login) => ({ login, found: await readConfiguration(http, login, name, signal) })),
  );
  const tenants = new Map<TenantId, DiscoveredTenant>();
  for (const answer of answers) {
    if (answer.status === 'rejected') continue;
    const { login, found } = answer.value;
    const tenantId = found === undefined ? undefined : tenantOf(found.issuer);
    if (found === undefined || tenantId === undefined) continue;
    const suggested = suggest(found, login, candidates);
    // The worldwide authority knows tenants of US Government too and names their cloud; their own authority's answer is the better one.
    const earlier = tenants.get(tenantId);
    if (earlier !== undefined && suggested.login !== login) continue;
    tenants.set(tenantId, {
      tenantId,
      cloud: suggested.id,
      login: suggested.login,
      ...(found.tenant_region_scope == null ? {} : { regionScope: found.tenant_region_scope }),
      ...(found.tenant_region_sub_scope == null ? {} : { regionSubScope: found.tenant_region_sub_scope }),
    });
  }
  const [first, ...others] = tenants.values();
  if (first !== undefined) return { found: true, ...first, others };
  const failed = answers.find((answer): answer is PromiseRejectedResult => answer.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { found: false };
}

async function readConfiguration(
  http: Http,
  login: string,
  name: string,
  signal: AbortSignal,
): Promise<Configuration | undefined> {
  const answer = await http.send({ method: 'GET', url: `${login}/${name}/v2.0/.well-known/openid-configuration` }, signal);
  const text = await answer.text(256 * 1024);
  if (answer.status === 200) {
    const parsed = configuration.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new ConnectorError('looking a tenant up', {
      kind: 'unexpectedResponse',
      code: 'openIdConfiguration',
      detail: 'The login service answered with something else than its configuration.',
    });
  }
  // An unknown tenant: 400 invalid_tenant, AADSTS90002; other 4xx mean the same to the question asked.
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return undefined;
  const code = `HTTP ${answer.status}`;
  throw new ConnectorError(
    'looking a tenant up',
    answer.status === 429 ? { kind: 'throttled', code } : { kind: 'unavailable', code },
  );
}

function tenantOf(issuer: string): TenantId | undefined {
  if (!URL.canParse(issuer)) return undefined;
  return parseGuid(new URL(issuer).pathname.split('/')[1] ?? '');
}

function suggest(found: Configuration, login: string, candidates: readonly Cloud[]): Cloud {
  // `microsoftonline.us`, `partner.microsoftonline.cn`: the authority without its `login.`
  const instance = found.cloud_instance_name ?? '';
  const home =
    candidates.find((cloud) => instance !== '' && new URL(cloud.login).hostname === `login.${instance}`)?.login ?? login;
  // A custom cloud may say what it likes about its instance: the authority that was asked decides.
  const custom = candidates.find((cloud) => cloud.id === 'custom' && cloud.login === login);
  if (custom !== undefined) return custom;
  const here = candidates.filter((cloud) => cloud.login === home);
  const bySubScope: Record<string, CloudId> = { GCC: 'gcc', DODCON: 'gccHigh', DOD: 'dod' };
  const named = bySubScope[(found.tenant_region_sub_scope ?? '').toUpperCase()];
  const chosen = here.find(({ id }) => id === named) ?? here.find(({ id }) => id !== 'gcc' && id !== 'dod') ?? here[0];
  if (chosen === undefined) throw new Error('No candidate has this login authority.');
  return chosen;
}
