import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { writeFileAtomically } from './writeFileAtomically';

const day = 24 * 60 * 60 * 1000;

/** What a local TLS server and its clients need; all PEM. `caFile` is meant for NODE_EXTRA_CA_CERTS, which Node reads only at its start. */
export interface Certificates {
  readonly caFile: string;
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

/**
 * Makes a certificate authority and a server certificate for localhost and 127.0.0.1 in a folder, or returns the ones there while they are valid
 * for more than a day. The authority's key is thrown away after its one signature, so nothing else can ever be signed with it.
 */
export async function createCertificates(folder: string): Promise<Certificates> {
  const caFile = join(folder, 'ca.pem');
  const serverFile = join(folder, 'server.pem');
  const existing = readExisting(caFile, serverFile);
  if (existing) return existing;
  const { ca, key, cert } = await issue();
  writeFileAtomically(serverFile, `${key}\n${cert}`);
  writeFileAtomically(caFile, ca);
  return { caFile, ca, key, cert };
}

async function issue(): Promise<{ ca: string; key: string; cert: string }> {
  const notBeforeDate = new Date(Date.now() - 60 * 60 * 1000);
  const common = { algorithm: 'sha256', notBeforeDate, notAfterDate: new Date(Date.now() + 90 * day) };
  // Each authority has a name of its own: a process that trusts several finds the right one by name.
  const name = `Local stack of the Microsoft 365 security connector ${randomUUID()}`;
  const authority = await generate([{ name: 'commonName', value: name }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { ca: authority.cert, key: server.private, cert: server.cert };
}

function readExisting(caFile: string, serverFile: string): Certificates | undefined {
  try {
    const ca = readFileSync(caFile, 'utf8');
    const server = readFileSync(serverFile, 'utf8');
    const start = server.indexOf('-----BEGIN CERTIFICATE-----');
    const found = { caFile, ca, key: server.slice(0, start).trim(), cert: server.slice(start) };
    const certificate = new X509Certificate(found.cert);
    const authority = new X509Certificate(ca);
    const usable = [certificate, authority].every((one) => Date.parse(one.validTo) > Date.now() + day);
    const matches = certificate.verify(authority.publicKey) && certificate.checkPrivateKey(createPrivateKey(found.key));
    return usable && matches ? found : undefined;
  } catch {
    // Missing or damaged files are replaced.
    return undefined;
  }
}
