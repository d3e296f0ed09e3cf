import { selfSignedCertificate } from '../../src/microsoft/selfSignedCertificate';
import { renewalPermission } from '../../src/app/permissions';
import { careFor, makeDue } from '../../src/app/rotate';
import { home, homeTenant } from '../local/provider';
import { roleId } from '../local/microsoft365/identity/applications';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const dayMs = 86_400_000;
let web: WebStack;
beforeAll(async () => {
  web = await startWebStack([...[1, 2, 3, 4, 5].map((digit) => prospect(digit)), homeTenant]);
});
afterAll(async () => web.stop());

const idOf = (seen: Seen): string => /\/onboarding\/([0-9a-f]{32})/.exec(seen.url)?.[1] ?? '';
const applicationsOf = (digit: number) => web.microsoft.identity.applicationsOf(prospect(digit).tenantId);
const ringOf = async (tenantId: string) => {
  const tenant = (await web.connector.tenantPorts.tenants.find(tenantId, signal))?.tenant;
  return web.connector.tenantPorts.rotation.rings.find(tenant?.secretName ?? '', signal);
};
const changesOf = async (tenantId: string) => web.connector.onboardPorts.changes.newest(tenantId, 20, signal);

async function provision(digit: number, fields: Readonly<Record<string, string>> = {}): Promise<Seen> {
  const visitor = web.visitor();
  const choose = await visitor.get(await web.invitation(`Customer ${digit}`));
  const picker = await visitor.submit(choose, { integration: 'office365Audit', way: 'provision', ...fields });
  const accept = await visitor.submit(picker, { account: `admin@customer${digit}.onmicrosoft.com` });
  return visitor.submit(accept, { accept: 'yes' });
}

/** Brings a rotation to its end as the timer would, hour by hour. */
async function rotateFor(tenantId: string, days: number): Promise<void> {
  const { rotation } = web.connector.tenantPorts;
  for (let hour = 0; hour < days * 24; hour += 1) {
    web.clock.jump(3_600_000);
    web.microsoft.settings.serverClockOffsetMs += 3_600_000;
    for (let turn = 0; turn < 6; turn += 1) {
      const ring = await ringOf(tenantId);
      if (ring === undefined || Date.parse(ring.dueAt) > web.clock.now().getTime()) break;
      await careFor(rotation, ring, signal);
      web.clock.jump(31_000);
    }
  }
  web.microsoft.settings.serverClockOffsetMs = 0;
}

describe('a certificate for an application of their own', () => {
  const from = new Date(Date.now() - dayMs);
  const to = new Date(Date.now() + 90 * dayMs);
  const { tenantId, clientId } = prospect(3);

  async function connect(certificate: string, secret = ''): Promise<Seen> {
    const visitor = web.visitor();
    const choose = await visitor.get(await web.invitation('Customer 3'));
    const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
    return visitor.submit(form, { tenant: tenantId, clientId, secret, certificate });
  }

  it('is proven, kept in the key vault alone, and signed in with', async () => {
    const pem = await selfSignedCertificate({ name: 'own', from, to });
    const [body] = /-----BEGIN CERTIFICATE-----[^-]+/.exec(pem) ?? [''];
    web.microsoft.tenant(tenantId).application.addKey(body.replace(/-----BEGIN CERTIFICATE-----|\s/g, ''), 'own');

    // As a form sends it.
    const page = await connect(pem.replaceAll('\n', '\r\n'));
    const row = await web.advance(idOf(page));

    expect([row?.stopped, row?.done.tenant]).toEqual([undefined, expect.any(String)]);
    const ring = await ringOf(tenantId);
    expect([ring?.kind, ring?.current?.expiresAt?.slice(0, 10)]).toEqual(['certificate', to.toISOString().slice(0, 10)]);
    expect(await web.connector.tenantPorts.rotation.versions.read(ring?.name ?? '', ring?.current?.version ?? '', signal)).toBe(
      pem,
    );
    expect(await web.connector.tenantPorts.secrets.read(`onboarding-${idOf(page)}`, signal)).toBeUndefined();
    expect(JSON.stringify(await web.onboardings())).not.toContain('PRIVATE KEY');
  });

  it.each<[string, () => Promise<readonly [string, string?]>, string]>([
    ['no certificate', async () => Promise.resolve(['not a certificate']), 'This certificate cannot be used.'],
    [
      'a certificate without its key',
      async () => [(await selfSignedCertificate({ name: 'x', from, to })).replace(/-----BEGIN PRIVATE[\s\S]+/, '')],
      'It needs a certificate and its private key',
    ],
    [
      'one that has expired',
      async () => [await selfSignedCertificate({ name: 'x', from, to: new Date(Date.now() - 3_600_000) })],
      'This certificate expired on',
    ],
    [
      'one of the future',
      async () => [
        await selfSignedCertificate({
          name: 'x',
          from: new Date(Date.now() + 200 * dayMs),
          to: new Date(Date.now() + 300 * dayMs),
        }),
      ],
      'This certificate is not valid before',
    ],
    [
      'a secret beside it',
      async () => [await selfSignedCertificate({ name: 'x', from, to }), 'fake-secret~1'],
      'You gave a secret and a certificate.',
    ],
  ])('refuses %s at once, and shows no key', async (_, make, words) => {
    const [certificate, secret] = await make();

    const page = await connect(certificate, secret);

    expect([page.status, textOf(page)]).toEqual([400, expect.stringContaining(words)]);
    expect(page.body).not.toContain('PRIVATE KEY-----\n');
  });
});

describe('the home tenant by managed identity', () => {
  const { tenantId, clientId } = home;

  it('is offered by the operator alone, for the tenant the connector lives in', async () => {
    const stranger = await web.visitor().get(await web.invitation('Customer 4', prospect(4).tenantId));
    const bound = await web.visitor().get(await web.invitation('Home', tenantId));

    expect([stranger.body.includes('value="managedIdentity"'), bound.body.includes('value="managedIdentity"')]).toEqual([
      false,
      true,
    ]);
    const visitor = web.visitor();
    const link = await web.invitation('Customer 4');
    const forced = await visitor.submit(await visitor.get(link), {
      ...{ integration: 'office365Audit', way: 'managedIdentity', assigned: 'yes' },
    });
    expect([forced.status, textOf(forced)]).toEqual([400, expect.stringContaining('Choose how to connect.')]);
  });

  it('shows the one command, says what is missing, and is connected once it was run, without any secret', async () => {
    const visitor = web.visitor();
    const operator = await visitor.get('/invite');
    const choose = await visitor.submit(operator, { own: 'yes' }, '/invite');
    const command = await visitor.submit(choose, { integration: 'office365Audit', way: 'managedIdentity' });

    expect(textOf(command)).toContain(`az ad sp show --id ${clientId}`);
    expect(textOf(command)).toContain('assign c5393580-f805-4401-95e8-94b7a6ef2fc2 ActivityFeed.Read');
    const progress = await visitor.submit(command);
    const stopped = await web.advance(idOf(progress));
    expect(stopped?.stopped).toMatchObject({
      failure: { kind: 'permissionMissing', permission: 'ActivityFeed.Read' },
    });
    const missing = await visitor.get(`/onboarding/${idOf(progress)}`);
    expect(textOf(missing)).toContain('ActivityFeed.Read');
    const directory = web.microsoft.identity.applicationsOf(tenantId);
    for (const role of ['ActivityFeed.Read'])
      directory.grant(
        directory.principalOf(clientId)?.id ?? '',
        directory.resourcePrincipal('management').id,
        roleId('management', role),
      );
    await visitor.submit(missing, {}, `/onboarding/${idOf(progress)}/retry`);
    const after = await web.advance(idOf(progress));

    expect(after?.done.tenant).toBeDefined();
    const tenant = (await web.connector.tenantPorts.tenants.find(tenantId, signal))?.tenant;
    expect(tenant).toMatchObject({ clientId, status: 'active', name: 'Contoso Security Operations' });
    const ring = await ringOf(tenantId);
    expect([ring?.kind, ring?.current]).toEqual(['managedIdentity', undefined]);
    expect(await web.connector.tenantPorts.secrets.read(tenant?.secretName ?? '', signal)).toBeUndefined();
    expect((await changesOf(tenantId)).map(({ what, who }) => [what, who])).toEqual([
      ['onboarded', 'link from local'],
      ['invited', 'local'],
      ['invited', 'test'],
    ]);
  });
});

describe('the application that was made', () => {
  const { tenantId } = prospect(1);

  it('loses integrations and that right when it is run again without them, and keeps its id and key', async () => {
    const made = applicationsOf(2);
    await web.advance(idOf(await provision(2, { integration: 'entraId', renewal: 'yes' })));
    const [application] = made.applications;
    const [key] = application?.passwords ?? [];
    const before = made.rolesOf(application?.appId ?? '', 'graph') ?? [];

    const after = await web.advance(idOf(await provision(2, { integration: 'office365Audit' })));

    expect(after?.done.tenant).toBeDefined();
    expect(before).toEqual(expect.arrayContaining([renewalPermission.role, 'AuditLog.Read.All']));
    expect(made.rolesOf(application?.appId ?? '', 'graph')).toEqual([]);
    expect(made.rolesOf(application?.appId ?? '', 'management')).toContain('ActivityFeed.Read');
    expect(made.applications.map(({ appId, passwords }) => [appId, passwords])).toEqual([[application?.appId, [key]]]);
    const tenant = (await web.connector.tenantPorts.tenants.find(prospect(2).tenantId, signal))?.tenant;
    expect(tenant?.integrations.map(({ id }) => id)).toEqual(['office365Audit']);
    expect((await changesOf(prospect(2).tenantId)).map(({ what }) => what)).toEqual(['changed', 'onboarded']);
  });

  // Moves the clock by months: the last of all.
  it('may renew its own key when that was ticked, and does: another key, the same application', async () => {
    const page = await web.visitor().get(await web.invitation('Customer 1'));
    expect(textOf(page)).toContain('It may renew its own key Application.ReadWrite.OwnedBy');
    await web.advance(idOf(await provision(1, { renewal: 'yes' })));
    const made = applicationsOf(1);
    const [application] = made.applications;
    const [firstKey] = application?.passwords ?? [];

    expect(made.rolesOf(application?.appId ?? '', 'graph')).toEqual([renewalPermission.role]);
    const ring = await ringOf(tenantId);
    await makeDue(web.connector.tenantPorts.rotation, ring?.name ?? '', signal);
    web.clock.jump(91 * dayMs);
    await rotateFor(tenantId, 2);

    const after = await ringOf(tenantId);
    expect({ unseen: after?.unseen, failing: after?.failing, rotation: after?.rotation?.step }).toEqual({});
    expect(made.applications).toEqual([application]);
    expect(application?.passwords).toHaveLength(1);
    expect(application?.passwords[0]?.keyId).not.toBe(firstKey?.keyId);
    expect(after?.current?.keyId).toBe(application?.passwords[0]?.keyId);
  });
});
