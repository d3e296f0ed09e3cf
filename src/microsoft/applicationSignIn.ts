import type { Cloud, CloudId, Clouds } from '../domain/cloud';
import type { CredentialKind } from '../domain/credential';
import { ConnectorError } from '../domain/failure';
import type { Api } from '../domain/failure';
import type { Clock } from '../domain/ports';
import type { TenantId } from '../domain/tenant';
import { readCertificate, signAssertion } from './clientAssertion';
import type { Http } from './http';
import { checkTenant, requestToken } from './requestToken';
import type { Proof, ReceivedToken } from './requestToken';
import { readClaims } from './tokenClaims';

/** A token of the identity the connector runs as, for a resource such as `https://graph.microsoft.com`. Throws `credentialMissing` when there is no such identity. */
type IdentityToken = (resource: string, signal: AbortSignal) => Promise<{ readonly token: string; readonly expiresAt: Date }>;

export interface SignInPorts {
  readonly http: Http;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly identityToken: IdentityToken;
}

/** An application in a tenant, and the API it wants a token for. */
export interface SignIn {
  readonly cloud: CloudId;
  readonly tenantId: TenantId;
  readonly clientId: string;
  readonly api: Api;
}

/** What an application signs in with; the value is the secret, or the PEM text of certificate and key, and empty for the kinds that have none. */
export interface PresentedCredential {
  readonly kind: CredentialKind;
  readonly value: string;
}

// One for each separate Entra ID. https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity#important-considerations-and-restrictions
const federationAudiences: Readonly<Record<CloudId, string>> = {
  commercial: 'api://AzureADTokenExchange',
  gcc: 'api://AzureADTokenExchange',
  gccHigh: 'api://AzureADTokenExchangeUSGov',
  dod: 'api://AzureADTokenExchangeUSGov',
  china: 'api://AzureADTokenExchangeChina',
  custom: 'api://AzureADTokenExchange',
};

/** Signs in once with exactly this credential, without any cache. Throws the failure of the login. */
export async function signIn(
  ports: SignInPorts,
  { cloud: cloudId, tenantId, clientId, api }: SignIn,
  credential: PresentedCredential,
  signal: AbortSignal,
): Promise<ReceivedToken> {
  const cloud = configured(ports.clouds, cloudId, api);
  if (credential.kind === 'managedIdentity') return identityItself(ports, cloud, tenantId, api, signal);
  const proof = proofOf(ports, cloudId, clientId, credential, signal);
  return requestToken(ports, { cloud, tenantId, clientId, api, proof }, signal);
}

/** The same, for the sake of knowing whether it works: the token must also be for this application. Returns the roles it carries. */
export async function trySignIn(
  ports: SignInPorts,
  wanted: SignIn,
  credential: PresentedCredential,
  signal: AbortSignal,
): Promise<{ readonly roles: readonly string[] }> {
  const { token } = await signIn(ports, wanted, credential, signal);
  const claims = readClaims(token);
  const unexpected = (code: string, detail: string): ConnectorError =>
    new ConnectorError('reading the token', { kind: 'unexpectedResponse', code, detail });
  if (claims === undefined) throw unexpected('token', 'The access token cannot be read.');
  const own = credential.kind === 'managedIdentity' || claims.appid?.toLowerCase() === wanted.clientId;
  if (!own) throw unexpected('appid', 'The access token is for another application.');
  return { roles: claims.roles };
}

function configured(clouds: Clouds, id: CloudId, api: Api): Cloud {
  const cloud = clouds(id);
  if (cloud !== undefined) return cloud;
  throw new ConnectorError(`signing in for ${api}`, { kind: 'rejectedRequest', code: 'cloudNotConfigured', detail: id });
}

async function identityItself(
  { clock, identityToken }: SignInPorts,
  cloud: Cloud,
  tenantId: TenantId,
  api: Api,
  signal: AbortSignal,
): Promise<ReceivedToken> {
  const { token, expiresAt } = await identityToken(cloud.hosts[api], signal);
  checkTenant(token, tenantId, `signing in for ${api}`);
  return { token, lifeMs: Math.max(0, expiresAt.getTime() - clock.now().getTime()) };
}

function proofOf(
  { clock, identityToken }: SignInPorts,
  cloudId: CloudId,
  clientId: string,
  { kind, value }: PresentedCredential,
  signal: AbortSignal,
): Proof {
  if (kind === 'clientSecret') return { kind: 'secret', secret: value };
  if (kind === 'federatedIdentity')
    return { kind: 'assertion', assertion: async () => (await identityToken(federationAudiences[cloudId], signal)).token };
  return {
    kind: 'assertion',
    assertion: async (audience) =>
      Promise.resolve(signAssertion(readCertificate(value), { issuer: clientId, subject: clientId, audience }, clock.now())),
  };
}
