import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload } from 'jose';
import { z } from 'zod';
import type { Cloud } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import type { Clock } from '../domain/ports';
import { parseGuid } from '../domain/tenant';
import type { TenantId } from '../domain/tenant';
import type { Http } from './http';
import { parseJson } from './parseJson';
import { readClaims } from './tokenClaims';

const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) });
const keysLifeMs = 24 * 60 * 60_000;
const keysAgainMs = 5 * 60_000;
const skewSeconds = 5 * 60;
const longestToken = 16_384;

/** What a token has to be for. Without a tenant the one that the token itself names counts, and its issuer has to match it. */
interface TokenRules {
  readonly cloud: Cloud;
  readonly audience: string;
  readonly tenantId: TenantId | undefined;
}

/** Verifies signed tokens of the login service, with its published keys. */
export interface TokenVerifier {
  /** The claims of a token of version 2 that was signed by the login service, for this audience, by this tenant, and is valid now. Throws `proofRefused`, or the failure of fetching keys. */
  readonly verify: (token: string, rules: TokenRules, signal: AbortSignal) => Promise<JWTPayload & { readonly tid: TenantId }>;
}

interface HeldKeys {
  readonly keys: JSONWebKeySet;
  readonly at: number;
}

/**
 * A verifier that keeps the keys of each tenant for a day, and looks for new ones, at most every five minutes, when a token names a key it does not know.
 * Only RS256 counts; keys that a token brings along are never used. https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
 */
export function createTokenVerifier({ http, clock }: { readonly http: Http; readonly clock: Clock }): TokenVerifier {
  const held = new Map<string, HeldKeys>();

  const fetchKeys = async (url: string, signal: AbortSignal): Promise<HeldKeys> => {
    const answer = await http.send({ method: 'GET', url }, signal);
    const text = await answer.text(512 * 1024);
    const parsed = keySet.safeParse(answer.status === 200 ? parseJson(text) : undefined);
    if (!parsed.success)
      throw new ConnectorError('fetching keys', {
        kind: 'unavailable',
        code: answer.status === 200 ? 'keys' : `HTTP ${answer.status}`,
      });
    const fresh: HeldKeys = { keys: parsed.data, at: clock.now().getTime() };
    held.set(url, fresh);
    return fresh;
  };

  const keysFor = async (url: string, kid: string | undefined, signal: AbortSignal): Promise<JSONWebKeySet> => {
    const known = held.get(url);
    const ageMs = known === undefined ? Infinity : clock.now().getTime() - known.at;
    if (known === undefined || ageMs >= keysLifeMs) return (await fetchKeys(url, signal)).keys;
    const knows = known.keys.keys.some((key) => key.kid === kid);
    return knows || ageMs < keysAgainMs ? known.keys : (await fetchKeys(url, signal)).keys;
  };

  return {
    verify: async (token, { cloud, audience, tenantId }, signal) => {
      if (token.length > longestToken) throw refused('tooLong');
      // Read before it is verified only to know whose keys to ask for; the issuer is then held against it.
      const tid = parseGuid(readClaims(token)?.tid ?? '');
      if (tid === undefined) throw refused('tid');
      if (tenantId !== undefined && tid !== tenantId) throw refused('tid');
      const kid = headerOf(token)?.kid;
      const keys = await keysFor(`${cloud.login}/${tid}/discovery/v2.0/keys`, kid, signal);
      try {
        const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
          algorithms: ['RS256'],
          audience,
          issuer: `${cloud.login}/${tid}/v2.0`,
          clockTolerance: skewSeconds,
          currentDate: clock.now(),
          requiredClaims: ['exp', 'iat', 'tid', 'aud', 'iss'],
        });
        if (payload['ver'] !== '2.0') throw refused('ver');
        if (payload.iat !== undefined && payload.iat * 1_000 > clock.now().getTime() + skewSeconds * 1_000) throw refused('iat');
        return { ...payload, tid };
      } catch (error) {
        if (error instanceof errors.JOSEError) throw refused(reasonOf(error), error);
        throw error;
      }
    },
  };
}

const header = z.looseObject({ kid: z.string().optional() });

function headerOf(token: string): { readonly kid?: string | undefined } | undefined {
  return header.safeParse(parseJson(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'))).data;
}

/** The claim that is wrong, where one is; otherwise what the library calls it. */
function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'exp';
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim;
  return error.code;
}

/** A token, or what came with it, that proves nothing; the code names the claim that is wrong. */
export function refused(code: string, cause?: unknown): ConnectorError {
  return new ConnectorError(
    'verifying a token',
    { kind: 'proofRefused', code: `token:${code}`, detail: 'The signed-in identity cannot be confirmed.' },
    cause,
  );
}
