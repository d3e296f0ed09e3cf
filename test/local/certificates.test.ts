import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificates } from './certificates';

const emptyFolder = () => mkdtempSync(join(tmpdir(), 'certificates-'));

describe('createCertificates', () => {
  it.each(['localhost', '127.0.0.1'])('makes a certificate that a client trusting the authority accepts for %s', async (host) => {
    const { ca, key, cert } = await createCertificates(emptyFolder());
    const server = createServer({ key, cert }, (_, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

    const status = await new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const call = request({ host, port, ca, agent: false, family: 4 }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      call.on('error', reject).end();
    }).finally(() => server.close());

    expect(status).toBe(200);
  });

  it('returns the same ones the second time', async () => {
    const folder = emptyFolder();

    const first = await createCertificates(folder);
    const second = await createCertificates(folder);

    expect(second.cert.trim()).toBe(first.cert.trim());
    expect(second.key.trim()).toBe(first.key.trim());
    expect(readFileSync(second.caFile, 'utf8')).toBe(first.ca);
  });

  it('replaces damaged files', async () => {
    const folder = emptyFolder();
    const first = await createCertificates(folder);
    writeFileSync(join(folder, 'server.pem'), 'half a fi');

    const second = await createCertificates(folder);

    expect(second.cert).not.toBe(first.cert);
    expect(second.ca).not.toBe(first.ca);
  });
});
