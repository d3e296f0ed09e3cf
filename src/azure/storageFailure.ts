import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';

/** What an error of an Azure SDK says about itself. The SDKs carry several copies of their error classes, so the shape is read, not the class. */
export interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly status?: number;
  readonly code?: string;
}

/** Reads the name, status and error code of whatever an Azure SDK threw; undefined when it is not an Error. */
export function sdkError(error: unknown): SdkError | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const own = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // Tables put the code into the JSON of the message, outside of transactions.
  const code = own ?? /"code":"(\w+)"/.exec(error.message)?.[1];
  return {
    name: error.name,
    message: error.message,
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
  };
}

// What @azure/identity throws when no token can be had.
const identityErrors = new Set([
  'CredentialUnavailableError',
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
]);

/** Translates an error of a storage or Key Vault SDK into a failure. An error that is none of theirs is a bug, and comes back as it is. */
export function storageError(doing: string, error: unknown, signal: AbortSignal): Error {
  if (error instanceof ConnectorError) return error;
  const failure = toFailure(error, signal);
  if (failure !== undefined) return new ConnectorError(doing, failure, error);
  return error instanceof Error ? error : new Error(`${doing}: ${String(error)}`);
}

function toFailure(error: unknown, signal: AbortSignal): Failure | undefined {
  const seen = sdkError(error);
  if (seen === undefined) return undefined;
  const { name, status, code } = seen;
  // The SDKs report their own timeouts as AbortError too.
  if (name === 'AbortError')
    return signal.aborted ? { kind: 'cancelled', code: 'aborted' } : { kind: 'storeUnavailable', code: 'timeout' };
  if (status !== undefined) {
    if (status === 404 || status === 409 || status === 412) return { kind: 'conflict', code: code ?? String(status) };
    // 401 and 403 too: a role that was just assigned takes minutes to work, and one that was removed may come back.
    if (status >= 500 || status === 401 || status === 403 || status === 408 || status === 429)
      return { kind: 'storeUnavailable', code: code ?? String(status) };
    if (status >= 400) return { kind: 'rejectedRequest', code: code ?? String(status), detail: seen.message.slice(0, 500) };
  }
  if (name === 'RestError' || identityErrors.has(name)) return { kind: 'storeUnavailable', code: code ?? name };
  // A system error such as ECONNRESET.
  return code !== undefined && /^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_')
    ? { kind: 'storeUnavailable', code }
    : undefined;
}
