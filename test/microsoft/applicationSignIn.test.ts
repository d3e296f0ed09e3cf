import { createPublicKey, X509Certificate, verify, constants } from 'node:crypto';
import type { CredentialRing } from '../../src/domain/credential';
import { readCertificate, signAssertion } from '../../src/microsoft/clientAssertion';
import { createClouds } from '../../src/microsoft/clouds';
import { createCredentials } from '../../src/microsoft/login';
import { selfSignedCertificate } from '../../src/microsoft/selfSignedCertificate';
import { contoso, failure, fakeHttp, fakeSecrets, ManualClock, noAbort, token } from './fakes';

const now = new Date('2026-11-22T10:00:00Z');
let pem: string;

beforeAll(async () => {
  pem = await selfSignedCertificate({ name: 'm365c-test', from: now, to: new Date('2051-02-03T04:05:06Z') });
});

function setUp(kind: CredentialRing['kind'], value = '') {
  const clock = new ManualClock(now.toISOString());
  const http = fakeHttp(() => ({ body: { token_type: 'Bearer', expires_in: 3599, access_token: token({ tid: contoso.id }) } }));
  const asked: string[] = [];
  const ring: CredentialRing = {
    ...{ name: contoso.secretName, kind, cloud: 'commercial', clientId: contoso.clientId, tenantId: contoso.id },
    ...{ dueAt: now.toISOString(), facts: [], etag: '1', current: { version: 'v1', ours: true } },
  };
  const credentials = createCredentials({
    ...{ http, clock, clouds: createClouds(), secrets: fakeSecrets({}) },
    rings: { find: () => Promise.resolve(ring) },
    versions: { read: () => Promise.resolve(value) },
    identityToken: (resource) => {
      asked.push(resource);
      return Promise.resolve({ token: token({ tid: contoso.id }, 'identity'), expiresAt: new Date(now.getTime() + 3_600_000) });
    },
  });
  const form = () => Object.fromEntries(new URLSearchParams(http.requests[0]?.body));
  return { credentials, http, asked, form };
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('a certificate', () => {
  it('that the connector makes is one that others can read: name, dates, key and signature', () => {
    const certificate = new X509Certificate(pem);

    expect(certificate.subject).toBe('CN=m365c-test');
    expect(certificate.validFromDate).toEqual(now);
    expect(certificate.validToDate).toEqual(new Date('2051-02-03T04:05:06Z'));
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 3_072 });
  });

  it('signs in with an assertion for the token endpoint, by its SHA-256 thumbprint, valid for minutes', async () => {
    const { credentials, form } = setUp('certificate', pem);

    await credentials.token(contoso, 'graph', noAbort());

    const { client_assertion: assertion = '', ...rest } = form();
    expect(rest).toEqual({
      ...{ client_id: contoso.clientId, client_assertion_type: assertionType, grant_type: 'client_credentials' },
      scope: 'https://graph.microsoft.com/.default',
    });
    const [head = '', body = '', signature = ''] = assertion.split('.');
    const certificate = new X509Certificate(pem);
    const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint });
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { nbf: number; exp: number; jti: string };
    expect(claims).toMatchObject({
      aud: `https://login.microsoftonline.com/${contoso.id}/oauth2/v2.0/token`,
      ...{ iss: contoso.clientId, sub: contoso.clientId },
    });
    expect([claims.nbf * 1_000, claims.exp * 1_000]).toEqual([now.getTime() - 300_000, now.getTime() + 300_000]);
    const key = createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    expect(verify('sha256', Buffer.from(`${head}.${body}`), { key, ...padding }, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('signs each assertion anew', () => {
    const read = readCertificate(pem);
    const to = { issuer: 'a', subject: 'a', audience: 'b' };

    expect(signAssertion(read, to, now)).not.toBe(signAssertion(read, to, now));
  });

  it.each([
    ['no certificate', (text: string) => text.slice(text.indexOf('-----BEGIN PRIVATE'))],
    ['no key', (text: string) => text.slice(0, text.indexOf('-----BEGIN PRIVATE'))],
    ['a damaged key', (text: string) => text.replace(/PRIVATE KEY-----\nMII/, 'PRIVATE KEY-----\nAAA')],
    ['nothing readable', () => 'not a certificate'],
  ])('with %s is refused before anything is sent, without a word of it', async (_what, change) => {
    const { credentials, http } = setUp('certificate', change(pem));

    const refused = await failure(credentials.token(contoso, 'graph', noAbort()));

    expect(refused).toMatchObject({ kind: 'credentialMissing', code: 'certificateUnusable' });
    expect(JSON.stringify(refused)).not.toContain('BEGIN');
    expect(http.requests).toEqual([]);
  });
});

describe('a managed identity', () => {
  it.each([
    ['commercial', 'api://AzureADTokenExchange'],
    ['gcc', 'api://AzureADTokenExchange'],
    ['gccHigh', 'api://AzureADTokenExchangeUSGov'],
    ['dod', 'api://AzureADTokenExchangeUSGov'],
    ['china', 'api://AzureADTokenExchangeChina'],
  ] as const)('as a federated credential in %s proves the application with its token for %s', async (cloud, audience) => {
    const { credentials, asked, form } = setUp('federatedIdentity');

    await credentials.token({ ...contoso, cloud }, 'management', noAbort());

    expect(asked).toEqual([audience]);
    expect(form()).toMatchObject({
      client_assertion_type: assertionType,
      client_assertion: token({ tid: contoso.id }, 'identity'),
    });
    expect(form()).not.toHaveProperty('client_secret');
  });

  it('of the home tenant needs no login of an application at all', async () => {
    const { credentials, asked, http } = setUp('managedIdentity');

    const got = await credentials.token(contoso, 'management', noAbort());

    expect([got, asked, http.requests]).toEqual([token({ tid: contoso.id }, 'identity'), ['https://manage.office.com'], []]);
  });

  it('of another tenant is not used', async () => {
    const { credentials } = setUp('managedIdentity');
    const other = { ...contoso, id: '44444444-4444-4444-8444-444444444444' };

    expect(await failure(credentials.token(other, 'management', noAbort()))).toEqual({ kind: 'tenantMismatch', code: 'tid' });
  });
});
