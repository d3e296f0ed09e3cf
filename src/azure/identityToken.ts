import type { TokenCredential } from '@azure/identity';
import { ConnectorError } from '../domain/failure';
import { sdkError } from './storageFailure';
import { withinTime } from './withinTime';

const tokenMs = 30_000;

/** Tokens of the identity the connector runs as, for any resource. The SDK keeps them until shortly before they expire. Throws `credentialMissing` when the identity gets none. */
export function identityTokens(
  credential: TokenCredential,
): (resource: string, signal: AbortSignal) => Promise<{ readonly token: string; readonly expiresAt: Date }> {
  return async (resource, signal) => {
    const doing = 'getting a token of the managed identity';
    try {
      const token = await withinTime(signal, tokenMs, async (abortSignal) =>
        credential.getToken(`${resource}/.default`, { abortSignal }),
      );
      if (token === null) throw new ConnectorError(doing, missing('noToken'));
      return { token: token.token, expiresAt: new Date(token.expiresOnTimestamp) };
    } catch (error) {
      if (error instanceof ConnectorError) throw error;
      const seen = sdkError(error);
      if (seen === undefined) throw error;
      if (signal.aborted) throw new ConnectorError(doing, { kind: 'cancelled', code: 'aborted' }, error);
      if (seen.name === 'AbortError') throw new ConnectorError(doing, { kind: 'unavailable', code: 'identityTimeout' }, error);
      throw new ConnectorError(doing, missing(seen.name), error);
    }
  };
}

function missing(reason: string) {
  return { kind: 'credentialMissing', code: 'managedIdentity', detail: reason } as const;
}
