import type { TokenCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';
import { isLoopback } from './storageAccess';
import { sdkError, storageError } from './storageFailure';
import { withinTime } from './withinTime';

/** Which vault, and with which identity; a vault on this machine (the local stack) needs none. */
export interface KeyVaultAccess {
  readonly vaultUrl: string;
  readonly credential?: TokenCredential;
}

/** How long one operation on the vault may take, with the SDK's own retries. */
export const vaultOperationMs = 20_000;

const recoveryMs = 60_000;
const retryOptions = { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 4_000 };

/** A client of the vault. Only a vault on this machine is spoken to without TLS, and it never gets a token that works elsewhere. */
export function secretClient({ vaultUrl, credential }: KeyVaultAccess): SecretClient {
  const loopback = isLoopback(vaultUrl);
  if (!loopback && !vaultUrl.startsWith('https://')) throw new Error('The vault URL must begin with https://.');
  if (!loopback && credential === undefined) throw new Error('A Key Vault needs a credential.');
  return loopback
    ? new SecretClient(vaultUrl, localCredential, {
        retryOptions,
        allowInsecureConnection: true,
        disableChallengeResourceVerification: true,
      })
    : new SecretClient(vaultUrl, credential ?? localCredential, { retryOptions });
}

const localCredential: TokenCredential = {
  getToken: () => Promise.resolve({ token: 'local', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
};

/** Throws when a name cannot be one of a secret. https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#objects-identifiers-and-versioning */
export function checkName(name: string): void {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name))
    throw new ConnectorError('naming a secret', {
      kind: 'rejectedRequest',
      code: 'secretName',
      detail: 'Letters, digits and hyphens only.',
    });
}

/** Throws `credentialMissing` for what is no credential: an empty value, or a client secret that was pasted or piped with a line break. */
export function checkValue(name: string, value: string, lines: 'one' | 'many' = 'one'): void {
  const detail =
    value.trim() === ''
      ? `The secret ${name} is empty.`
      : lines === 'one' && /[\r\n]/.test(value)
        ? `The secret ${name} contains a line break.`
        : undefined;
  if (detail !== undefined)
    throw new ConnectorError('checking a secret', { kind: 'credentialMissing', code: 'secretUnusable', detail });
}

/** Translates an error of the vault's SDK; a refusal is told as what is wrong with the secret. */
export function vaultError(doing: string, name: string, error: unknown, signal: AbortSignal): Error {
  const translated = storageError(doing, error, signal);
  const refusal = error instanceof ConnectorError ? undefined : refusalOf(name, error);
  return refusal === undefined ? translated : new ConnectorError(doing, refusal, error);
}

/** Takes the deletion of a secret back: until then its name cannot be used. */
export async function recoverSecret(client: SecretClient, name: string, signal: AbortSignal): Promise<void> {
  await withinTime(signal, recoveryMs, async (abortSignal) => {
    const recovery = await client.beginRecoverDeletedSecret(name, { abortSignal, intervalInMs: 1_000 });
    await recovery.pollUntilDone();
  });
}

function refusalOf(name: string, error: unknown): Failure | undefined {
  const seen = sdkError(error);
  if (seen?.status === 403) {
    const disabled = /disabled/i.test(seen.message);
    return {
      kind: 'credentialMissing',
      code: disabled ? 'secretDisabled' : (seen.code ?? '403'),
      detail: disabled
        ? `The current version of the secret ${name} is disabled.`
        : `The connector's identity may not use the secret ${name}.`,
    };
  }
  return seen?.status === 409 ? { kind: 'storeUnavailable', code: seen.code ?? '409' } : undefined;
}
