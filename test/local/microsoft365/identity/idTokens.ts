import { createHash, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs ID tokens as the login service does, with a key that is published. */
export class IdTokens {
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly kid = createHash('sha256').update(randomUUID()).digest('base64url').slice(0, 27);

  /** The published keys. */
  jwks(): object {
    return { keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), use: 'sig', kid: this.kid, x5t: this.kid }] };
  }

  /** Signs whatever claims; a test changes the header, too. */
  sign(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): string {
    const content = `${encode({ typ: 'JWT', alg: 'RS256', kid: this.kid, ...header })}.${encode(claims)}`;
    return `${content}.${createSign('RSA-SHA256').update(content).sign(this.#keys.privateKey).toString('base64url')}`;
  }

  /** The public key as PEM, for the attack that takes it for the secret of HS256. */
  publicPem(): string {
    return this.#keys.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  }
}
