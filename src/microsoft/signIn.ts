import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Cloud } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import type { Clock, Secrets } from '../domain/ports';
import type { SignIn, SignedIn } from '../domain/signIn';
import { parseGuid } from '../domain/tenant';
import type { Http } from './http';
import { classifyLoginError } from './loginErrors';
import { parseJson } from './parseJson';
import { readClaims } from './tokenClaims';
import { refused } from './verifyToken';
import type { TokenVerifier } from './verifyToken';

/** An application people sign in to, and the secret it redeems codes with, by its name in the key vault. */
interface SignInApplication {
  readonly clientId: string;
  readonly secretName: string;
}

interface SignInParts {
  readonly http: Http;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly verifier: TokenVerifier;
  /** Exactly as registered; never made from a request. */
  readonly redirectUri: string;
  /** The provider's application, to which tenants consent. */
  readonly provider: SignInApplication;
  /** The application whose delegated rights guided provisioning uses. */
  readonly setup: SignInApplication;
}

const tokenBody = z.looseObject({ id_token: z.string(), access_token: z.string().optional() });

/** The delegated rights that making an application takes. https://learn.microsoft.com/graph/permissions-reference */
const setupScopes = ['Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'];

/** Signing in over the authorization code flow with PKCE, S256, and a nonce. */
export function createSignIn(parts: SignInParts): SignIn {
  const { http, clock, secrets, verifier, redirectUri } = parts;
  const applicationOf = (delegated: boolean): SignInApplication => (delegated ? parts.setup : parts.provider);
  const scopeOf = (cloud: Cloud, delegated: boolean): string =>
    ['openid', 'profile', ...(delegated ? setupScopes.map((scope) => `${cloud.hosts.graph}/${scope}`) : [])].join(' ');

  return {
    signInUrl: ({ cloud, tenantId, state, nonce, codeVerifier, delegated }) =>
      address(`${signInOrigin(cloud)}/${tenantId ?? 'organizations'}/oauth2/v2.0/authorize`, {
        client_id: applicationOf(delegated).clientId,
        response_type: 'code',
        redirect_uri: redirectUri,
        response_mode: 'query',
        scope: scopeOf(cloud, delegated),
        state,
        nonce,
        code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
        code_challenge_method: 'S256',
        prompt: 'select_account',
      }),

    consentUrl: ({ cloud, tenantId, state }) =>
      address(`${signInOrigin(cloud)}/${tenantId ?? 'organizations'}/v2.0/adminconsent`, {
        client_id: parts.provider.clientId,
        scope: `${cloud.hosts.graph}/.default`,
        redirect_uri: redirectUri,
        state,
      }),

    redeem: async ({ cloud, tenantId, code, codeVerifier, nonce, delegated }, signal) => {
      const { clientId, secretName } = applicationOf(delegated);
      const secret = await secrets.read(secretName, signal);
      if (secret === undefined)
        throw new ConnectorError('redeeming a code', { kind: 'credentialMissing', code: 'secretMissing', detail: secretName });
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        client_secret: secret,
        code,
        redirect_uri: redirectUri,
        code_verifier: codeVerifier,
        scope: scopeOf(cloud, delegated),
      });
      const answer = await http.send(
        {
          method: 'POST',
          url: `${cloud.login}/${tenantId ?? 'organizations'}/oauth2/v2.0/token`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: form.toString(),
        },
        signal,
      );
      const text = await answer.text(128 * 1024);
      const { status, headers } = answer;
      if (status !== 200)
        throw new ConnectorError('redeeming a code', classifyLoginError({ status, headers, text }, 'graph', clock.now()));
      const parsed = tokenBody.safeParse(parseJson(text));
      if (!parsed.success) throw refused('noIdToken');
      const { id_token: idToken, access_token: accessToken } = parsed.data;
      const who = await verifiedPerson(idToken, { cloud, tenantId, clientId, nonce, signal });
      if (!delegated) return { ...who, accessToken: undefined };
      // Only ever used for the directory of the tenant that the ID token proves.
      if (accessToken === undefined || readClaims(accessToken)?.tid?.toLowerCase() !== who.tenantId) throw refused('accessToken');
      return { ...who, accessToken };
    },
  };

  async function verifiedPerson(
    idToken: string,
    expected: { cloud: Cloud; tenantId: string | undefined; clientId: string; nonce: string; signal: AbortSignal },
  ): Promise<Omit<SignedIn, 'accessToken'>> {
    const { cloud, tenantId, clientId, nonce, signal } = expected;
    const claims = await verifier.verify(idToken, { cloud, audience: clientId, tenantId }, signal);
    if (typeof claims['nonce'] !== 'string' || !sameText(claims['nonce'], nonce)) throw refused('nonce');
    // An access token has one, an ID token never. https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    if (claims['idtyp'] !== undefined || claims['scp'] !== undefined) throw refused('idtyp');
    // Guests come from another tenant's sign-in, which this claim names; an administrator of the tenant itself does not have it.
    if (claims['idp'] !== undefined && claims['idp'] !== claims.iss) throw refused('guest');
    const objectId = parseGuid(typeof claims['oid'] === 'string' ? claims['oid'] : '');
    if (objectId === undefined) throw refused('oid');
    return { tenantId: claims.tid, objectId };
  }
}

/** Where browsers are sent; that of the local stack is not where tokens are fetched. */
function signInOrigin(cloud: Cloud): string {
  return cloud.signIn ?? cloud.login;
}

function address(url: string, parameters: Readonly<Record<string, string>>): string {
  return `${url}?${new URLSearchParams(parameters).toString()}`;
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
