import { constants, createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { StoredKind } from '../domain/credential';
import { ConnectorError } from '../domain/failure';

/** A certificate with its private key, as read from PEM text. */
export interface CertificateWithKey {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** Reads a certificate and its RSA key from one PEM text, in either order. Throws `credentialMissing` when they are not there or do not belong together. */
export function readCertificate(pem: string): CertificateWithKey {
  const unusable = (detail: string, cause?: unknown): ConnectorError =>
    new ConnectorError('reading a certificate', { kind: 'credentialMissing', code: 'certificateUnusable', detail }, cause);
  const certificateText = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0];
  const keyText = /-----BEGIN (?:RSA )?PRIVATE KEY-----[^-]+-----END (?:RSA )?PRIVATE KEY-----/.exec(pem)?.[0];
  if (certificateText === undefined || keyText === undefined)
    throw unusable('It needs a certificate and its private key, without a passphrase, both as PEM text.');
  let read: CertificateWithKey;
  try {
    read = { certificate: new X509Certificate(certificateText), key: createPrivateKey(keyText) };
  } catch {
    // What Node says could quote the key.
    throw unusable('The certificate or its key cannot be read.');
  }
  if (read.key.asymmetricKeyType !== 'rsa') throw unusable('Its key is not an RSA key.');
  if (!read.certificate.checkPrivateKey(read.key)) throw unusable('The key does not belong to the certificate.');
  return read;
}

// https://learn.microsoft.com/graph/api/resources/passwordcredential#properties
const hintLength = 3;

/** What a credential says about itself: the first characters of a secret; the SHA-1 thumbprint of a certificate, by which the portals show it, and its dates. */
export function credentialFacts(
  kind: StoredKind,
  value: string,
): { readonly hint: string; readonly startsAt?: Date; readonly expiresAt?: Date } {
  if (kind === 'clientSecret') return { hint: value.slice(0, hintLength) };
  const { certificate } = readCertificate(value);
  const { fingerprint, validFromDate: startsAt, validToDate: expiresAt } = certificate;
  return { hint: fingerprint.replaceAll(':', ''), startsAt, expiresAt };
}

const lifeSeconds = 5 * 60;

/** Who an assertion is by and for. */
export interface Assertion {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/**
 * Signs an assertion by which an application proves that it has the key of its certificate. It is good for five minutes around now, so that a clock
 * that is a little wrong does not matter. https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 */
export function signAssertion(
  { certificate, key }: CertificateWithKey,
  { issuer, subject, audience }: Assertion,
  now: Date,
): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  const header = { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint };
  const claims = { aud: audience, iss: issuer, sub: subject, jti: randomUUID() };
  const times = { iat: seconds, nbf: seconds - lifeSeconds, exp: seconds + lifeSeconds };
  const content = `${encoded(header)}.${encoded({ ...claims, ...times })}`;
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return `${content}.${sign('sha256', Buffer.from(content), { key, ...padding }).toString('base64url')}`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
