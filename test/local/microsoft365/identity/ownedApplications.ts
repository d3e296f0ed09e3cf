import { jsonReply, type Reply } from '../reply';
import type { Claims } from '../tokens';
import type { Application, TenantApplications } from './applications';

const refused = (status: number, code: string, message: string): Reply =>
  jsonReply(status, { error: { code, message, innerError: {} } });

/**
 * What an application may do to one that was made in its tenant: with `Application.ReadWrite.OwnedBy`, and as its owner, read it and add and remove its
 * secrets. https://learn.microsoft.com/graph/permissions-reference#applicationreadwriteownedby
 */
export function answerOwner(
  applications: TenantApplications,
  application: Application,
  claims: Claims,
  { operation, body }: { readonly operation: string | undefined; readonly body: string },
): Reply {
  const principal = applications.principalOf(claims.appid);
  const owns = principal !== undefined && application.owners.includes(principal.id);
  if (!owns || claims.roles?.includes('Application.ReadWrite.OwnedBy') !== true)
    return refused(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  const { id, appId, passwords } = application;
  const given = (body === '' ? {} : JSON.parse(body)) as {
    readonly keyId?: string;
    readonly passwordCredential?: { readonly displayName?: string; readonly endDateTime?: string };
  };
  if (operation === undefined) {
    const passwordCredentials = passwords.map(({ keyId, displayName, endDateTime, secretText }) => ({
      ...{ keyId, displayName, startDateTime: null, endDateTime, hint: secretText.slice(0, 3), secretText: null },
    }));
    return jsonReply(200, { id, appId, passwordCredentials, keyCredentials: [] });
  }
  if (operation === 'addPassword') {
    const { displayName = '', endDateTime = '' } = given.passwordCredential ?? {};
    const { keyId, secretText } = applications.addPassword(application, displayName, endDateTime);
    return jsonReply(200, { keyId, displayName, endDateTime, secretText, hint: secretText.slice(0, 3) });
  }
  if (operation !== 'removePassword') return refused(400, 'Request_BadRequest', 'Not simulated.');
  application.passwords = passwords.filter(({ keyId }) => keyId !== given.keyId);
  return application.passwords.length < passwords.length
    ? { status: 204, headers: {}, body: Buffer.alloc(0) }
    : refused(400, 'Request_BadRequest', 'No password credential found with keyId.');
}
