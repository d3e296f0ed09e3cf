import { z } from 'zod';
import type { RegisteredCredential } from '../domain/credential';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { ApplicationOfRing, RegisteredApplications, SecretVersions } from '../domain/ports';
import type { TenantId } from '../domain/tenant';
import { classifyApplicationError } from './applicationErrors';
import { checkUrl, isRefused } from './checkUrl';
import { readCertificate, signAssertion } from './clientAssertion';
import { parseJson } from './parseJson';
import { signIn } from './applicationSignIn';
import type { SignInPorts } from './applicationSignIn';

interface Ports extends SignInPorts {
  readonly versions: Pick<SecretVersions, 'read'>;
  /** The tenant whose applications the connector's own managed identity is asked to care for. */
  readonly homeTenantId: TenantId;
}

const longestAnswer = 1024 * 1024;
const tokenHeldMs = 5 * 60_000;
// The audience of the proof is Azure AD Graph still. https://learn.microsoft.com/graph/application-rollkey-prooftoken
const proofAudience = '00000002-0000-0000-c000-000000000000';

const time = z.string().nullish();
const credential = z.looseObject({
  keyId: z.string(),
  displayName: z.string().nullish(),
  startDateTime: time,
  endDateTime: time,
});
const application = z.looseObject({
  id: z.string(),
  passwordCredentials: z.array(z.looseObject({ ...credential.shape, hint: z.string().nullish() })),
  keyCredentials: z.array(z.looseObject({ ...credential.shape, customKeyIdentifier: z.string().nullish() })),
});
const addedPassword = z.looseObject({ keyId: z.string(), secretText: z.string().min(1), endDateTime: z.string() });
const addedKey = z.looseObject({ keyId: z.string() });

/**
 * The credentials of applications, through Microsoft Graph. In the home tenant the connector's managed identity asks, so that renewing a secret never
 * depends on that secret; an application in a customer's tenant renews its own, which is why that is done at half of its life.
 * https://learn.microsoft.com/graph/api/resources/application
 */
export function applicationCredentials(ports: Ports): RegisteredApplications {
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();

  const tokenFor = async (of: ApplicationOfRing, signal: AbortSignal): Promise<string> => {
    const key = `${of.cloud}|${of.tenantId}|${of.clientId}|${of.current?.version ?? ''}`;
    const now = ports.clock.now().getTime();
    const known = tokens.get(key);
    if (known !== undefined && now < known.until) return known.token;
    const token = await freshToken(of, signal);
    tokens.set(key, { token, until: now + tokenHeldMs });
    return token;
  };

  const freshToken = async (of: ApplicationOfRing, signal: AbortSignal): Promise<string> => {
    const { cloud, tenantId, clientId, kind } = of;
    if (tenantId === ports.homeTenantId)
      return (await signIn(ports, { cloud, tenantId, clientId, api: 'graph' }, { kind: 'managedIdentity', value: '' }, signal))
        .token;
    const value = await inUse(ports, of, signal);
    return (await signIn(ports, { cloud, tenantId, clientId, api: 'graph' }, { kind, value }, signal)).token;
  };

  const call = async (of: ApplicationOfRing, request: GraphCall, signal: AbortSignal): Promise<unknown> => {
    const doing = `${request.doing} of an application`;
    const origin = ports.clouds(of.cloud)?.hosts.graph ?? '';
    const url = checkUrl(`${origin}/v1.0/applications(appId='${of.clientId}')${request.path}`, { origin });
    if (isRefused(url)) throw new ConnectorError(doing, url);
    const token = await tokenFor(of, signal);
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await ports.http.send({ method: request.method, url, headers, ...body, repeatable: false }, signal);
    const text = await answer.text(longestAnswer);
    if (answer.status >= 200 && answer.status < 300) return text === '' ? undefined : parseJson(text);
    if (answer.status === 401) tokens.clear();
    throw new ConnectorError(doing, classifyApplicationError({ ...answer, text }, ports.clock.now()));
  };

  const read = async (of: ApplicationOfRing, signal: AbortSignal): Promise<z.infer<typeof application>> => {
    const path = '?$select=id,appId,passwordCredentials,keyCredentials';
    return expected(application, await call(of, { doing: 'reading the credentials', method: 'GET', path }, signal));
  };

  const list = async (of: ApplicationOfRing, signal: AbortSignal): Promise<readonly RegisteredCredential[]> => {
    const { passwordCredentials, keyCredentials } = await read(of, signal);
    return [
      ...passwordCredentials.map((one) => registered('clientSecret', one, one.hint ?? '')),
      ...keyCredentials.map((one) => registered('certificate', one, thumbprint(one.customKeyIdentifier ?? ''))),
    ];
  };

  const proof = async (of: ApplicationOfRing, signal: AbortSignal): Promise<string> => {
    const [{ id }, pem] = [await read(of, signal), await inUse(ports, of, signal)];
    return signAssertion(readCertificate(pem), { issuer: id, subject: id, audience: proofAudience }, ports.clock.now());
  };

  return {
    list,

    addPassword: async (of, { displayName, expiresAt }, signal) => {
      const body = { passwordCredential: { displayName, endDateTime: expiresAt.toISOString() } };
      const doing = 'adding a secret';
      const answer = await call(of, { doing, method: 'POST', path: '/addPassword', body }, signal);
      const { keyId, secretText, endDateTime } = expected(addedPassword, answer);
      return { keyId, secret: secretText, expiresAt: timeOf(endDateTime) ?? expiresAt };
    },

    addCertificate: async (of, { displayName, pem }, signal) => {
      const key = readCertificate(pem).certificate.raw.toString('base64');
      const keyCredential = { type: 'AsymmetricX509Cert', usage: 'Verify', displayName, key };
      const body = { keyCredential, passwordCredential: null, proof: await proof(of, signal) };
      const doing = 'adding a certificate';
      return expected(addedKey, await call(of, { doing, method: 'POST', path: '/addKey', body }, signal));
    },

    remove: async (of, { kind, keyId }, signal) => {
      const secret = kind === 'clientSecret';
      const body = secret ? { keyId } : { keyId, proof: await proof(of, signal) };
      try {
        const path = secret ? '/removePassword' : '/removeKey';
        await call(of, { doing: 'removing a credential', method: 'POST', path, body }, signal);
      } catch (error) {
        // An id that is not there is refused in more than one way.
        if (!mayBeGone(failureOf(error)) || (await list(of, signal)).some((one) => one.keyId === keyId)) throw error;
      }
    },
  };
}

interface GraphCall {
  readonly doing: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
}

async function inUse({ versions }: Ports, of: ApplicationOfRing, signal: AbortSignal): Promise<string> {
  const value = of.current === undefined ? undefined : await versions.read(of.name, of.current.version, signal);
  if (value !== undefined) return value;
  const missing: Failure = { kind: 'credentialMissing', code: 'secretMissing', detail: of.name };
  throw new ConnectorError('reading the credential', missing);
}

function mayBeGone(failure: Failure | undefined): boolean {
  return failure?.kind === 'unexpectedResponse' || failure?.kind === 'rejectedRequest';
}

function expected<Value>(schema: z.ZodType<Value>, answer: unknown): Value {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ConnectorError('reading the answer about an application', {
    kind: 'unexpectedResponse',
    code: 'application',
    detail: 'Microsoft Graph answers in another form than it documents.',
  });
}

function registered(kind: RegisteredCredential['kind'], one: z.infer<typeof credential>, hint: string): RegisteredCredential {
  const { keyId, displayName, startDateTime, endDateTime } = one;
  return {
    ...{ kind, keyId, hint, displayName: displayName ?? '' },
    startsAt: timeOf(startDateTime),
    expiresAt: timeOf(endDateTime),
  };
}

function timeOf(text: string | null | undefined): Date | undefined {
  const at = new Date(text ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** Graph gives it in base64 of the bytes, or of the hexadecimal digits, or as the digits themselves. */
function thumbprint(text: string): string {
  if (/^[0-9A-F]{40}$/i.test(text)) return text.toUpperCase();
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 40 ? bytes.toString('latin1').toUpperCase() : bytes.toString('hex').toUpperCase();
}
