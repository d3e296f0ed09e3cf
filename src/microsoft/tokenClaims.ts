import { z } from 'zod';
import { parseJson } from './parseJson';

const claims = z.looseObject({
  tid: z.string().optional(),
  aud: z.string().optional(),
  roles: z.array(z.string()).optional(),
  appid: z.string().optional(),
});

/** What a token says about itself: whose tenant, for which API, with which permissions. */
export interface TokenClaims {
  readonly tid?: string;
  readonly aud?: string;
  readonly appid?: string;
  /** The application permissions that were granted; empty when there are none. */
  readonly roles: readonly string[];
}

/**
 * Reads a token without verifying it: it came straight from the login authority, and only the API may trust it.
 * Undefined when it is not a JWT. https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
export function readClaims(token: string): TokenClaims | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  const parsed = claims.safeParse(parseJson(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')));
  if (!parsed.success) return undefined;
  const { tid, aud, appid, roles } = parsed.data;
  return {
    roles: roles ?? [],
    ...(tid === undefined ? {} : { tid }),
    ...(aud === undefined ? {} : { aud }),
    ...(appid === undefined ? {} : { appid }),
  };
}
