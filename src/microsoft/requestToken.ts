import { z } from 'zod';
import type { Cloud } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import type { Api } from '../domain/failure';
import type { Clock } from '../domain/ports';
import type { TenantId } from '../domain/tenant';
import type { Http } from './http';
import { classifyLoginError } from './loginErrors';
import { parseJson } from './parseJson';
import { readClaims } from './tokenClaims';

/** A token, and how long it is good for from when it was received. */
export interface ReceivedToken {
  readonly token: string;
  readonly lifeMs: number;
}

const tokenBody = z.looseObject({
  token_type: z.string(),
  access_token: z.string().regex(/^[\x21-\x7e]{1,32768}$/),
  expires_in: z.unknown().optional(),
});

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const longestAnswer = 128 * 1024;
const unknownLifeMs = 5 * 60_000;
const longestLifeMs = 24 * 60 * 60_000;

/** How an application proves who it is: by a client secret, or by an assertion for the address it is sent to. */
export type Proof =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'assertion'; readonly assertion: (audience: string) => Promise<string> };

/** Who signs in, where, and for what. */
export interface TokenRequest {
  readonly cloud: Cloud;
  readonly tenantId: TenantId;
  readonly clientId: string;
  readonly api: Api;
  readonly proof: Proof;
}

/**
 * Asks the login authority for a token for one API of one tenant (client credentials), and makes sure that it is for that tenant.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export async function requestToken(
  ports: { http: Http; clock: Clock },
  request: TokenRequest,
  signal: AbortSignal,
): Promise<ReceivedToken> {
  const { cloud, tenantId, clientId, api, proof } = request;
  const doing = `signing in for ${api}`;
  const url = `${cloud.login}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`;
  const form = new URLSearchParams({
    client_id: clientId,
    ...(proof.kind === 'secret'
      ? { client_secret: proof.secret }
      : { client_assertion_type: assertionType, client_assertion: await proof.assertion(url) }),
    grant_type: 'client_credentials',
    scope: `${cloud.hosts[api]}/.default`,
  });
  const answer = await ports.http.send(
    {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      repeatable: true,
    },
    signal,
  );
  const text = await answer.text(longestAnswer);
  const { status, headers } = answer;
  if (status !== 200) throw new ConnectorError(doing, classifyLoginError({ status, headers, text }, api, ports.clock.now()));
  const unexpected = (code: string, detail: string) => new ConnectorError(doing, { kind: 'unexpectedResponse', code, detail });
  const json = parseJson(text);
  if (json === undefined) throw unexpected('notJson', 'The login service answered with something that is not JSON.');
  const parsed = tokenBody.safeParse(json);
  if (!parsed.success) throw unexpected('noAccessToken', 'The login service answered without a usable token.');
  const { access_token: token, token_type: type, expires_in: expiresIn } = parsed.data;
  if (type.toLowerCase() !== 'bearer') throw unexpected('tokenType', 'The login service answered with another kind of token.');
  checkTenant(token, tenantId, doing);
  return { token, lifeMs: lifeMs(expiresIn) };
}

/** Throws `tenantMismatch` for a token of another tenant, and `unexpectedResponse` for one that does not say whose it is. */
export function checkTenant(token: string, tenantId: TenantId, doing: string): void {
  const tid = readClaims(token)?.tid;
  if (tid === undefined)
    throw new ConnectorError(doing, {
      kind: 'unexpectedResponse',
      code: 'tokenWithoutTenant',
      detail: 'The token does not say which tenant it is for.',
    });
  if (tid.toLowerCase() !== tenantId) throw new ConnectorError(doing, { kind: 'tenantMismatch', code: 'tid' });
}

function lifeMs(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'number' || typeof expiresIn === 'string' ? Number(expiresIn) : NaN;
  return seconds > 0 ? Math.min(seconds * 1_000, longestLifeMs) : unknownLifeMs;
}
