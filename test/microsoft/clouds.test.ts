import { cloudIds } from '../../src/domain/cloud';
import { createClouds, microsoftClouds } from '../../src/microsoft/clouds';
import { discoverCloud } from '../../src/microsoft/discoverCloud';
import type { Reply } from './fakes';
import { contoso, failure, fakeHttp, madeUpCloud, noAbort } from './fakes';

const all = Object.values(microsoftClouds);
const unknown: Reply = { status: 400, body: { error: 'invalid_tenant', error_codes: [90002] } };

const described = (login: string, more: object, tenantId = contoso.id): Reply => ({
  body: { issuer: `${login}/${tenantId}/v2.0`, ...more },
});

/** Login authorities that know what the map says. */
const authorities = (known: Record<string, Reply>) => fakeHttp(({ url }) => known[new URL(url).host] ?? unknown);

describe('clouds', () => {
  it('names only bare https origins', () => {
    for (const { login, hosts } of all)
      for (const host of [login, ...Object.values(hosts)])
        expect(new URL(host)).toMatchObject({ origin: host, protocol: 'https:' });
  });

  it('knows every cloud, and the custom one when the settings name it', () => {
    const clouds = createClouds(madeUpCloud);

    expect(cloudIds.map((id) => clouds(id)?.id)).toEqual([...cloudIds]);
    expect(createClouds()('custom')).toBeUndefined();
  });

  it.each([
    'http://manage.example',
    'https://manage.example/',
    'https://manage.example/path',
    'manage.example',
    'https://a@manage.example',
  ])('does not take %s for a host', (management) => {
    expect(() => createClouds({ ...madeUpCloud, hosts: { ...madeUpCloud.hosts, management } })).toThrow(/management address/);
  });
});

describe('discoverCloud', () => {
  it.each([
    ['commercial', 'login.microsoftonline.com', { tenant_region_scope: 'EU', cloud_instance_name: 'microsoftonline.com' }],
    ['gcc', 'login.microsoftonline.com', { tenant_region_scope: 'NA', tenant_region_sub_scope: 'GCC' }],
    ['gccHigh', 'login.microsoftonline.us', { tenant_region_sub_scope: 'DODCON', cloud_instance_name: 'microsoftonline.us' }],
    ['gccHigh', 'login.microsoftonline.us', {}],
    ['dod', 'login.microsoftonline.us', { tenant_region_sub_scope: 'DOD' }],
    [
      'china',
      'login.partner.microsoftonline.cn',
      { tenant_region_scope: null, cloud_instance_name: 'partner.microsoftonline.cn' },
    ],
  ])('finds a tenant of %s', async (cloud, host, more) => {
    const http = authorities({ [host]: described(`https://${host}`, more) });

    const found = await discoverCloud(http, all, contoso.id.toUpperCase(), noAbort());

    expect(found).toMatchObject({ found: true, tenantId: contoso.id, cloud, login: `https://${host}`, others: [] });
    expect(http.requests.map(({ url }) => String(url))).toContain(
      `https://login.microsoftonline.com/${contoso.id}/v2.0/.well-known/openid-configuration`,
    );
  });

  it('believes the worldwide authority when it says that a tenant is in another cloud', async () => {
    const more = { tenant_region_scope: 'USGov', tenant_region_sub_scope: 'DODCON', cloud_instance_name: 'microsoftonline.us' };
    const http = authorities({ 'login.microsoftonline.com': described('https://login.microsoftonline.us', more) });

    expect(await discoverCloud(http, all, 'agency.example', noAbort())).toMatchObject({
      found: true,
      cloud: 'gccHigh',
      login: 'https://login.microsoftonline.us',
      regionScope: 'USGov',
      regionSubScope: 'DODCON',
    });
  });

  it('prefers what the own authority of a tenant says', async () => {
    const http = authorities({
      'login.microsoftonline.us': described('https://login.microsoftonline.us', { tenant_region_sub_scope: 'DOD' }),
      'login.microsoftonline.com': described('https://login.microsoftonline.us', { cloud_instance_name: 'microsoftonline.us' }),
    });

    for (const candidates of [all, [...all].reverse()])
      expect(await discoverCloud(http, candidates, contoso.id, noAbort())).toMatchObject({ cloud: 'dod', others: [] });
  });

  it('takes the custom cloud for what its own authority describes', async () => {
    const http = authorities({ 'login.example': described(madeUpCloud.login, { cloud_instance_name: 'microsoftonline.com' }) });

    expect(await discoverCloud(http, [madeUpCloud], contoso.id, noAbort())).toMatchObject({ found: true, cloud: 'custom' });
  });

  it('tells both tenants of a domain that two clouds know', async () => {
    const http = authorities({
      'login.microsoftonline.com': described('https://login.microsoftonline.com', {}),
      'login.microsoftonline.us': described('https://login.microsoftonline.us', {}, '99999999-9999-4999-8999-999999999999'),
    });

    expect(await discoverCloud(http, all, 'contoso.example', noAbort())).toMatchObject({
      tenantId: contoso.id,
      others: [{ tenantId: '99999999-9999-4999-8999-999999999999', cloud: 'gccHigh' }],
    });
  });

  it('finds nothing where no authority knows the name, and asks nobody about what is no name of a tenant', async () => {
    const http = authorities({});

    expect(await discoverCloud(http, all, contoso.id, noAbort())).toEqual({ found: false });
    const asked = http.requests.length;
    for (const name of ['common', 'organizations', 'consumers', '', '../x', 'a b.example', 'a.example/../b'])
      expect(await discoverCloud(http, all, name, noAbort())).toEqual({ found: false });
    expect(http.requests).toHaveLength(asked);
  });

  it('does not say that a tenant is unknown when an authority did not answer', async () => {
    const http = authorities({ 'login.microsoftonline.us': { status: 503 } });

    expect(await failure(discoverCloud(http, all, contoso.id, noAbort()))).toEqual({ kind: 'unavailable', code: 'HTTP 503' });
  });

  it('is content with one authority that knows the tenant', async () => {
    const http = authorities({
      'login.microsoftonline.us': { status: 503 },
      'login.microsoftonline.com': described('https://login.microsoftonline.com', {}),
    });

    expect(await discoverCloud(http, all, contoso.id, noAbort())).toMatchObject({ found: true, cloud: 'commercial' });
  });
});
