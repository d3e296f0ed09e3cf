import { failureOf } from '../domain/failure';
import type { Clock, Secrets } from '../domain/ports';
import { sdkError } from './storageFailure';
import { checkName, checkValue, recoverSecret, secretClient, vaultError, vaultOperationMs } from './vaultAccess';
import type { KeyVaultAccess } from './vaultAccess';
import { withinTime } from './withinTime';

const outageMs = 5 * 60_000;

/** Secrets in Azure Key Vault. The last value read is kept in memory for five minutes, and used only while the vault does not answer. */
export function keyVaultSecrets(access: KeyVaultAccess, clock: Pick<Clock, 'now'>): Secrets {
  const client = secretClient(access);
  const lastGood = new Map<string, { readonly value: string; readonly at: number }>();

  const set = async (name: string, value: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> => {
    await withinTime(signal, vaultOperationMs, (abortSignal) =>
      client.setSecret(name, value, { tags: { ...tags }, abortSignal }),
    );
    lastGood.set(name, { value, at: clock.now().getTime() });
  };

  return {
    read: async (name, signal) => {
      checkName(name);
      try {
        const secret = await withinTime(signal, vaultOperationMs, (abortSignal) => client.getSecret(name, { abortSignal }));
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
        const translated = vaultError('reading a secret', name, error, signal);
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
          await recoverSecret(client, name, signal);
          await set(name, value, tags, signal);
        }
      } catch (error) {
        throw vaultError('writing a secret', name, error, signal);
      }
    },

    remove: async (name, signal) => {
      checkName(name);
      lastGood.delete(name);
      try {
        await withinTime(signal, vaultOperationMs, (abortSignal) => client.beginDeleteSecret(name, { abortSignal }));
      } catch (error) {
        if (sdkError(error)?.status !== 404) throw vaultError('removing a secret', name, error, signal);
      }
    },
  };
}
