import { keyVaultSecrets } from '../../src/azure/keyVaultSecrets';
import { keyVaultVersions } from '../../src/azure/keyVaultVersions';
import type { SecretVersions } from '../../src/domain/ports';
import { startKeyVault } from '../local/keyVault/keyVault';
import type { KeyVault } from '../local/keyVault/keyVault';
import { failureKindOf } from './storageStand';

const { signal } = new AbortController();

describe('keyVaultVersions', () => {
  let vault: KeyVault;
  let versions: SecretVersions;
  let names = 0;
  let name: string;

  beforeAll(async () => {
    vault = await startKeyVault();
  });

  afterAll(() => vault.stop());

  beforeEach(() => {
    versions = keyVaultVersions({ vaultUrl: vault.url });
    name = `ring-${(names += 1)}`;
  });

  afterEach(() => vault.faults.unavailable(false));

  const secret = (value: string) => ({ kind: 'clientSecret' as const, value, tags: { rotation: 'r' } });

  it('adds versions with tags and an end, which is what Key Vault warns by, and reads each', async () => {
    const expiresAt = new Date('2027-05-21T12:00:00Z');
    const first = await versions.add(name, { ...secret('one'), expiresAt }, signal);
    const second = await versions.add(name, secret('two'), signal);

    expect([await versions.read(name, first, signal), await versions.read(name, second, signal)]).toEqual(['one', 'two']);
    const listed = await versions.list(name, signal);
    expect(listed.map(({ version }) => version).toSorted()).toEqual([first, second].toSorted());
    expect(listed.find(({ version }) => version === first)).toMatchObject({ enabled: true, expiresAt, tags: { rotation: 'r' } });
    expect(JSON.stringify(listed)).not.toMatch(/one|two/);
    expect(await versions.read(name, 'f'.repeat(32), signal)).toBeUndefined();
    expect(await versions.list('never-there', signal)).toEqual([]);
  });

  it('B55: refuses a disabled version, an empty value and one with a line break, but not a certificate', async () => {
    const version = await versions.add(name, secret('one'), signal);
    await versions.disable(name, version, signal);
    await versions.disable(name, 'f'.repeat(32), signal);
    const pem = await versions.add(name, { kind: 'certificate', value: 'line\nline', tags: {} }, signal);

    expect(await failureKindOf(versions.read(name, version, signal))).toBe('credentialMissing');
    expect(await failureKindOf(versions.add(name, secret(''), signal))).toBe('credentialMissing');
    expect(await failureKindOf(versions.add(name, secret('a\nb'), signal))).toBe('credentialMissing');
    expect(await versions.read(name, pem, signal)).toBe('line\nline');
    expect((await versions.list(name, signal)).find((one) => one.version === version)).toMatchObject({ enabled: false });
  });

  it('F68: recovers a name that was deleted, with its versions', async () => {
    const first = await versions.add(name, secret('one'), signal);
    await keyVaultSecrets({ vaultUrl: vault.url }, { now: () => new Date() }).remove(name, signal);
    expect(await versions.list(name, signal)).toEqual([]);

    await versions.add(name, secret('two'), signal);

    expect(await versions.read(name, first, signal)).toBe('one');
  });

  it('F68: says that a vault does not answer, or asks to slow down, is no missing secret', async () => {
    const version = await versions.add(name, secret('one'), signal);
    vault.faults.failNext(429, 3);
    expect(await failureKindOf(versions.read(name, version, signal))).toBe('storeUnavailable');
    vault.faults.unavailable(true);
    expect(await failureKindOf(versions.list(name, signal))).toBe('storeUnavailable');
  });
});
