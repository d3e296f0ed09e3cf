import { contoso, fabrikam, startTestBed, type TestBed } from './client';
import type { SimulatedTenant } from './tenant';

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('login of the simulated Microsoft 365', () => {
  let bed: TestBed;
  beforeEach(async () => {
    bed = await startTestBed();
  });
  afterEach(() => bed.stop());

  it('describes a tenant by GUID and by domain', async () => {
    const { urls } = bed.microsoft;
    for (const name of [contoso.tenantId, 'contoso.onmicrosoft.com']) {
      const answer = await bed.client.send('GET', `${urls.login}/${name}/v2.0/.well-known/openid-configuration`);

      expect(answer.status).toBe(200);
      expect(answer.json()).toMatchObject({
        issuer: `${urls.login}/${contoso.tenantId}/v2.0`,
        token_endpoint: `${urls.login}/${contoso.tenantId}/oauth2/v2.0/token`,
        tenant_region_scope: 'EU',
        cloud_instance_name: 'microsoftonline.com',
      });
    }
  });

  it('answers AADSTS90002 for an unknown tenant', async () => {
    const answer = await bed.client.send(
      'GET',
      `${bed.microsoft.urls.login}/nobody.example/v2.0/.well-known/openid-configuration`,
    );

    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: 'invalid_tenant', error_codes: [90002] });
  });

  it('issues a token bound to tenant, application and API', async () => {
    const answer = await bed.client.askToken(contoso);
    const body = answer.json() as { access_token: string };

    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
    expect(claimsOf(body.access_token)).toMatchObject({
      aud: bed.microsoft.urls.management,
      tid: contoso.tenantId,
      appid: contoso.clientId,
      roles: expect.arrayContaining(['ActivityFeed.Read']) as unknown,
      exp: bed.clock.now().getTime() / 1000 + 3599,
    });
  });

  it.each<[string, Record<string, string>, number, string, number]>([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client', 7000215],
    ['no secret', { client_secret: '' }, 401, 'invalid_client', 7000218],
    ['an unknown application', { client_id: fabrikam.clientId }, 400, 'unauthorized_client', 700016],
    ['no scope', { scope: '' }, 400, 'invalid_request', 900144],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
    ['a scope without .default', { scope: 'User.Read' }, 400, 'invalid_scope', 70011],
    ['two scopes', { scope: 'https://a/.default https://b/.default' }, 400, 'invalid_scope', 70011],
    ['a resource unknown here', { scope: 'https://manage.example/.default' }, 400, 'invalid_resource', 500011],
  ])('refuses %s', async (_, changes, status, error, code) => {
    const answer = await bed.client.askToken(contoso, changes);

    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ error, error_codes: [code] });
    expect((answer.json() as { error_description: string }).error_description).toMatch(
      new RegExp(`^AADSTS${code}: .*Trace ID: `),
    );
  });

  it('says that the id of a secret is not its value', async () => {
    const answer = await bed.client.askToken(contoso, { client_secret: '7f0c1b0e-0000-4000-8000-123456789abc' });

    expect((answer.json() as { error_description: string }).error_description).toMatch(
      /not the client secret ID.*looks like a client secret ID/,
    );
  });

  it.each<[SimulatedTenant['mood'], SimulatedTenant['consentError'], number]>([
    ['noConsent', undefined, 700016],
    ['noConsent', 65001, 65001],
    ['secretExpired', undefined, 7000222],
    ['disabledService', undefined, 500014],
  ])('refuses a tenant of mood %s with %s as AADSTS%s', async (mood, consentError, code) => {
    const tenant = {
      ...fabrikam,
      mood,
      ...(consentError ? { consentError } : {}),
      tenantId: 'fab00fab-0000-4000-8000-000000000003',
    };
    bed.microsoft.addTenant(tenant);

    const answer = await bed.client.askToken(tenant);

    expect(answer.json()).toMatchObject({ error_codes: [code] });
  });

  it('accepts a new secret only after its delay, and the old one no longer', async () => {
    bed.microsoft.tenant(contoso.tenantId).setSecret('fake-secret-contoso~2', { acceptedAfterMs: 10_000 });

    expect((await bed.client.askToken(contoso)).json()).toMatchObject({ error_codes: [7000215] });
    expect((await bed.client.askToken(contoso, { client_secret: 'fake-secret-contoso~2' })).status).toBe(401);
    bed.clock.advance(10_000);
    expect((await bed.client.askToken(contoso, { client_secret: 'fake-secret-contoso~2' })).status).toBe(200);
  });

  it('follows consent and roles as they change', async () => {
    const control = bed.microsoft.tenant(contoso.tenantId);

    control.revokeConsent();
    expect((await bed.client.askToken(contoso)).json()).toMatchObject({ error_codes: [700016] });
    control.grantConsent();
    control.setRoles('management', []);
    expect(claimsOf(await bed.client.token(contoso))).not.toHaveProperty('roles');
  });

  it('counts a token sent to login as a broken rule', async () => {
    const url = `${bed.microsoft.urls.login}/${contoso.tenantId}/v2.0/.well-known/openid-configuration`;

    await bed.client.send('GET', url, { Authorization: 'Bearer x' });

    expect(bed.microsoft.violations.map(({ rule }) => rule)).toEqual(['tokenSentToLogin']);
  });
});
