import { constants, verify } from 'node:crypto';
import { z } from 'zod';
import type { SimulatedApplication } from './application';
import { applicationRoute, type ApplicationOperation } from './applicationRoute';
import type { Call } from './call';
import { answerOwner } from './identity/ownedApplications';
import { jsonReply, type Reply } from './reply';
import type { Service } from './service';
import type { Claims } from './tokens';

class Refused extends Error {
  readonly reply: Reply;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.reply = jsonReply(status, { error: { code, message, innerError: { 'request-id': 'simulated' } } });
  }
}

/** Answers requests about the credentials of an application. https://learn.microsoft.com/graph/api/resources/application */
export function answerApplications(service: Service, call: Call): Reply {
  try {
    return answer(service, call);
  } catch (error) {
    if (error instanceof Refused) return error.reply;
    throw error;
  }
}

function answer(service: Service, call: Call): Reply {
  const claims = authorised(service, call);
  const [, appId, objectId, operation] = applicationRoute.exec(call.path) ?? [];
  const made = service.identity.applicationsOf(claims.tid);
  const own = made.applications.find((one) => one.appId === appId?.toLowerCase() || one.id === objectId);
  if (own !== undefined) return answerOwner(made, own, claims, { operation, body: call.body });
  const home = service.tenants.get(claims.tid);
  const named = home?.application.clientId === appId?.toLowerCase() || home?.application.objectId === objectId;
  const application = named && home?.tenant.registeredIn === undefined ? home?.application : undefined;
  const roles = claims.roles ?? [];
  const owns = roles.includes('Application.ReadWrite.OwnedBy') && application?.owners.has(claims.appid) === true;
  const writes = roles.includes('Application.ReadWrite.All') || owns;
  if (operation === undefined) {
    if (!writes && !roles.includes('Application.Read.All')) throw denied();
    return jsonReply(200, known(application).shown());
  }
  // Rolling its own keys needs no permission, but a proof.
  const rolls = application?.clientId === claims.appid && (operation === 'addKey' || operation === 'removeKey');
  if (!writes && !rolls) throw denied();
  return change(service, known(application), operation as Exclude<ApplicationOperation, 'application'>, call.body);
}

function known(application: SimulatedApplication | undefined): SimulatedApplication {
  if (application) return application;
  throw new Refused(
    404,
    'Request_ResourceNotFound',
    'Resource does not exist or one of its queried reference-property objects are not present.',
  );
}

function denied(): Refused {
  return new Refused(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
}

function authorised(service: Service, call: Call): Claims {
  const token = /^bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1];
  const claims = token === undefined ? undefined : service.tokens.check(token, service.nowMs());
  if (token === undefined) service.violate('tokenMissing', call, call.path);
  if (claims?.aud !== service.urls.graph)
    throw new Refused(401, 'InvalidAuthenticationToken', 'Access token validation failure.');
  return claims;
}

const passwordBody = z.object({ passwordCredential: z.object({ displayName: z.string(), endDateTime: z.iso.datetime() }) });
const removeBody = z.object({ keyId: z.string(), proof: z.string().optional() });
const keyBody = z.object({
  keyCredential: z.object({
    type: z.literal('AsymmetricX509Cert'),
    usage: z.literal('Verify'),
    key: z.string(),
    displayName: z.string().optional(),
  }),
  passwordCredential: z.null(),
  proof: z.string(),
});

function change(
  service: Service,
  application: SimulatedApplication,
  operation: Exclude<ApplicationOperation, 'application'>,
  body: string,
): Reply {
  switch (operation) {
    case 'addPassword': {
      const { displayName, endDateTime } = read(passwordBody, body).passwordCredential;
      const added = application.addPassword(displayName, Date.parse(endDateTime));
      if (added === 'lifetime')
        throw new Refused(
          400,
          'CredentialInvalidLifetimeAsPerAppPolicy',
          'Credential lifetime exceeds the max value allowed as per assigned policy.',
        );
      if (added === 'type')
        throw new Refused(400, 'CredentialTypeNotAllowedAsPerAppPolicy', 'Credential type not allowed as per assigned policy.');
      const { keyId, secretText, startMs } = added;
      const times = { startDateTime: new Date(startMs).toISOString(), endDateTime };
      return jsonReply(200, {
        keyId,
        displayName,
        ...times,
        hint: secretText.slice(0, 3),
        secretText,
        customKeyIdentifier: null,
      });
    }
    case 'removePassword': {
      const { keyId } = read(removeBody, body);
      if (!application.remove(keyId))
        throw new Refused(400, 'Request_BadRequest', `No password credential found with keyId '${keyId}'.`);
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    }
    case 'addKey': {
      const { keyCredential, proof } = read(keyBody, body);
      checkProof(service, application, proof);
      const { key, displayName = '' } = keyCredential;
      return jsonReply(200, {
        keyId: application.addKey(key, displayName),
        type: 'AsymmetricX509Cert',
        usage: 'Verify',
        displayName,
      });
    }
    case 'removeKey': {
      const { keyId, proof } = read(removeBody, body);
      checkProof(service, application, proof ?? '');
      if (!application.remove(keyId)) throw new Refused(404, 'Request_ResourceNotFound', 'No credential found to be deleted.');
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    }
  }
}

function read<Value>(schema: z.ZodType<Value>, body: string): Value {
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    throw new Refused(400, 'Request_BadRequest', 'Invalid value specified for property.');
  }
}

function checkProof(service: Service, application: SimulatedApplication, proof: string): void {
  const claims = openAssertion(application, proof, service.nowMs());
  const right = claims?.iss === application.objectId && claims.aud === '00000002-0000-0000-c000-000000000000';
  if (!right || claims.exp - claims.nbf > 600)
    throw new Refused(400, 'Authentication_MissingOrMalformed', 'Access Token missing or malformed.');
}

const assertionClaims = z.object({ aud: z.string(), iss: z.string(), sub: z.string(), nbf: z.number(), exp: z.number() });

/** The claims of an assertion that is signed by a certificate of the application and valid now. */
export function openAssertion(
  application: SimulatedApplication,
  assertion: string,
  nowMs: number,
): z.infer<typeof assertionClaims> | undefined {
  const [head = '', body = '', signature = ''] = assertion.split('.');
  try {
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
    const key = header['alg'] === 'PS256' ? application.keyOf(String(header['x5t#S256'])) : undefined;
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    if (!key || !verify('sha256', Buffer.from(`${head}.${body}`), { key, ...padding }, Buffer.from(signature, 'base64url')))
      return undefined;
    const claims = assertionClaims.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
    const seconds = nowMs / 1_000;
    return claims.nbf <= seconds + 300 && claims.exp >= seconds - 300 ? claims : undefined;
  } catch {
    return undefined;
  }
}
