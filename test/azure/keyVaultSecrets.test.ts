import { SecretClient } from '@azure/keyvault-secrets';
import { keyVaultSecrets } from '../../src/azure/keyVaultSecrets';
import { ConnectorError } from '../../src/domain/failure';
import type { Secrets } from '../../src/domain/ports';
import { startKeyVault } from '../local/keyVault/keyVault';
import type { KeyVault } from '../local/keyVault/keyVault';
import { failureKindOf } from './storageStand';

const { signal } = new AbortController();

describe('keyVaultSecrets', () => {
  let vault: KeyVault;
  let direct: SecretClient;
  let now: Date;
  let secrets: Secrets;
  let names = 0;
  let name: string;

  beforeAll(async () => {
    vault = await startKeyVault();
    const credential = { getToken: () => Promise.resolve({ token: 'test', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
    direct = new SecretClient(vault.url, credential, {
      allowInsecureConnection: true,
      disableChallengeResourceVerification: true,
    });
  });

  afterAll(() => vault.stop());

  beforeEach(() => {
    now = new Date('2026-11-22T12:00:00.000Z');
    secrets = keyVaultSecrets({ vaultUrl: vault.url }, { now: () => now });
    name = `tenant-${(names += 1)}`;
  });

  afterEach(() => vault.faults.unavailable(false));

  it('writes with tags, reads the newest value, and removes', async () => {
    expect(await secrets.read(name, signal)).toBeUndefined();
    await secrets.write(name, 'first', { tenantId: 't' }, signal);
    await secrets.write(name, 'second ü~', { tenantId: 't' }, signal);

    expect(await secrets.read(name, signal)).toBe('second ü~');
    expect((await direct.getSecret(name)).properties.tags).toEqual({ tenantId: 't' });
    await secrets.remove(name, signal);
    await secrets.remove('never-there', signal);

    expect(await secrets.read(name, signal)).toBeUndefined();
  });

  it('recovers a name that was deleted, and writes the new value', async () => {
    await secrets.write(name, 'first', {}, signal);
    await secrets.remove(name, signal);

    await secrets.write(name, 'second', { again: 'yes' }, signal);

    expect(await secrets.read(name, signal)).toBe('second');
  });

  it.each([
    ['empty', ''],
    ['blank', '  '],
    ['ends in a line break', 'secret\n'],
    ['has a line break', 'one\r\ntwo'],
  ])('refuses a value that is or has: %s', async (_, value) => {
    await secrets.write(name, 'good', {}, signal);
    await direct.setSecret(name, value);

    expect(await failureKindOf(secrets.read(name, signal))).toBe('credentialMissing');
    expect(await failureKindOf(secrets.write(name, value, {}, signal))).toBe('credentialMissing');
  });

  it('says which secret is disabled', async () => {
    const { properties } = await direct.setSecret(name, 'value');
    await direct.updateSecretProperties(name, properties.version ?? '', { enabled: false });

    const error: unknown = await secrets.read(name, signal).catch((thrown: unknown) => thrown);

    expect(error instanceof ConnectorError && error.failure).toEqual({
      kind: 'credentialMissing',
      code: 'secretDisabled',
      detail: `The current version of the secret ${name} is disabled.`,
    });
  });

  it('uses the last value for five minutes while the vault does not answer, and never for a secret it did not see', async () => {
    await direct.setSecret(name, 'value');
    await secrets.read(name, signal);
    vault.faults.unavailable(true);

    now = new Date('2026-11-22T12:05:00.000Z');
    expect(await secrets.read(name, signal)).toBe('value');
    expect(await failureKindOf(secrets.read('other', signal))).toBe('storeUnavailable');
    now = new Date('2026-11-22T12:05:00.001Z');
    expect(await failureKindOf(secrets.read(name, signal))).toBe('storeUnavailable');
  });

  it('does not use the last value when the vault says that there is none', async () => {
    await direct.setSecret(name, 'value');
    await secrets.read(name, signal);
    await direct.beginDeleteSecret(name);

    expect(await secrets.read(name, signal)).toBeUndefined();
    vault.faults.unavailable(true);
    expect(await failureKindOf(secrets.read(name, signal))).toBe('storeUnavailable');
  });

  it('tells throttling and missing rights apart', async () => {
    vault.faults.failNext(429, 3);
    expect(await failureKindOf(secrets.read(name, signal))).toBe('storeUnavailable');
    vault.faults.failNext(403);
    expect(await failureKindOf(secrets.read(name, signal))).toBe('credentialMissing');
    vault.faults.failNext(429, 1);
    await secrets.write(name, 'value', {}, signal);
    expect(await secrets.read(name, signal)).toBe('value');
  });

  it('takes no name that the vault could not have, and stops when the caller gives up', async () => {
    expect(await failureKindOf(secrets.read('../keys/x', signal))).toBe('rejectedRequest');
    expect(await failureKindOf(secrets.read(name, AbortSignal.abort()))).toBe('cancelled');
  });

  it('speaks without TLS to this machine only', () => {
    const clock = { now: () => now };

    expect(() => keyVaultSecrets({ vaultUrl: 'http://vault.example' }, clock)).toThrow('https');
    expect(() => keyVaultSecrets({ vaultUrl: 'https://vault.example' }, clock)).toThrow('credential');
    expect(() => keyVaultSecrets({ vaultUrl: 'http://127.0.0.1.example' }, clock)).toThrow('https');
  });
});
