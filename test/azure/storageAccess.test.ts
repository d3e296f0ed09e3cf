import { isLoopback, storagePrefix, tableClient } from '../../src/azure/storageAccess';

describe('isLoopback', () => {
  it.each(['http://localhost:1', 'http://127.0.0.1', 'https://127.9.9.9:443/x', 'http://[::1]:5'])('is true for %s', (url) => {
    expect(isLoopback(url)).toBe(true);
  });

  it.each(['http://localhost.example', 'http://127.0.0.1.example', 'http://0.0.0.0', 'https://x@example.com', 'http://10.0.0.1'])(
    'is false for %s',
    (url) => {
      expect(isLoopback(url)).toBe(false);
    },
  );
});

describe('storagePrefix', () => {
  it('takes only what can be in the name of a table, a queue and a container', () => {
    expect(storagePrefix({})).toBe('m365');
    expect(storagePrefix({ storagePrefix: 'soc2' })).toBe('soc2');
    for (const bad of ['', 'a', '2soc', 'So', 'a-b', 'a_b', 'x'.repeat(21)])
      expect(() => storagePrefix({ storagePrefix: bad })).toThrow('prefix');
  });
});

describe('tableClient', () => {
  it('speaks without TLS to this machine only', async () => {
    const connection = (endpoint: string) =>
      `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=${endpoint}`;
    const failing = tableClient({ kind: 'connectionString', value: connection('http://store.invalid/a') }, 'rows').getEntity(
      'p',
      'r',
    );
    await expect(failing).rejects.toThrow('allowInsecureConnection');

    const local = tableClient({ kind: 'connectionString', value: connection('http://127.0.0.1:9/a') }, 'rows').getEntity(
      'p',
      'r',
    );
    await expect(local).rejects.toThrow('ECONNREFUSED');
  });
});
