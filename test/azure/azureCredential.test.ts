import { createServer } from 'node:http';
import { azureCredential } from '../../src/azure/azureCredential';

describe('azureCredential', () => {
  it('asks the managed identity endpoint of the host, for the identity that was chosen', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({ access_token: 'local token', expires_on: '4102444800', resource: 'r', token_type: 'Bearer' }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const before = { ...process.env };
    Object.assign(process.env, { IDENTITY_ENDPOINT: `http://127.0.0.1:${port ?? 0}/msi/token`, IDENTITY_HEADER: 'header' });

    try {
      const credential = azureCredential({ kind: 'managedIdentity', clientId: '33333333-3333-4333-8333-333333333333' });
      const tokens = await Promise.all([1, 2].map(() => credential.getToken('https://vault.azure.net/.default')));
      expect(tokens.map((token) => token?.token)).toEqual(['local token', 'local token']);
      expect(asked[0]).toContain('client_id=33333333-3333-4333-8333-333333333333');
      expect(asked[0]).toContain('resource=https%3A%2F%2Fvault.azure.net');
    } finally {
      process.env = before;
      server.close();
      server.closeAllConnections();
    }
  });
});
