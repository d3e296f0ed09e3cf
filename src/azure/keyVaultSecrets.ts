import type { TokenCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Failure } from '../domain/failure';
import type { Clock, Secrets } from '../domain/ports';
import { isLoopback } from './storageAccess';
import { sdkError, storageError } from './storageFailure';
import { withinTime } from './withinTime';

/** Which vault, and with which identity; a vault on this machine (the local stack) needs none. */
export interface KeyVaultAccess {
  readonly vaultUrl: string;
  readonly credential?: TokenCredential;
}

const outageMs = 5 * 60_000;
const operationMs = 20_000;
const recoveryMs = 60_000;
const retryOptions = { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 4_000 };

/** Secrets in Azure Key Vault. The last value read is kept in memory for five minutes, and used only while the vault does not answer. */
export function keyVaultSecrets(access: KeyVaultAccess, clock: Pick<Clock, 'now'>): Secrets {
  const client = secretClient(access);
  const lastGood = new Map<string, { readonly value: string; readonly at: number }>();

  const set = async (name: string, value: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> => {
    await withinTime(signal, operationMs, (abortSignal) => client.setSecret(name, value, { tags: { ...tags }, abortSignal }));
    lastGood.set(name, { value, at: clock.now().getTime() });
  };

  return {
    read: async (name, signal) => {
      checkName(name);
      try {
        const secret = await withinTime(signal, operationMs, (abortSignal) => client.getSecret(name, { abortSignal }));
        const value = secret.value ?? '';
        lastGood.delete(name);
        checkValue(name, value);
        lastGood.set(name, { value, at: clock.now().getTime() });
        return value;
      } catch (error) {
        const seen = sdkError(error);
        if (seen?.status === 404) {
          lastGood.delete(name);
          return undefined;
        }
        const translated = translate('reading a secret', name, error, signal);
        const held = lastGood.get(name);
        if (
          failureOf(translated)?.kind === 'storeUnavailable' &&
          held !== undefined &&
          clock.now().getTime() - held.at <= outageMs
        )
          return held.value;
        throw translated;
      }
    },

    write: async (name, value, tags, signal) => {
      checkName(name);
      checkValue(name, value);
      lastGood.delete(name);
      try {
        try {
          await set(name, value, tags, signal);
        } catch (error) {
          // A secret of that name was deleted and can still be recovered: until then the name cannot be used.
          if (sdkError(error)?.status !== 409) throw error;
          await withinTime(signal, recoveryMs, async (abortSignal) => {
            const recovery = await client.beginRecoverDeletedSecret(name, { abortSignal, intervalInMs: 1_000 });
            await recovery.pollUntilDone();
          });
          await set(name, value, tags, signal);
        }
      } catch (error) {
        throw translate('writing a secret', name, error, signal);
      }
    },

    remove: async (name, signal) => {
      checkName(name);
      lastGood.delete(name);
      try {
        await withinTime(signal, operationMs, (abortSignal) => client.beginDeleteSecret(name, { abortSignal }));
      } catch (error) {
        if (sdkError(error)?.status !== 404) throw translate('removing a secret', name, error, signal);
      }
    },
  };
}

function secretClient({ vaultUrl, credential }: KeyVaultAccess): SecretClient {
  const loopback = isLoopback(vaultUrl);
  if (!loopback && !vaultUrl.startsWith('https://')) throw new Error('The vault URL must begin with https://.');
  if (!loopback && credential === undefined) throw new Error('A Key Vault needs a credential.');
  // Only a vault on this machine is spoken to without TLS, and it never gets a token that works elsewhere.
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

/** https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#objects-identifiers-and-versioning */
function checkName(name: string): void {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name))
    throw new ConnectorError('naming a secret', {
      kind: 'rejectedRequest',
      code: 'secretName',
      detail: 'Letters, digits and hyphens only.',
    });
}

/** An empty value, or one that was pasted or piped with a line break, is no credential. */
function checkValue(name: string, value: string): void {
  const detail =
    value.trim() === ''
      ? `The secret ${name} is empty.`
      : /[\r\n]/.test(value)
        ? `The secret ${name} contains a line break.`
        : undefined;
  if (detail !== undefined)
    throw new ConnectorError('checking a secret', { kind: 'credentialMissing', code: 'secretUnusable', detail });
}

function translate(doing: string, name: string, error: unknown, signal: AbortSignal): Error {
  const translated = storageError(doing, error, signal);
  const refusal = error instanceof ConnectorError ? undefined : refusalOf(name, error);
  return refusal === undefined ? translated : new ConnectorError(doing, refusal, error);
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
