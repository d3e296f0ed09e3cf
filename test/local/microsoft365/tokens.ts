import { createHmac } from 'node:crypto';

/** What an access token says, as far as the simulation looks. */
export interface Claims {
  aud: string;
  iss: string;
  tid: string;
  appid: string;
  iat: number;
  nbf: number;
  exp: number;
  idtyp: 'app' | 'user';
  uti: string;
  ver: '1.0';
  roles?: readonly string[];
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Issues tokens of the usual shape and knows its own again, also after a restart with the same seed. */
export class Tokens {
  readonly #key: string;
  readonly #header = encode({ typ: 'JWT', alg: 'RS256', kid: 'simulated-key', x5t: 'simulated-key' });
  /** Checked tokens, so that a benchmark does not pay for the same signature at each request. */
  readonly #known = new Map<string, Claims>();
  readonly #revoked = new Map<string, number>();
  #issued = 0;

  constructor(seed: number) {
    this.#key = `simulated ${seed}`;
  }

  /** A token for one API of one tenant. */
  issue(
    subject: { aud: string; tid: string; appid: string; roles: readonly string[] },
    nowMs: number,
    lifeSeconds: number,
    delegated?: { scp: string; oid: string },
  ): string {
    const { roles, ...rest } = subject;
    const iat = Math.floor(nowMs / 1000);
    const claims: Claims = {
      ...rest,
      ...delegated,
      iss: `https://sts.windows.net/${subject.tid}/`,
      iat,
      nbf: iat,
      exp: iat + lifeSeconds,
      idtyp: delegated === undefined ? 'app' : 'user',
      // A token of an application without roles has no such claim at all.
      ...(roles.length > 0 ? { roles } : {}),
      uti: `simulated-${++this.#issued}`,
      ver: '1.0',
    };
    const content = `${this.#header}.${encode(claims)}`;
    return `${content}.${this.#sign(content)}`;
  }

  /** The claims of a token of ours that has not expired. */
  check(token: string, nowMs: number): Claims | undefined {
    const claims = this.#known.get(token) ?? this.#open(token);
    if (claims === undefined || nowMs >= claims.exp * 1000) return undefined;
    return claims.iat * 1000 > (this.#revoked.get(claims.tid) ?? 0) ? claims : undefined;
  }

  /** Refuses from now on whatever was issued for a tenant up to a moment, to the second. */
  revoke(tenantId: string, nowMs: number): void {
    this.#revoked.set(tenantId, nowMs);
  }

  #open(token: string): Claims | undefined {
    const end = token.lastIndexOf('.');
    const content = token.slice(0, Math.max(end, 0));
    if (end < 0 || this.#sign(content) !== token.slice(end + 1)) return undefined;
    const claims = JSON.parse(Buffer.from(content.split('.')[1] ?? '', 'base64url').toString()) as Claims;
    if (this.#known.size > 5000) this.#known.clear();
    this.#known.set(token, claims);
    return claims;
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#key).update(content).digest('base64url');
  }
}
