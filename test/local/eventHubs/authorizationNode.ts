import { createHmac } from 'node:crypto';
import type { NodeReply, NodeRequest } from './requestNode';

/** The key name that the emulator's connection string carries. */
export const sharedAccessKeyName = 'RootManageSharedAccessKey';
/** The key that Microsoft's emulator and this one accept. */
export const sharedAccessKey = 'SAS_KEY_VALUE';

/** Answers a request to `$cbs`: any JWT is accepted, a shared access signature is checked. */
export function authorize({ properties, body }: NodeRequest, refused: boolean): NodeReply {
  if (properties['operation'] !== 'put-token') return { status: 400, description: 'Only put-token is known here.' };
  if (refused) return unauthorized('InvalidSignature: The emulator was told to refuse authorization.');
  const accepted = properties['type'] === 'jwt' || (typeof body === 'string' && signatureHolds(body));
  return accepted
    ? { status: 202, description: 'Accepted' }
    : unauthorized('InvalidSignature: The token has an invalid signature.');
}

function unauthorized(description: string): NodeReply {
  return { status: 401, description, condition: 'amqp:unauthorized-access' };
}

// https://learn.microsoft.com/azure/event-hubs/authenticate-shared-access-signature
function signatureHolds(token: string): boolean {
  const fields = new Map(
    token
      .replace(/^SharedAccessSignature /, '')
      .split('&')
      .map((pair): [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const expires = fields.get('se') ?? '';
  const expected = createHmac('sha256', sharedAccessKey)
    .update(`${fields.get('sr') ?? ''}\n${expires}`)
    .digest('base64');
  return decodeURIComponent(fields.get('sig') ?? '') === expected && Number(expires) * 1000 > Date.now();
}
