import { generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';

const keyBits = 3_072;
// https://www.rfc-editor.org/rfc/rfc4055#section-5 (sha256WithRSAEncryption) and https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1 (commonName).
const sha256WithRsa = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
const commonName = Buffer.from('0603550403', 'hex');

/** A name of at most 64 characters, and the time it is good for. */
export interface CertificateFacts {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

/**
 * Makes an RSA key and a certificate that it signs itself, as one PEM text. Entra ID looks only at the public key and the dates, so there is nothing else
 * in it. https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export async function selfSignedCertificate({ name, from, to }: CertificateFacts): Promise<string> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: keyBits });
  const subject = sequence(element(0x31, sequence(commonName, element(0x0c, Buffer.from(name)))));
  // A positive number of at most 20 bytes.
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
  const content = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, serial),
    sha256WithRsa,
    subject,
    sequence(time(from), time(to)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', content, privateKey);
  const certificate = sequence(content, sha256WithRsa, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n${key}`;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** UTCTime up to 2049, then GeneralizedTime; whole seconds. https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5 */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  return at.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}
