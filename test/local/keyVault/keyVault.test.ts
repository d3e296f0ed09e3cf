import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretClient } from '@azure/keyvault-secrets';
import { startKeyVault, type KeyVault } from './keyVault';

const credential = { getToken: () => Promise.resolve({ token: 'any', expiresOnTimestamp: Date.now() + 3_600_000 }) };
const fast = { intervalInMs: 5 };

function clientOf({ url }: KeyVault, maxRetries = 0): SecretClient {
  return new SecretClient(url, credential, {
    allowInsecureConnection: true,
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries, retryDelayInMs: 1 },
  });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('startKeyVault', () => {
  let vault: KeyVault;
  let client: SecretClient;
  beforeEach(async () => {
    vault = await startKeyVault();
    client = clientOf(vault);
  });
  afterEach(() => vault.stop());

  it('keeps value, content type, tags and times of a secret', async () => {
    const expiresOn = new Date('2031-02-03T04:05:06Z');
    const notBefore = new Date('2020-01-01T00:00:00Z');
    const set = await client.setSecret('client-secret', 'pässword', {
      contentType: 'text/plain',
      tags: { tenant: 't1' },
      expiresOn,
      notBefore,
    });

    const read = await client.getSecret('Client-Secret');

    expect(read).toMatchObject({ value: 'pässword', name: 'client-secret' });
    expect(read.properties).toMatchObject({
      contentType: 'text/plain',
      tags: { tenant: 't1' },
      expiresOn,
      notBefore,
      enabled: true,
    });
    expect(read.properties).toMatchObject({
      version: set.properties.version,
      vaultUrl: vault.url,
      recoveryLevel: 'Recoverable+Purgeable',
    });
  });

  it('keeps every version and reads the latest', async () => {
    const first = await client.setSecret('rotating', 'one');
    const second = await client.setSecret('rotating', 'two');

    const versions = await all(client.listPropertiesOfSecretVersions('rotating'));
    const old = await client.getSecret('rotating', { version: first.properties.version ?? '' });

    expect(versions.map(({ version }) => version)).toEqual([first.properties.version, second.properties.version]);
    expect((await client.getSecret('rotating')).value).toBe('two');
    expect(old.value).toBe('one');
  });

  it('refuses to read a disabled version and changes only what an update names', async () => {
    const { properties } = await client.setSecret('paused', 'x', { tags: { kept: 'yes' } });
    const version = properties.version ?? '';

    const updated = await client.updateSecretProperties('paused', version, { enabled: false });

    expect(updated).toMatchObject({ enabled: false, tags: { kept: 'yes' } });
    await expect(client.getSecret('paused')).rejects.toMatchObject({ statusCode: 403, code: 'Forbidden' });
    await client.updateSecretProperties('paused', version, { enabled: true });
    expect((await client.getSecret('paused')).value).toBe('x');
  });

  it('lists secrets without values over several pages', async () => {
    const names = Array.from({ length: 27 }, (_, index) => `secret-${String(index).padStart(2, '0')}`);
    for (const name of names) await client.setSecret(name, 'hidden');

    const listed = await all(client.listPropertiesOfSecrets());
    const pages = await all(client.listPropertiesOfSecrets().byPage({ maxPageSize: 10 }));

    expect(listed.map(({ name }) => name)).toEqual(names);
    expect(pages.map((page) => page.length)).toEqual([10, 10, 7]);
    expect(JSON.stringify(listed)).not.toContain('hidden');
  });

  it('deletes, recovers and purges', async () => {
    await client.setSecret('gone', 'x');

    const deleted = await (await client.beginDeleteSecret('gone', fast)).pollUntilDone();
    expect(deleted).toMatchObject({ name: 'gone', recoveryId: `${vault.url}/deletedsecrets/gone` });
    await expect(client.getSecret('gone')).rejects.toMatchObject({ statusCode: 404, code: 'SecretNotFound' });
    await expect(client.setSecret('gone', 'y')).rejects.toMatchObject({ statusCode: 409 });
    expect((await all(client.listDeletedSecrets())).map(({ name }) => name)).toEqual(['gone']);

    await (await client.beginRecoverDeletedSecret('gone', fast)).pollUntilDone();
    expect((await client.getSecret('gone')).value).toBe('x');

    await (await client.beginDeleteSecret('gone', fast)).pollUntilDone();
    await client.purgeDeletedSecret('gone');
    await client.setSecret('gone', 'new');
    expect((await client.getSecret('gone')).value).toBe('new');
  });

  it('challenges a request without token', async () => {
    const answer = await fetch(`${vault.url}/secrets/x?api-version=7.5`);

    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('resource="https://vault.azure.net"');
  });

  it.each([
    ['a bad name', '/secrets/under_score?api-version=7.5', 400],
    ['no api-version', '/secrets', 400],
    ['another collection', '/keys?api-version=7.5', 404],
  ])('refuses %s', async (_, path, status) => {
    const answer = await fetch(vault.url + path, { headers: { Authorization: 'Bearer x' } });

    expect(answer.status).toBe(status);
  });

  it('fails as often as it is told and then works again', async () => {
    await client.setSecret('needed', 'x');
    vault.faults.failNext(429, 2);

    await expect(client.getSecret('needed')).rejects.toMatchObject({ statusCode: 429 });
    expect((await clientOf(vault, 3).getSecret('needed')).value).toBe('x');
  });

  it('can be unreachable for a while', async () => {
    await client.setSecret('needed', 'x');

    vault.faults.unavailable(true);
    await expect(client.getSecret('needed')).rejects.toMatchObject({ code: 'ECONNRESET' });
    vault.faults.unavailable(false);

    expect((await client.getSecret('needed')).value).toBe('x');
  });
});

it('finds its secrets again after a restart, on whatever port', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'key-vault-'));
  const first = await startKeyVault({ folder });
  await clientOf(first).setSecret('lasting', 'x', { tags: { a: 'b' } });
  await first.stop();

  const second = await startKeyVault({ folder });
  const read = await clientOf(second).getSecret('lasting');
  await second.stop();

  expect(read).toMatchObject({ value: 'x', properties: { tags: { a: 'b' }, vaultUrl: second.url } });
  expect(statSync(join(folder, 'key-vault.json')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, 'key-vault.json'), 'utf8')).not.toContain('http');
});
