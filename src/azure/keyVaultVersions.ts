import type { SecretVersion, StoredKind } from '../domain/credential';
import type { SecretVersions } from '../domain/ports';
import { sdkError } from './storageFailure';
import { checkName, checkValue, recoverSecret, secretClient, vaultError, vaultOperationMs } from './vaultAccess';
import type { KeyVaultAccess } from './vaultAccess';
import { withinTime } from './withinTime';

// What Key Vault itself calls a certificate with its key in one text. https://learn.microsoft.com/azure/key-vault/certificates/about-certificates
const contentTypes: Readonly<Record<StoredKind, string>> = {
  certificate: 'application/x-pem-file',
  clientSecret: 'text/plain',
};

/** The versions of secrets in Azure Key Vault. Nothing is kept in memory here: a version never changes, so whoever reads one may keep it. */
export function keyVaultVersions(access: KeyVaultAccess): SecretVersions {
  const client = secretClient(access);
  const within = async <Result>(signal: AbortSignal, work: (abortSignal: AbortSignal) => Promise<Result>): Promise<Result> =>
    withinTime(signal, vaultOperationMs, work);

  return {
    read: async (name, version, signal) => {
      checkName(name);
      try {
        const secret = await within(signal, async (abortSignal) => client.getSecret(name, { version, abortSignal }));
        const value = secret.value ?? '';
        checkValue(name, value, secret.properties.contentType === contentTypes.certificate ? 'many' : 'one');
        return value;
      } catch (error) {
        if (sdkError(error)?.status === 404) return undefined;
        throw vaultError('reading a secret', name, error, signal);
      }
    },

    add: async (name, { kind, value, tags, expiresAt }, signal) => {
      checkName(name);
      checkValue(name, value, kind === 'certificate' ? 'many' : 'one');
      const set = async () =>
        within(signal, async (abortSignal) =>
          client.setSecret(name, value, {
            ...{ tags: { ...tags }, contentType: contentTypes[kind], abortSignal },
            ...(expiresAt === undefined ? {} : { expiresOn: expiresAt }),
          }),
        );
      try {
        const secret = await set().catch(async (error: unknown) => {
          if (sdkError(error)?.status !== 409) throw error;
          await recoverSecret(client, name, signal);
          return set();
        });
        return secret.properties.version ?? '';
      } catch (error) {
        throw vaultError('writing a secret', name, error, signal);
      }
    },

    list: async (name, signal) => {
      checkName(name);
      try {
        return await within(signal, async (abortSignal) => {
          const versions: SecretVersion[] = [];
          for await (const one of client.listPropertiesOfSecretVersions(name, { abortSignal }))
            versions.push({
              version: one.version ?? '',
              enabled: one.enabled ?? true,
              tags: one.tags ?? {},
              createdAt: one.createdOn,
              expiresAt: one.expiresOn,
            });
          return versions;
        });
      } catch (error) {
        if (sdkError(error)?.status === 404) return [];
        throw vaultError('listing the versions of a secret', name, error, signal);
      }
    },

    disable: async (name, version, signal) => {
      checkName(name);
      try {
        await within(signal, async (abortSignal) =>
          client.updateSecretProperties(name, version, { enabled: false, abortSignal }),
        );
      } catch (error) {
        if (sdkError(error)?.status !== 404) throw vaultError('disabling a secret', name, error, signal);
      }
    },
  };
}
